/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sim.h"

/* The simulated `xl`: one handler per subcommand, bound by the table in xl.c. */

typedef struct {
  char **words; /* what follows the subcommand, options included */
  char **argv;  /* the same without options */
  int argc;
  guint8 options[128]; /* how often each option letter was given */
  const char *file;    /* of -f */
  gboolean dry_run;    /* xl -N */
} XlCall;

/** xl_domain: what xl takes as a domain: a number, whatever it names, or a name. Ends the program
 * for unknown names. */
int xl_domain (const char *word);

/** xl_libxl_error: one line as libxl prints it: "libxl: error: WHERE: Domain N:TEXT". */
void xl_libxl_error (const char *where, int domid, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* xl-list.c */
int xl_list (XlCall *call);
int xl_vcpu_list (XlCall *call);
int xl_uptime (XlCall *call);
int xl_info (XlCall *call);
int xl_domid (XlCall *call);
int xl_domname (XlCall *call);
int xl_qemu_monitor_command (XlCall *call);

/* xl-create.c */
enum { XL_STAY_PAUSED = 1, XL_NO_MONITOR = 2, XL_FOREGROUND = 4 };
int xl_create (XlCall *call);

/** xl_make_domain: makes and builds a domain. Returns: its domid, or -1 after printing why not. */
int xl_make_domain (json_t *config, int flags);

/** xl_destroy_domain: takes a domain away. Hold the lock. */
void xl_destroy_domain (SimDomain *domain);

/* xl-monitor.c */

/** xl_monitor: waits for the domain's end in a process of its own, or right here. */
void xl_monitor (int domid, int flags);

/* xl-save.c */
int xl_save (XlCall *call);
int xl_restore (XlCall *call);

/* xl-control.c */
int xl_pause (XlCall *call);
int xl_unpause (XlCall *call);
int xl_destroy (XlCall *call);
int xl_shutdown (XlCall *call);
int xl_reboot (XlCall *call);
int xl_trigger (XlCall *call);
int xl_button_press (XlCall *call);
int xl_sysrq (XlCall *call);
int xl_rename (XlCall *call);
int xl_mem_set (XlCall *call);
int xl_mem_max (XlCall *call);
int xl_vcpu_set (XlCall *call);
int xl_config_update (XlCall *call);

/** xl_wait_for_ack: waits until a guest has taken control/shutdown. Returns: whether it did in
 * time. */
gboolean xl_wait_for_ack (int domid);

/* xl-device.c */
int xl_network_attach (XlCall *call);
int xl_network_detach (XlCall *call);
int xl_network_list (XlCall *call);
int xl_block_attach (XlCall *call);
int xl_block_detach (XlCall *call);
int xl_block_list (XlCall *call);
int xl_cd_insert (XlCall *call);
int xl_cd_eject (XlCall *call);

/* xl-fault.c */

/** xl_fault_begin: does what is to go wrong in @subcommand; may not return. */
void xl_fault_begin (const char *subcommand);

/** xl_fault_point: where `slow`, `hang` and `signal` strike in a command that works in steps. */
void xl_fault_point (void);

/** xl_fault_end: spoils the output of the command. */
void xl_fault_end (void);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <xenstore.h>

/*
 * The simulated host: what `xl`, `xl-sim` and the simulated guests share.
 *
 * All state lives under the folder $SIMHOST_DIR:
 *   lock           serialises every look at or change of the records
 *   xl.lock        held while a domain is being created, like xl's own lock
 *   next-domid     the next number to give out
 *   domains/N      one record per domain; N.json is its libxl configuration
 *   hv/            what the stand-in for the hypervisor shows to xenstored
 *   guest/NAME     how the guest NAME behaves (`default` for all others)
 *   fault/SUB      what goes wrong in the subcommand SUB
 *   calls          every call of xl, one per line
 *   log/           the logs of the monitors that `xl create` leaves behind
 */

/* --- the folder (sim-dir.c) --- */

/** sim_path: Returns: (transfer full): a path below $SIMHOST_DIR; ends the program without it. */
char *sim_path (const char *format, ...) G_GNUC_PRINTF (1, 2);

/** sim_lock: waits for a lock file below the folder. Returns: a descriptor for sim_unlock(). */
int sim_lock (const char *name);
void sim_unlock (int lock);

/** sim_knob: Returns: a number from the environment, or @fallback. */
gint64 sim_knob (const char *variable, gint64 fallback);

/** sim_write_file: replaces a file in one step; ends the program on failure. */
void sim_write_file (const char *path, const char *text, gssize length);

/** sim_append: adds @line and a line end to a file below the folder. */
void sim_append (const char *name, const char *line);

/** sim_sleep_ms: sleeps through signals that do not kill. */
void sim_sleep_ms (gint64 ms);

/* --- domains (sim-domain.c) --- */

enum {
  SIM_RUNNING = -1,
  SIM_POWEROFF = 0,
  SIM_REBOOT = 1,
  SIM_SUSPEND = 2,
  SIM_CRASH = 3,
  SIM_WATCHDOG = 4
};

typedef struct {
  int domid;
  char *name; /* NULL while half built, or dying */
  char *uuid;
  char *type;       /* pv, pvh or hvm */
  gint64 memory_kb; /* what the guest has */
  gint64 max_kb;
  int vcpus; /* online ones, 0 while half built */
  int max_vcpus;
  int pauses; /* counted, as in the hypervisor */
  int reason; /* SIM_RUNNING, or the code of its shutdown */
  gboolean dying;
  gboolean s3;         /* an HVM guest that sleeps */
  gboolean pv_control; /* the guest has announced that it reads control/shutdown */
  int guest_pid;       /* the process that plays the guest, 0 for none */
  int qemu_pid;        /* the one that plays its QEMU, 0 for none */
  gint64 started_us;   /* wall clock, when it was built */
} SimDomain;

void sim_domain_free (SimDomain *domain);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SimDomain, sim_domain_free)

/** sim_domain_load: Returns: (nullable) (transfer full): the record, NULL without such a domain.
 * Hold the lock. */
SimDomain *sim_domain_load (int domid);

/** sim_domain_save: writes the record, and what the hypervisor says about the domain. Hold the
 * lock. */
void sim_domain_save (const SimDomain *domain);

/** sim_domain_forget: removes the record and tells xenstored of the death. Hold the lock. */
void sim_domain_forget (const SimDomain *domain);

/** sim_domain_list: Returns: (transfer full): all domains but dom0, by domid. Hold the lock. */
GPtrArray *sim_domain_list (void);

/** sim_domain_find: by name. Returns: the domid, or -1. Hold the lock. */
int sim_domain_find (const char *name);

/** sim_domain_next: gives out a domid, also for creations that will fail. Hold the lock. */
int sim_domain_next (void);

/** sim_domain_shut_down: ends the guest with a reason code and tells xenstored. Hold the lock. */
void sim_domain_shut_down (SimDomain *domain, int reason);

/** sim_domain_letters: the state column of `xl list`. */
void sim_domain_letters (const SimDomain *domain, char letters[7]);

/** sim_memory_free_kb: what is left of the host's memory. Hold the lock. */
gint64 sim_memory_free_kb (void);
gint64 sim_memory_total_kb (void);

/* --- the stand-in for the hypervisor (sim-hv.c) --- */

/** sim_hv_write: what it tells xenstored about a domain. */
void sim_hv_write (const SimDomain *domain);
void sim_hv_remove (int domid);

/** sim_hv_poke: its interrupt for a domain's shutdown or death. */
void sim_hv_poke (void);

/* --- guests (sim-guest.c) --- */

/** sim_guest_policy: Returns: (transfer full): the words of guest/NAME, else of guest/default. */
char **sim_guest_policy (const char *name);

/** sim_guest_policy_has: whether @word is one of them; @number is what follows it. */
gboolean sim_guest_policy_has (char **policy, const char *word, gint64 *number);

/** sim_guest_run: lets the guest's processors run: starts or continues its process. Hold the lock.
 */
void sim_guest_run (SimDomain *domain, const char *cmdline);

/** sim_guest_stop: takes its processors away. Hold the lock. */
void sim_guest_stop (const SimDomain *domain);

/** sim_guest_kill: ends its process. Hold the lock. */
void sim_guest_kill (SimDomain *domain);

/** sim_guest_sleep: S3 of an HVM guest begins or ends. Hold the lock. */
void sim_guest_sleep (SimDomain *domain, gboolean asleep);

/* --- device models (sim-qemu.c) --- */

/** sim_qemu_start: starts QEMU if @config gives it a QMP monitor of its own. Hold the lock. */
void sim_qemu_start (SimDomain *domain, json_t *config);

/** sim_qemu_end: ends it. Hold the lock. */
void sim_qemu_end (SimDomain *domain);

/** sim_qemu_tell: what happens in the guest: sleep, wake, hibernate, eject, cd-eject and cd-insert
 * (by xl), or `raw ` and a line to say as it is. */
void sim_qemu_tell (const SimDomain *domain, const char *line);

/* --- xenstore (sim-store.c) --- */

/** sim_store: Returns: this process's connection; ends the program when there is none. */
struct xs_handle *sim_store (void);

/** sim_store_reset: forgets the connection of the parent after a fork. */
void sim_store_reset (void);

/** sim_store_make: the nodes of a domain just made, before it is built. */
void sim_store_make (const SimDomain *domain);

/** sim_store_build: the rest of them, and the introduction to xenstored. */
void sim_store_build (const SimDomain *domain, json_t *config);

/** sim_store_remove: removes what both made. */
void sim_store_remove (const SimDomain *domain);

/** sim_store_write, sim_store_read: one node of a domain, by its name below /local/domain/N. */
void sim_store_write (int domid, const char *node, const char *value);
char *sim_store_read (int domid, const char *node);

/** sim_store_write_path, sim_store_rm_path: any node. */
void sim_store_write_path (const char *path, const char *value);
void sim_store_rm_path (const char *path);

/** sim_store_add_disk, sim_store_add_nic: frontend, backend and libxl nodes of one device. */
void sim_store_add_disk (const SimDomain *domain, json_t *disk);
void sim_store_add_nic (const SimDomain *domain, json_t *nic);
void sim_store_remove_device (int domid, const char *kind, int devid);

/* --- configurations (sim-config.c) --- */

/** sim_real_xl: replaces this program by the real xl under the stand-in. Never returns. */
G_NORETURN void sim_real_xl (char **argv);

/**
 * sim_config_parse: has the real xl read a configuration (`xl -N create`).
 * @arguments: the words after `create`
 *
 * Copies xl's stderr. Returns: (transfer full): the configuration, or NULL with xl's status in
 * @status.
 */
json_t *sim_config_parse (char **arguments, int *status);

/** sim_config_load, sim_config_save: the stored configuration of a domain; NULL while half built.
 * Hold the lock. */
json_t *sim_config_load (int domid);
void sim_config_save (int domid, json_t *config);

/** sim_config_complete: what libxl fills in when the domain is created. */
void sim_config_complete (json_t *config);

/** sim_config_text: as libxl prints it. Returns: (transfer full): the text without a final line
 * end. */
char *sim_config_text (json_t *value);

/** sim_config_set_after: puts a member behind another one. Steals @value. */
void sim_config_set_after (json_t *object, const char *after, const char *key, json_t *value);

const char *sim_config_string (json_t *config, const char *section, const char *key);
gint64 sim_config_number (json_t *config, const char *section, const char *key, gint64 fallback);

/** sim_disk_number: the device number of a name such as xvda or hdc, -1 for none. */
int sim_disk_number (const char *vdev);

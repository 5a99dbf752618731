/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xlwrap/xl-runner.h"

G_BEGIN_DECLS

/** XmCommand: programs that change the host, each run only where the key file has it: group
 * [commands]. */
typedef enum {
  XM_COMMAND_NONE,
  XM_COMMAND_SSH_ON, /* after enable-ssh has been set to true */
  XM_COMMAND_SSH_OFF,
  XM_COMMAND_ARGO_SSH_ON,
  XM_COMMAND_ARGO_SSH_OFF,
  XM_COMMAND_NETWORKING_ON,
  XM_COMMAND_NETWORKING_OFF,
  XM_COMMAND_PCM_CHANGED,   /* after playback-pcm or capture-pcm was set */
  XM_COMMAND_STATUS_REPORT, /* makes a status report and prints its path */
  XM_COMMAND_POWER_OFF,     /* the end of the host: see host-power.h */
  XM_COMMAND_POWER_OFF_FORCED,
  XM_COMMAND_HOST_REBOOT,
  XM_COMMAND_HOST_SUSPEND,
  XM_N_COMMANDS,
} XmCommand;

/**
 * XmSettings: where things are and what is bounded. Each comes from the
 * command line, else the key file, else the default. Bad values are errors
 * that name file, group and key.
 */
typedef struct {
  char *config; /* key file; NULL when there is none */
  char *bus;    /* "system", "session" or a D-Bus address */
  char *xl;
  char *state_dir;
  char *run_dir;
  char *templates; /* folder of the flavour, with the template files in it */
  char *stubdomain_kernel;
  char *stubdomain_ramdisk;
  char *qmp_helper;    /* carries QMP into stubdomains, if xl lets itself be told so */
  char *qmp_transport; /* which way: vchan, argo or v4v */
  char *host_root;     /* "" or a directory that stands for / where the host is looked at; see
                          xm_settings_host_path() */
  char *disks_dir;     /* where create_vhd puts images */
  char *diag_dir;      /* of diagnostic files and status reports */
  char *amixer;        /* program for the controls of sound cards */
  guint timeouts[XL_N_TIMEOUTS]; /* seconds */
  guint agent_timeout;           /* seconds in which a guest must do what its agent has taken on */
  guint state_hook_timeout;      /* seconds that a hook may delay vm_state_changed */
  guint idle_shutdown;           /* seconds that VMs have to end at shutdown_idle */
  guint host_down;               /* seconds that the host has to go down once it is told to */
  guint host_suspend;            /* the same to be suspended; 0: that program ends after waking */
  guint max_parallel;
  guint64 output_limit;      /* bytes per stream of one xl */
  guint refresh_interval;    /* seconds; 0: only on events */
  guint storage_interval;    /* seconds between looks at the space for disks; 0: none */
  guint storage_low_percent; /* free, at which it is told */
  guint keep_alive_delay_ms;
  guint keep_alive_run;      /* seconds: a run that is shorter is a failure */
  guint keep_alive_failures; /* in a row; 0: no limit */
  gboolean no_autostart;
  gboolean autostart_once; /* only at the first start after the host's boot */
  gboolean polkit;         /* calls are authorized: see access.h */
  gboolean debug;
  gboolean print_version;
  gboolean list_properties;
  gboolean list_host_config;
  GHashTable *bridges;            /* network path -> bridge */
  char **commands[XM_N_COMMANDS]; /* argv; NULL: not to be done */
} XmSettings;

/** xm_settings_new: reads the command line (removing what it knows) and the key file. */
XmSettings *xm_settings_new (int *argc, char ***argv, GError **error);
void xm_settings_free (XmSettings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XmSettings, xm_settings_free)

/**
 * xm_settings_reload: rereads limits, time-outs, bridges and commands from the key file. On an
 * error nothing changes. Paths and the bus stay.
 */
gboolean xm_settings_reload (XmSettings *settings, GError **error);

/** xm_settings_command_key: the key of @command in group [commands]. */
const char *xm_settings_command_key (XmCommand command);

/**
 * xm_settings_host_path: (transfer full): where @path of the host is: sysfs, procfs and the fixed
 * paths of the original such as /usr/lib/xui or /config/sec. @path starts with a slash.
 */
char *xm_settings_host_path (const XmSettings *settings, const char *path);

/** xm_settings_read_flavour: (transfer full): which of its flavours a host is: the word in
 * <root>/etc/xenclient.flavour, else "default". Reads the file. */
char *xm_settings_read_flavour (const char *root);

/**
 * xm_settings_bridge: (transfer full) (nullable): the bridge of a network such as /wired/0/bridged:
 * from group [networks] of the key file, else xenbr<n> for /wired/<n>/bridged, else NULL (xl's
 * default bridge).
 */
char *xm_settings_bridge (const XmSettings *settings, const char *network);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xlwrap/xl-list.h"
#include "xlwrap/xl-runner.h"
#include "xlwrap/xl-subcommand.h"

G_BEGIN_DECLS

/*
 * One asynchronous function per xl subcommand, with typed arguments. A domain
 * is always named by its domid: names can look like numbers. Domain 0 is
 * refused by xl itself where it matters.
 *
 * Functions without a finish function of their own end in xl_command_finish().
 * Because xl 4.17 ends with status 0 after some failures, text on stderr that
 * xl prints only for failures makes the command fail with XL_ERROR_REPORTED.
 *
 * Subcommands that answer a question have headers of their own: xl-list.h,
 * xl-list-long.h, xl-info.h, xl-help.h, xl-vcpu-list.h, xl-uptime.h.
 */

/* ---------------------------------------------------- creating and ending */

typedef enum {
  XL_CREATE_NONE = 0,
  XL_CREATE_PAUSED = 1 << 0,   /* -p: leave the domain paused */
  XL_CREATE_DETACHED = 1 << 1, /* -e: no monitor stays behind; the domain remains after its end */
} XlCreateFlags;

/**
 * xl_create_async: `xl create [-e] [-p] CFG`.
 * @config_path: the xl.cfg file, without `=` in its path: xl would take it for a setting
 * @envp: (nullable): added to xl's environment (crypto key directories)
 */
void xl_create_async (XlRunner *runner,
                      const char *config_path,
                      XlCreateFlags flags,
                      const char *const *envp,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data);

/**
 * xl_create_dry_run_async: `xl -N create CFG`; ends in xl_command_finish_output().
 *
 * xl reads the file and prints the domain's configuration as a JSON object, but
 * creates nothing.
 */
void xl_create_dry_run_async (XlRunner *runner,
                              const char *config_path,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);

/** xl_pause_async: `xl pause`. Pauses are counted: two need two unpauses. */
void xl_pause_async (XlRunner *runner,
                     guint domid,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data);

/** xl_unpause_async: `xl unpause`. A domain that is not paused is an error. */
void xl_unpause_async (XlRunner *runner,
                       guint domid,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data);

/** xl_destroy_async: `xl destroy`. */
void xl_destroy_async (XlRunner *runner,
                       guint domid,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data);

typedef enum {
  XL_SHUTDOWN_PV,            /* PV control; waits up to 60 s for the guest's acknowledgement */
  XL_SHUTDOWN_PV_OR_FORCE,   /* -c: OpenXT's; powers a guest without PV control off */
  XL_SHUTDOWN_ACPI_FALLBACK, /* -F: the ACPI power button when there is no PV driver (HVM) */
} XlShutdownMode;

/** xl_shutdown_async: `xl shutdown [-c|-F]`; does not wait for the domain's end. */
void xl_shutdown_async (XlRunner *runner,
                        guint domid,
                        XlShutdownMode mode,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data);

/** xl_reboot_async: `xl reboot [-F]`. 4.17's -F sends RESET, which x86 Xen refuses. */
void xl_reboot_async (XlRunner *runner,
                      guint domid,
                      XlShutdownMode mode,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data);

/**
 * xl_save_async: `xl save DOMID FILE [CFG]`; the domain is gone afterwards.
 * @config_path: (nullable): stored in @file in place of the configuration xl keeps of the domain
 */
void xl_save_async (XlRunner *runner,
                    guint domid,
                    const char *file,
                    const char *config_path,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer user_data);

/**
 * xl_restore_async: `xl restore [-e] [-p] [CFG] FILE`.
 * @config_path: (nullable): used in place of the configuration in @file
 */
void xl_restore_async (XlRunner *runner,
                       const char *config_path,
                       const char *file,
                       XlCreateFlags flags,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data);

/* ------------------------------------------------------- a running domain */

/** XlTrigger: the triggers of xl 4.17. Of PV and PVH guests Xen takes only NMI. */
typedef enum {
  XL_TRIGGER_NMI,
  XL_TRIGGER_RESET,    /* x86 Xen 4.17 has none: always fails */
  XL_TRIGGER_INIT,     /* likewise */
  XL_TRIGGER_POWER,    /* ACPI power button */
  XL_TRIGGER_SLEEP,    /* ACPI sleep button */
  XL_TRIGGER_S3RESUME, /* wakes an HVM guest from S3; in other states it fails */
} XlTrigger;

/** xl_trigger_async: `xl trigger DOMID NAME`. */
void xl_trigger_async (XlRunner *runner,
                       guint domid,
                       XlTrigger trigger,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data);

/** xl_sysrq_async: `xl sysrq DOMID LETTER`. */
void xl_sysrq_async (XlRunner *runner,
                     guint domid,
                     char letter,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data);

/** xl_rename_async: `xl rename DOMID NAME`. */
void xl_rename_async (XlRunner *runner,
                      guint domid,
                      const char *name,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data);

/** xl_mem_set_async: `xl mem-set DOMID MEMORYm`. @memory: the new target in MiB. */
void xl_mem_set_async (XlRunner *runner,
                       guint domid,
                       guint64 memory,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data);

/**
 * xl_qemu_monitor_command_async: `xl qemu-monitor-command DOMID COMMAND` (HVM);
 * ends in xl_command_finish_output().
 * @command: of QEMU's human monitor, such as `info status`
 */
void xl_qemu_monitor_command_async (XlRunner *runner,
                                    guint domid,
                                    const char *command,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);

/* ----------------------------------------------------------------- devices */

/** xl_cd_insert_async: `xl cd-insert DOMID VDEV PATH` (HVM). @vdev: such as `hdc`; the drive must
 * exist. */
void xl_cd_insert_async (XlRunner *runner,
                         guint domid,
                         const char *vdev,
                         const char *path,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);

/** xl_cd_eject_async: `xl cd-eject DOMID VDEV` (HVM). */
void xl_cd_eject_async (XlRunner *runner,
                        guint domid,
                        const char *vdev,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data);

/** xl_network_attach_async: `xl network-attach DOMID KEY=VALUE...`. @settings: (array
 * zero-terminated=1): `KEY=VALUE` words. */
void xl_network_attach_async (XlRunner *runner,
                              guint domid,
                              const char *const *settings,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);

/** xl_network_detach_async: `xl network-detach DOMID DEVID`. */
void xl_network_detach_async (XlRunner *runner,
                              guint domid,
                              guint devid,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);

/** xl_block_attach_async: `xl block-attach DOMID SPEC`. @spec: as xl_config_format_disk() makes it.
 */
void xl_block_attach_async (XlRunner *runner,
                            guint domid,
                            const char *spec,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);

/** xl_block_detach_async: `xl block-detach DOMID VDEV`. @vdev: such as `xvdb`. */
void xl_block_detach_async (XlRunner *runner,
                            guint domid,
                            const char *vdev,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);

/* ---------------------------------------------- subcommands OpenXT patches in */

/* Stock xl answers "command not implemented"; xl_help_has() tells which exist. */

/** xl_acpi_state_async: `xl acpi-state DOMID`. */
void xl_acpi_state_async (XlRunner *runner,
                          guint domid,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data);

/**
 * xl_acpi_state_finish:
 * @state: (out): the ACPI sleep state, such as 0 or 3; -1 for PV guests and domains that do not
 * exist
 */
gboolean xl_acpi_state_finish (XlRunner *runner, GAsyncResult *result, int *state, GError **error);

/** xl_uuid_to_domid_async: `xl uuid-to-domid UUID`. */
void xl_uuid_to_domid_async (XlRunner *runner,
                             const char *uuid,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);

/** xl_uuid_to_domid_finish: @domid: (out): -1 when no named domain has that uuid */
gboolean
xl_uuid_to_domid_finish (XlRunner *runner, GAsyncResult *result, int *domid, GError **error);

/** xl_hibernate_async: `xl hibernate DOMID`: asks the guest's PV driver for S4. */
void xl_hibernate_async (XlRunner *runner,
                         guint domid,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);

/** xl_sleep_async: `xl sleep DOMID`: asks the guest's PV driver for S3. */
void xl_sleep_async (XlRunner *runner,
                     guint domid,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data);

G_END_DECLS

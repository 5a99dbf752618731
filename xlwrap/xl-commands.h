/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xlwrap/xl-list.h"
#include "xlwrap/xl-runner.h"

G_BEGIN_DECLS

/*
 * One asynchronous function per xl subcommand, with typed arguments. A domain
 * is always named by its domid: names can look like numbers.
 *
 * Functions without a finish function of their own end in xl_command_finish().
 * Because xl 4.17 ends with status 0 after some failures, text on stderr that
 * xl prints only for failures makes the command fail with XL_ERROR_REPORTED.
 */

/** xl_command_finish: Returns: whether the command succeeded. */
gboolean xl_command_finish (XlRunner *runner, GAsyncResult *result, GError **error);

typedef enum {
  XL_CREATE_NONE = 0,
  XL_CREATE_PAUSED = 1 << 0, /* -p: leave the domain paused */
  XL_CREATE_DETACHED = 1 << 1, /* -e: no monitor stays behind; the domain remains after its end */
} XlCreateFlags;

/**
 * xl_create_async: `xl create [-e] [-p] CFG`.
 * @config_path: the xl.cfg file
 * @envp: (nullable): added to xl's environment (crypto key directories)
 */
void xl_create_async (XlRunner *runner,
                      const char *config_path,
                      XlCreateFlags flags,
                      const char *const *envp,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data);

/** xl_pause_async: `xl pause`. Pauses are counted: two need two unpauses. */
void xl_pause_async (XlRunner *runner, guint domid, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
/** xl_unpause_async: `xl unpause`. */
void xl_unpause_async (XlRunner *runner, guint domid, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
/** xl_destroy_async: `xl destroy`. */
void xl_destroy_async (XlRunner *runner, guint domid, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);

typedef enum {
  XL_SHUTDOWN_PV, /* PV control; waits up to 60 s for the guest's acknowledgement */
  XL_SHUTDOWN_ACPI_FALLBACK, /* -F: the ACPI power button when there is no PV driver (HVM) */
} XlShutdownMode;

/** xl_shutdown_async: `xl shutdown [-F]`; does not wait for the domain's end. */
void xl_shutdown_async (XlRunner *runner, guint domid, XlShutdownMode mode, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
/** xl_reboot_async: `xl reboot [-F]`. 4.17's -F sends RESET, which x86 Xen refuses. */
void xl_reboot_async (XlRunner *runner, guint domid, XlShutdownMode mode, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/**
 * xm_host_run_async:
 * @argv: (array zero-terminated=1): the program, found by its name, and its words
 *
 * Runs a helper program among the host's mounts. A unit has a mount namespace of its own, from
 * which no mount comes back to the host: where systemd runs, it starts the program, by
 * systemd-run(1), and ends it in time. It cannot be cancelled then, since the program would go on.
 * The time limit is that of %XL_TIMEOUT_BUILD: what was written to a disk may have to go there.
 */
void xm_host_run_async (XmService *service,
                        const char *const *argv,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data);

/** xm_host_run_finish: as xl_runner_run_finish(); errors carry @argv without systemd-run's words.
 */
XlOutput *xm_host_run_finish (XmService *service, GAsyncResult *result, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * xm_hook_program_async:
 * @path: the program; without a slash it is looked up in PATH
 * @arguments: (array zero-terminated=1)
 * @cancellable: (nullable): kills the program with its process group; the call ends at once
 *
 * Runs a hook's program: no shell, the service's own environment, as standard input an empty pipe
 * that stays open, what it prints in the log (standard output as messages, standard error as
 * warnings), and no time limit. Ends with the program, whoever else holds its pipes.
 */
void xm_hook_program_async (const char *path,
                            const char *const *arguments,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);

/** xm_hook_program_finish: Errors: G_IO_ERROR_CANCELLED, or `223:IO error: event-script: <path>
 * FAILED.` when the program cannot be run or ends with another status than 0. */
gboolean xm_hook_program_finish (GAsyncResult *result, GError **error);

G_END_DECLS

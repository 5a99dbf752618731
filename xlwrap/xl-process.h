/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "xlwrap/xl-error.h"

G_BEGIN_DECLS

/**
 * XlOutput: what a command that ended with status 0 printed; NUL-terminated
 * beyond their lengths. NULs within @err are replaced by blanks.
 */
typedef struct {
  char *out;
  gsize out_len;
  char *err;
  gsize err_len;
} XlOutput;

void xl_output_free (XlOutput *output);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XlOutput, xl_output_free)

/**
 * xl_process_run_async:
 * @argv: (array zero-terminated=1): the program, looked up in PATH, and its words
 * @envp: (nullable) (array zero-terminated=1): NAME=VALUE words added to the child's environment
 * @timeout: seconds until it is killed; 0 for no limit
 * @output_limit: bytes that each of its two streams may carry
 * @cancellable: (nullable): kills it
 *
 * Runs a program. It gets an empty stdin, LC_ALL=C, its own process group and
 * no file descriptor but the standard three. When it is killed (time-out,
 * cancellation, too much output) its whole process group is, and it is reaped
 * in any case.
 *
 * A caller that dies takes the other ends of the pipes with it. One that ignores SIGPIPE has it
 * ignored here too, so that what xl has begun, a save say, goes on all the same.
 */
void xl_process_run_async (const char *const *argv,
                           const char *const *envp,
                           guint timeout,
                           gsize output_limit,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);

/**
 * xl_process_run_finish:
 *
 * Returns: (transfer full): the output of a program that ended with status 0;
 * otherwise %NULL with an error in XL_ERROR (or G_IO_ERROR_CANCELLED) that
 * carries argv, exit status and what the program printed on stderr.
 */
XlOutput *xl_process_run_finish (GAsyncResult *result, GError **error);

G_END_DECLS

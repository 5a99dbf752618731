/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xlwrap/xl-process.h"

G_BEGIN_DECLS

/**
 * XlRunner:
 *
 * The one place where xl is started. It bounds how many run at once, how long
 * each may take and how much it may print; no shell is involved, and the
 * child's environment has LC_ALL=C. Commands beyond the bound wait in order;
 * waiting counts against no time-out. Where more than one may run, the classes
 * shutdown and build, in which xl can wait for minutes for its lock or for a
 * guest, never take the last place: queries, and what overtakes, find one.
 */
#define XL_TYPE_RUNNER (xl_runner_get_type ())
G_DECLARE_FINAL_TYPE (XlRunner, xl_runner, XL, RUNNER, GObject)

/**
 * XlTimeout: the classes of commands that share a time limit. Defaults in
 * seconds: query 10; quick (pause, unpause, destroy) 30; shutdown (shutdown,
 * reboot) 90; build (create, save, restore) 300.
 */
typedef enum {
  XL_TIMEOUT_QUERY,
  XL_TIMEOUT_QUICK,
  XL_TIMEOUT_SHUTDOWN,
  XL_TIMEOUT_BUILD,
  XL_N_TIMEOUTS,
} XlTimeout;

/**
 * xl_runner_new:
 * @program: (nullable): path of xl, or a bare name to be looked up in PATH; %NULL for a runner of
 * the helper programs that work beside xl, whose argv begins with the program
 *
 * Returns: (transfer full): a runner with the default bounds: 4 at once, 16 MiB
 * of output per stream, and the time limits of #XlTimeout.
 */
XlRunner *xl_runner_new (const char *program);

/** xl_runner_set_max_parallel: at most @n commands at once, at least 1. */
void xl_runner_set_max_parallel (XlRunner *self, guint n);

/** xl_runner_set_output_limit: bytes that one stream of a command may carry. */
void xl_runner_set_output_limit (XlRunner *self, gsize bytes);

/** xl_runner_set_timeout: seconds for a class of commands; 0 is no limit. */
void xl_runner_set_timeout (XlRunner *self, XlTimeout timeout, guint seconds);

/** xl_runner_get_timeout: seconds of a class of commands. */
guint xl_runner_get_timeout (XlRunner *self, XlTimeout timeout);

/** xl_runner_get_spawned: how many processes this runner has started since it was made. */
guint64 xl_runner_get_spawned (XlRunner *self);

/**
 * xl_runner_run_async:
 * @argv: (array zero-terminated=1): the words after the program's name, or all of them when the
 * runner has no program
 * @timeout: which time limit applies, from the moment the process starts
 * @envp: (nullable) (array zero-terminated=1): NAME=VALUE words added to the child's environment
 * @cancellable: (nullable): kills the command, or takes it out of the queue
 *
 * Runs the program (xl_process_run_async()) as soon as the bound allows.
 */
void xl_runner_run_async (XlRunner *self,
                          const char *const *argv,
                          const char *const *envp,
                          XlTimeout timeout,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data);

/**
 * xl_runner_run_finish:
 *
 * Returns: (transfer full): the output of a command that ended with status 0;
 * otherwise %NULL with an error in XL_ERROR (or G_IO_ERROR_CANCELLED) that
 * carries argv, exit status and xl's own message.
 */
XlOutput *xl_runner_run_finish (XlRunner *self, GAsyncResult *result, GError **error);

G_END_DECLS

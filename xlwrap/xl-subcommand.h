/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xlwrap/xl-runner.h"

G_BEGIN_DECLS

/*
 * What is known about each subcommand of xl: its time limit, and whether its
 * exit status can be believed. All typed commands run through here.
 */

/**
 * xl_command_run_async:
 * @argv: (array zero-terminated=1): the subcommand and its arguments
 * @envp: (nullable) (array zero-terminated=1): NAME=VALUE words added to the child's environment
 *
 * Runs `xl ARGV...` with the time limit of that subcommand. Ends in one of the
 * two functions below.
 */
void xl_command_run_async (XlRunner *runner,
                           const char *const *argv,
                           const char *const *envp,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);

/**
 * xl_command_finish:
 *
 * Errors: those of xl_runner_run_finish(); and XL_ERROR_REPORTED when the exit
 * status was 0, the subcommand is one whose status xl 4.17 leaves at 0 after
 * failures (pause, unpause, trigger, sysrq), and stderr tells of a failure.
 * Of the other subcommands the exit status decides, because text like that of a
 * failed hotplug script can accompany a command that has done its work.
 *
 * Returns: whether the command succeeded.
 */
gboolean xl_command_finish (XlRunner *runner, GAsyncResult *result, GError **error);

/** xl_command_finish_output: the same. Returns: (transfer full): what the command printed. */
XlOutput *xl_command_finish_output (XlRunner *runner, GAsyncResult *result, GError **error);

/**
 * xl_command_prefix_error: for finish functions that parse the output.
 * @error: (nullable): set by the parser; gets the command's name and argv
 */
void xl_command_prefix_error (GAsyncResult *result, GError **error);

G_END_DECLS

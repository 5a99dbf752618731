/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * XL_ERROR:
 *
 * The error domain of everything in xlwrap. Errors of commands carry the
 * command itself: see xl_error_get_argv() and its neighbours.
 */
#define XL_ERROR (xl_error_quark ())
GQuark xl_error_quark (void);

/**
 * XlErrorCode:
 * @XL_ERROR_SPAWN: the program could not be started
 * @XL_ERROR_EXIT: it ended with a status other than 0
 * @XL_ERROR_SIGNAL: it was ended by a signal that this library did not send
 * @XL_ERROR_TIMEOUT: it did not end in time and was killed
 * @XL_ERROR_OUTPUT_LIMIT: it printed more than the bound and was killed
 * @XL_ERROR_REPORTED: it ended with status 0 but reported an error on stderr
 *   (xl 4.17 does so for several subcommands)
 * @XL_ERROR_PARSE: its output is not what the subcommand prints
 * @XL_ERROR_CONFIG: a value that the xl.cfg grammar cannot hold
 * @XL_ERROR_XENSTORE: xenstored refused, or cannot be reached
 * @XL_ERROR_NOT_FOUND: the xenstore node does not exist
 * @XL_ERROR_QMP: QEMU's monitor refused, or cannot be reached
 */
typedef enum {
  XL_ERROR_SPAWN,
  XL_ERROR_EXIT,
  XL_ERROR_SIGNAL,
  XL_ERROR_TIMEOUT,
  XL_ERROR_OUTPUT_LIMIT,
  XL_ERROR_REPORTED,
  XL_ERROR_PARSE,
  XL_ERROR_CONFIG,
  XL_ERROR_XENSTORE,
  XL_ERROR_NOT_FOUND,
  XL_ERROR_QMP,
} XlErrorCode;

/**
 * xl_error_set_command:
 * @error: an error in domain XL_ERROR
 * @argv: (array zero-terminated=1): the command; copied
 * @exit_status: exit status, or -1 when it has none
 * @message: (nullable): what the command printed on stderr; copied, trimmed
 *
 * Attaches the command to @error. Survives g_error_copy().
 */
void
xl_error_set_command (GError *error, const char *const *argv, int exit_status, const char *message);

/** xl_error_get_argv: (transfer none) (nullable): the command, or NULL when @error is not of a
 * command. */
const char *const *xl_error_get_argv (const GError *error);

/** xl_error_get_exit_status: the exit status, -1 when the command has none. */
int xl_error_get_exit_status (const GError *error);

/** xl_error_get_message: (transfer none): what the command printed on stderr, "" when nothing. */
const char *xl_error_get_message (const GError *error);

G_END_DECLS

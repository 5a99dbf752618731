/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * What xl writes on stderr. Much of it is no failure: xl reports there which
 * file it reads, which domain it shuts down and how far a save has come.
 */

/**
 * xl_message_find_errors:
 * @text: (nullable): all that a command wrote on stderr
 *
 * Finds the lines that are not known to be progress, information or a warning.
 * The place in libxl's source that libxl puts before its messages is left out.
 *
 * Returns: (transfer full) (array zero-terminated=1): valid UTF-8; empty when no line tells of a
 * failure.
 */
char **xl_message_find_errors (const char *text);

/**
 * xl_message_first_error:
 * @text: (nullable): all that a command wrote on stderr
 *
 * Returns: (transfer full) (nullable): the first of these lines, also without the domain that libxl
 * puts before its messages; %NULL when no line tells of a failure.
 */
char *xl_message_first_error (const char *text);

/**
 * xl_message_format_command:
 * @argv: (array zero-terminated=1): program and arguments
 *
 * Returns: (transfer full): the command on one line for messages and the log: base name of the
 * program, arguments quoted where needed, shortened when very long, valid UTF-8.
 */
char *xl_message_format_command (const char *const *argv);

G_END_DECLS

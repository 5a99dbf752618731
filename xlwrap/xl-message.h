/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * What xl writes on stderr. Much of it is no failure: xl reports there which
 * file it reads, which domain it shuts down and how far a save has come.
 */

/**
 * xl_message_first_error:
 * @text: (nullable): all that a command wrote on stderr
 *
 * Finds the first line that is not known to be progress, information or a
 * warning. The place in libxl's source and the domain that libxl puts before
 * its messages are left out.
 *
 * Returns: (transfer full) (nullable): valid UTF-8, or %NULL when no line tells of a failure.
 */
char *
xl_message_first_error (const char *text);

/**
 * xl_message_format_command:
 * @argv: (array zero-terminated=1): program and arguments
 *
 * Returns: (transfer full): the command on one line for messages and the log: base name of the
 * program, arguments quoted where needed, shortened when very long, valid UTF-8.
 */
char *
xl_message_format_command (const char *const *argv);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * The test's side of dummy-xl, a program to be run in place of xl. It does what
 * the files of one directory say, which DUMMY_XL_DIR names:
 *
 *   calls            one line per call: its arguments
 *   COMMAND          what `xl COMMAND` prints
 *   COMMAND.status   its exit status
 *   COMMAND.gate     a FIFO: it waits until this was opened and closed
 *   COMMAND.hang     it never ends
 *   COMMAND.domains  becomes `list` when it ends: what it did to the host
 */

/** dummy_xl_new: makes the directory @base/xl and points DUMMY_XL_DIR at it. dom0 runs alone. */
void dummy_xl_new (const char *base);

/** dummy_xl_tell: writes one of the files; %NULL removes it. */
void dummy_xl_tell (const char *file, const char *text);

/** dummy_xl_shut_gate: the next `xl COMMAND` waits. */
void dummy_xl_shut_gate (const char *command);

/** dummy_xl_open_gate: waits for an `xl COMMAND` at its gate, and lets it pass. */
void dummy_xl_open_gate (const char *command);

/** dummy_xl_calls: (transfer full): the commands since dummy_xl_new(). */
char **dummy_xl_calls (void);

/** dummy_xl_count: how many of them are @command. */
guint dummy_xl_count (const char *command);

/** dummy_xl_domains: (transfer full): output of `xl list -v`: dom0, and one domain per @line. */
char *dummy_xl_domains (const char *lines);

/** dummy_xl_domain: (transfer full): one line of it. @state: as `r-----`. @reason: as `-` or `0`.
 */
char *dummy_xl_domain (const char *name,
                       int domid,
                       const char *state,
                       const char *uuid,
                       const char *reason);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xlwrap/xl-runner.h"

G_BEGIN_DECLS

/** XlHelp: which subcommands this xl has. */
typedef struct _XlHelp XlHelp;

void xl_help_free (XlHelp *help);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XlHelp, xl_help_free)

/** xl_help_has: whether `xl help` lists @subcommand. */
gboolean xl_help_has (const XlHelp *help, const char *subcommand);

/** xl_help_get_subcommands: Returns: (transfer container) (array zero-terminated=1): their names,
 * sorted. */
const char **xl_help_get_subcommands (const XlHelp *help);

/**
 * xl_help_parse:
 * @text: output of `xl help`
 *
 * A subcommand stands behind one blank at the beginning of a line; one with a
 * long name has that line for itself, and its description on the next one.
 *
 * Returns: (transfer full): or %NULL with XL_ERROR_PARSE when there is no list.
 */
XlHelp *xl_help_parse (const char *text, gssize len, GError **error);

/** xl_help_async: `xl help`, parsed. */
void xl_help_async (XlRunner *runner,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer user_data);

/** xl_help_finish: Returns: (transfer full): as xl_help_parse(). */
XlHelp *xl_help_finish (XlRunner *runner, GAsyncResult *result, GError **error);

G_END_DECLS

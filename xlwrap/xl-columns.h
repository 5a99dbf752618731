/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xlwrap/xl-error.h"

G_BEGIN_DECLS

/*
 * Tables of xl: a header, then lines that begin with a name of any content and
 * a domid, followed by columns without blanks. Such a line can be understood
 * only from its right end.
 */

/** XlColumns: one line, of which words are taken away from the right. */
typedef struct _XlColumns XlColumns;

/** xl_columns_pop: Returns: (transfer none) (nullable): the rightmost word left, valid as long as
 * the line; NULL when none. */
const char *xl_columns_pop (XlColumns *line);

/** xl_columns_pop_number: takes a decimal number without sign, at most @max; FALSE when the word is
 * none. */
gboolean xl_columns_pop_number (XlColumns *line, guint64 max, guint64 *number);

/** xl_columns_pop_domid: takes a domid. */
gboolean xl_columns_pop_domid (XlColumns *line, guint *domid);

/** xl_columns_pop_seconds: takes a number such as `12.0`. */
gboolean xl_columns_pop_seconds (XlColumns *line, double *seconds);

/**
 * xl_columns_take_name:
 * @name_width: to how many bytes xl pads the name with blanks on the right
 * @domid_width: to how many bytes xl pads the domid on the left
 *
 * What is left when the last word taken was the domid: the name, padding
 * removed. Only of names shorter than @name_width are blanks at the end lost.
 *
 * Returns: (transfer full): the name, bytes that are not UTF-8 replaced by U+FFFD.
 */
char *xl_columns_take_name (XlColumns *line, gsize name_width, gsize domid_width);

/**
 * XlRowFunc:
 * @header: which of the headers the table has
 * Returns: (transfer full) (nullable): what the line says, %NULL when it cannot be understood.
 */
typedef gpointer (*XlRowFunc) (XlColumns *line, guint header);

/**
 * xl_columns_parse_table:
 * @text: the output of a subcommand
 * @len: its length, -1 when NUL-terminated
 * @headers: (array zero-terminated=1): the headers that @row_func knows, words separated by one
 * blank
 * @row_free: frees what @row_func returns
 *
 * Returns: (transfer full): the rows in the order printed, or %NULL with
 * XL_ERROR_PARSE naming the first line that cannot be understood. A last line
 * without its newline counts as cut off.
 */
GPtrArray *xl_columns_parse_table (const char *text,
                                   gssize len,
                                   const char *const *headers,
                                   XlRowFunc row_func,
                                   GDestroyNotify row_free,
                                   GError **error);

G_END_DECLS

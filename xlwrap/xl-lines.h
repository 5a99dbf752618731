/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xlwrap/xl-error.h"

G_BEGIN_DECLS

/** XlLines: walks over the lines of a command's output. */
typedef struct {
  const char *next;
  const char *end;
  gsize number; /* of the line returned last, counted from 1 */
  char *line;   /* owned: the line returned last, without its newline */
} XlLines;

void xl_lines_init (XlLines *lines, const char *text, gssize len);
void xl_lines_clear (XlLines *lines);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (XlLines, xl_lines_clear)

/**
 * xl_lines_next:
 *
 * Returns: whether there is a line; %FALSE at the end of the text, and with
 * XL_ERROR_PARSE when a line holds a NUL or lacks its newline: then the output
 * was cut off, and what is there of the last line may be misleading.
 */
gboolean xl_lines_next (XlLines *lines, GError **error);

/** xl_lines_set_error: sets XL_ERROR_PARSE: `line 3 WHAT: "TEXT"` about the current line, escaped
 * and shortened. */
void xl_lines_set_error (const XlLines *lines, const char *what, GError **error);

/** xl_parse_error_set: the same about any text; @number counts from 1. */
void
xl_parse_error_set (GError **error, gsize number, const char *what, const char *text, gsize len);

G_END_DECLS

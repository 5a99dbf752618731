/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-lines.h"

#include <string.h>

/* How much of a bad line an error shows, in bytes. */
#define SHOWN_MAX 120

void
xl_lines_init (XlLines *lines, const char *text, gssize len)
{
  *lines = (XlLines){ .next = text, .end = text + (len >= 0 ? (gsize)len : strlen (text)) };
}

void
xl_lines_clear (XlLines *lines)
{
  g_clear_pointer (&lines->line, g_free);
}

gboolean
xl_lines_next (XlLines *lines, GError **error)
{
  const char *start = lines->next;

  g_clear_pointer (&lines->line, g_free);
  if (start == lines->end)
    return FALSE;

  gsize left = lines->end - start;
  const char *newline = memchr (start, '\n', left);
  gsize len = newline != NULL ? (gsize)(newline - start) : left;

  lines->number++;
  lines->line = g_strndup (start, len);
  if (newline == NULL || strlen (lines->line) != len) {
    xl_lines_set_error (lines, newline == NULL ? "is cut off" : "holds a NUL", error);
    return FALSE;
  }
  lines->next = newline + 1;
  return TRUE;
}

void
xl_lines_set_error (const XlLines *lines, const char *what, GError **error)
{
  xl_parse_error_set (error, lines->number, what, lines->line, strlen (lines->line));
}

void
xl_parse_error_set (GError **error, gsize number, const char *what, const char *text, gsize len)
{
  g_autofree char *start = g_strndup (text, MIN (len, SHOWN_MAX));
  g_autofree char *shown = g_strescape (start, NULL);

  g_set_error (error, XL_ERROR, XL_ERROR_PARSE, "line %" G_GSIZE_FORMAT " %s: \"%s%s\"", number,
               what, shown, len > SHOWN_MAX ? "..." : "");
}

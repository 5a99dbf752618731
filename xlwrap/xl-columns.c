/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-columns.h"

#include "xlwrap/xl-lines.h"

#include <string.h>

#define BLANKS " \t"
/* Longer than any name with its columns: xenstored's limit for a value is 4096 bytes. */
#define XL_NAME_MAX 8192

struct _XlColumns {
  char *text;
  gsize end;    /* what is right of it has been taken */
  gsize popped; /* length of the word taken last */
};

const char *
xl_columns_pop (XlColumns *line)
{
  gsize end = line->end;
  gsize start;

  while (end > 0 && strchr (BLANKS, line->text[end - 1]) != NULL)
    end--;
  for (start = end; start > 0 && strchr (BLANKS, line->text[start - 1]) == NULL; start--)
    ;
  if (start == end)
    return NULL;
  line->text[end] = '\0';
  line->end = start;
  line->popped = end - start;
  return line->text + start;
}

gboolean
xl_columns_pop_number (XlColumns *line, guint64 max, guint64 *number)
{
  const char *word = xl_columns_pop (line);

  return word != NULL && g_ascii_string_to_unsigned (word, 10, 0, max, number, NULL);
}

gboolean
xl_columns_pop_domid (XlColumns *line, guint *domid)
{
  guint64 number;

  if (!xl_columns_pop_number (line, G_MAXINT, &number))
    return FALSE;
  *domid = number;
  return TRUE;
}

gboolean
xl_columns_pop_seconds (XlColumns *line, double *seconds)
{
  const char *word = xl_columns_pop (line);

  if (word == NULL)
    return FALSE;

  gsize whole = strspn (word, G_CSET_DIGITS);
  gsize fraction = word[whole] == '.' ? strspn (word + whole + 1, G_CSET_DIGITS) : 0;
  if (whole == 0 || fraction == 0 || word[whole + 1 + fraction] != '\0')
    return FALSE;
  *seconds = g_ascii_strtod (word, NULL);
  return TRUE;
}

char *
xl_columns_take_name (XlColumns *line, gsize name_width, gsize domid_width)
{
  gsize padding = 1 + (line->popped < domid_width ? domid_width - line->popped : 0);
  gsize len = line->end;

  /* One blank, and those that pad the domid, are not of the name. */
  for (; padding > 0 && len > 0 && line->text[len - 1] == ' '; padding--)
    len--;
  if (len <= name_width)
    while (len > 0 && line->text[len - 1] == ' ')
      len--;
  line->end = 0;
  return g_utf8_make_valid (line->text, len);
}

static gboolean
find_header (const char *line, const char *const *headers, guint *found)
{
  g_auto (GStrv) words = g_strsplit_set (line, BLANKS, -1);
  g_autoptr (GString) text = g_string_new (NULL);

  for (gsize i = 0; words[i] != NULL; i++)
    if (*words[i] != '\0')
      g_string_append_printf (text, "%s%s", text->len > 0 ? " " : "", words[i]);
  for (*found = 0; headers[*found] != NULL; (*found)++)
    if (strcmp (headers[*found], text->str) == 0)
      return TRUE;
  return FALSE;
}

/*
 * A name may hold line ends: xl prints it as it is, and only its last line
 * goes on with the columns. So a line without columns begins a name.
 */
static void
parse_rows (XlLines *lines, XlRowFunc row_func, guint header, GPtrArray *rows, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *begin = NULL; /* the line that began the row, and its number */
  guint number = 0;

  while (xl_lines_next (lines, error)) {
    if (begin == NULL) {
      begin = g_strdup (lines->line);
      number = lines->number;
    } else {
      g_string_append_c (text, '\n');
    }
    g_string_append (text, lines->line);

    g_autofree char *copy = g_strdup (text->str);
    XlColumns columns = { .text = copy, .end = text->len };
    gpointer row = row_func (&columns, header);
    if (row != NULL) {
      g_ptr_array_add (rows, row);
      g_string_truncate (text, 0);
      g_clear_pointer (&begin, g_free);
    } else if (text->len > XL_NAME_MAX) {
      break;
    }
  }
  if (begin != NULL && *error == NULL)
    xl_parse_error_set (error, number, "cannot be understood", begin, strlen (begin));
}

GPtrArray *
xl_columns_parse_table (const char *text,
                        gssize len,
                        const char *const *headers,
                        XlRowFunc row_func,
                        GDestroyNotify row_free,
                        GError **error)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (row_free);
  g_autoptr (GError) problem = NULL;
  g_auto (XlLines) lines;
  guint header;

  xl_lines_init (&lines, text, len);
  if (!xl_lines_next (&lines, &problem)) {
    if (problem == NULL)
      g_set_error_literal (&problem, XL_ERROR, XL_ERROR_PARSE, "no output, not even a header");
  } else if (!find_header (lines.line, headers, &header)) {
    xl_lines_set_error (&lines, "is not the expected header", &problem);
  } else {
    parse_rows (&lines, row_func, header, rows, &problem);
  }

  if (problem != NULL) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return NULL;
  }
  return g_steal_pointer (&rows);
}

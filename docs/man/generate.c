/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * generate KIND NAME FILE: a man page of what is written elsewhere, on standard output.
 *   interface  FILE is one of dbus-xml/: a comment before each member describes it
 *   keys       FILE is the example of the key file
 *   table      FILE is what xenmgr-xl --list-properties prints
 */
#include <errno.h>
#include <gio/gio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 78

/* -- troff ------------------------------------------------------------------------- */

/* What `code` has in it, dashes and all, is to be typed. */
static void
append_escaped (GString *page, const char *word, gboolean *in_code)
{
  for (const char *c = word; *c != '\0'; c++) {
    if (*c == '`') {
      *in_code = !*in_code;
      g_string_append (page, *in_code ? "\\fB" : "\\fR");
    } else if (*c == '\\') {
      g_string_append (page, "\\e");
    } else if (*c == '-' && *in_code) {
      g_string_append (page, "\\-");
    } else {
      g_string_append_c (page, *c);
    }
  }
}

/* One paragraph, in lines that no request begins. */
static void
append_text (GString *page, const char *text)
{
  g_auto (GStrv) words = g_strsplit_set (text, " \n\t", -1);
  gboolean in_code = FALSE;
  gsize column = 0;
  for (char **word = words; *word != NULL; word++) {
    if (**word == '\0')
      continue;
    gsize length = strlen (*word);
    if (column > 0 && column + length >= WIDTH) {
      g_string_append_c (page, '\n');
      column = 0;
    }
    if (column > 0)
      g_string_append_c (page, ' ');
    else if (strchr (".'", **word) != NULL)
      g_string_append (page, "\\&");
    append_escaped (page, *word, &in_code);
    column += length + 1;
  }
  g_string_append_c (page, '\n');
}

/* Paragraphs are separated by blank lines; @break_request stands between two. */
static void
append_paragraphs (GString *page, const char *text, const char *break_request)
{
  g_autoptr (GRegex) blank_line = g_regex_new ("\\n[ \\t]*\\n", 0, 0, NULL);
  g_auto (GStrv) paragraphs = g_regex_split (blank_line, text, 0);
  gboolean first = TRUE;
  for (char **paragraph = paragraphs; *paragraph != NULL; paragraph++) {
    if (*g_strstrip (*paragraph) == '\0')
      continue;
    if (!first)
      g_string_append_printf (page, "%s\n", break_request);
    append_text (page, *paragraph);
    first = FALSE;
  }
}

static void
append_code (GString *page, const char *code)
{
  gboolean in_code = TRUE;
  append_escaped (page, code, &in_code);
}

static GString *
begin (const char *name, const char *section, const char *what)
{
  GString *page = g_string_new (".\\\" SPDX-License-Identifier: LGPL-2.1-or-later\n"
                                ".\\\" Generated: see man/generate.c.\n");
  g_string_append_printf (page, ".TH \"%s\" %s \"\" xenmgr\\-xl\n.SH NAME\n", name, section);
  append_code (page, name);
  g_string_append_printf (page, " \\- %s\n", what);
  return page;
}

/* -- D-Bus interfaces -------------------------------------------------------------- */

typedef enum { METHOD, PROPERTY, SIGNAL, N_KINDS } Kind;

static const struct {
  const char *element, *title;
} kinds[N_KINDS] = {
  [METHOD] = { "method", "METHODS" },
  [PROPERTY] = { "property", "PROPERTIES" },
  [SIGNAL] = { "signal", "SIGNALS" },
};

/** Reading: an XML file on its way to a page. */
typedef struct {
  char *comment;             /* the last one, until something takes it */
  char *description;         /* of the interface */
  GString *members[N_KINDS]; /* troff */
  GString *head, *in, *out;  /* of the member at hand */
  Kind kind;                 /* of that */
} Reading;

static int
find_kind (const char *element)
{
  for (int kind = 0; kind < N_KINDS; kind++)
    if (g_str_equal (element, kinds[kind].element))
      return kind;
  return -1;
}

static const char *
attribute (const char **names, const char **values, const char *name)
{
  for (int i = 0; names[i] != NULL; i++)
    if (g_str_equal (names[i], name))
      return values[i];
  return NULL;
}

static void
append_argument (GString *list, const char *name, const char *type)
{
  g_string_append (list, list->len > 0 ? ", " : "");
  if (name != NULL)
    g_string_append_printf (list, "\\fI%s\\fR: ", name);
  g_string_append (list, type);
}

static void
on_start (GMarkupParseContext *context,
          const char *element,
          const char **names,
          const char **values,
          gpointer user_data,
          GError **error)
{
  Reading *reading = user_data;
  const char *name = attribute (names, values, "name");
  int kind = find_kind (element);
  if (g_str_equal (element, "interface")) {
    reading->description = g_steal_pointer (&reading->comment);
  } else if (g_str_equal (element, "arg")) {
    const char *direction = attribute (names, values, "direction");
    gboolean is_out = reading->kind == METHOD && g_strcmp0 (direction, "out") == 0;
    append_argument (is_out ? reading->out : reading->in, name, attribute (names, values, "type"));
  } else if (kind >= 0) {
    reading->kind = (Kind)kind;
    g_string_assign (reading->head, "\\fB");
    append_code (reading->head, name);
    g_string_append (reading->head, "\\fR");
    g_string_truncate (reading->in, 0);
    g_string_truncate (reading->out, 0);
    if (kind == PROPERTY)
      g_string_append_printf (reading->in, "%s, %s", attribute (names, values, "type"),
                              attribute (names, values, "access"));
  }
}

static void
on_end (GMarkupParseContext *context, const char *element, gpointer user_data, GError **error)
{
  Reading *reading = user_data;
  int kind = find_kind (element);
  if (kind < 0)
    return;
  GString *page = reading->members[kind];
  g_string_append_printf (page, ".TP\n%s (%s)", reading->head->str, reading->in->str);
  if (reading->out->len > 0)
    g_string_append_printf (page, " \\(-> (%s)", reading->out->str);
  g_string_append_c (page, '\n');
  g_autofree char *text = g_steal_pointer (&reading->comment);
  append_paragraphs (page, text != NULL ? text : "", ".IP");
}

static void
on_other (GMarkupParseContext *context,
          const char *text,
          gsize length,
          gpointer user_data,
          GError **error)
{
  enum { OPENING = 4, CLOSING = 3 };
  Reading *reading = user_data;
  if (!g_str_has_prefix (text, "<!--"))
    return;
  g_free (reading->comment);
  reading->comment = g_strndup (text + OPENING, length - OPENING - CLOSING);
}

static GString *
interface_page (const char *name, const char *text, GError **error)
{
  const GMarkupParser parser = { .start_element = on_start,
                                 .end_element = on_end,
                                 .passthrough = on_other };
  Reading reading = { .head = g_string_new (NULL),
                      .in = g_string_new (NULL),
                      .out = g_string_new (NULL) };
  for (int kind = 0; kind < N_KINDS; kind++)
    reading.members[kind] = g_string_new (NULL);
  g_autoptr (GMarkupParseContext) context = g_markup_parse_context_new (&parser, 0, &reading, NULL);
  GString *page = NULL;
  if (g_markup_parse_context_parse (context, text, -1, error) &&
      g_markup_parse_context_end_parse (context, error)) {
    page = begin (name, "5", "D\\-Bus interface of xenmgr\\-xl");
    g_string_append (page, ".SH DESCRIPTION\n");
    append_paragraphs (page, reading.description != NULL ? reading.description : "", ".PP");
    for (int kind = 0; kind < N_KINDS; kind++)
      if (reading.members[kind]->len > 0)
        g_string_append_printf (page, ".SH %s\n%s", kinds[kind].title, reading.members[kind]->str);
    g_string_append (page, ".SH SEE ALSO\n.BR busctl (1),\n.BR xec (1),\n.BR xenmgr\\-xl (8),\n"
                           ".BR xenmgr\\-xl\\-properties (7)\n");
  }
  for (int kind = 0; kind < N_KINDS; kind++)
    g_string_free (reading.members[kind], TRUE);
  g_string_free (reading.head, TRUE);
  g_string_free (reading.in, TRUE);
  g_string_free (reading.out, TRUE);
  g_free (reading.comment);
  g_free (reading.description);
  return page;
}

/* -- the key file ------------------------------------------------------------------ */

static GString *
keys_page (const char *name, const char *text, GError **error)
{
  GString *page = begin (name, "5", "settings of xenmgr\\-xl");
  g_autoptr (GString) comment = g_string_new (NULL);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  gboolean in_group = FALSE, with_text = TRUE;
  g_string_append (page, ".SH DESCRIPTION\n");
  for (char **line = lines; *line != NULL; line++) {
    gboolean is_text = g_str_has_prefix (*line, "# ");
    gboolean is_key = **line == '#' && !is_text;
    if (is_text)
      g_string_append_printf (comment, "%s\n", *line + 2);
    if (is_text || strstr (*line, "SPDX") != NULL)
      continue;
    if (is_key) {
      g_string_append (page, with_text || comment->len > 0 ? ".TP\n" : ".TQ\n");
      g_string_append (page, "\\fB");
      append_code (page, *line + 1);
      g_string_append (page, "\\fR\n");
      with_text = comment->len > 0;
    }
    if (comment->len > 0)
      append_text (page, comment->str);
    g_string_truncate (comment, 0);
    if (**line == '[') {
      g_string_append_printf (page, "%s.SS %s\n", in_group ? "" : ".SH GROUPS\n", *line);
      in_group = with_text = TRUE;
    }
  }
  g_string_append (page,
                   ".SH FILES\n.I /etc/xenmgr\\-xl.conf\n.SH SEE ALSO\n.BR xenmgr\\-xl (8)\n");
  return page;
}

/* -- tables of Markdown ------------------------------------------------------------- */

/* The cells of a row; bars in them are `\|`. */
static char **
split_row (const char *line)
{
  g_autoptr (GRegex) bar = g_regex_new ("(?<!\\\\)\\|", 0, 0, NULL);
  g_auto (GStrv) cells = g_regex_split (bar, line, 0);
  g_autoptr (GStrvBuilder) row = g_strv_builder_new ();
  for (char **cell = cells + 1; *cell != NULL && cell[1] != NULL; cell++) {
    g_auto (GStrv) parts = g_strsplit (g_strstrip (*cell), "\\|", -1);
    g_autofree char *plain = g_strjoinv ("|", parts);
    g_strv_builder_add (row, plain);
  }
  return g_strv_builder_end (row);
}

/* The first cell is the entry, each other one follows the title of its column. */
static void
append_row (GString *page, char *const *titles, char *const *cells)
{
  g_autoptr (GString) text = g_string_new (NULL);
  for (int i = 1; cells[i] != NULL && titles[i] != NULL; i++)
    if (*cells[i] != '\0')
      g_string_append_printf (text, "%s%s: %s", text->len > 0 ? "; " : "", titles[i], cells[i]);
  g_string_append (page, ".TP\n");
  append_text (page, cells[0]);
  append_text (page, text->str);
}

static GString *
table_page (const char *name, const char *text, GError **error)
{
  GString *page = begin (name, "7", "properties of xenmgr\\-xl's objects");
  g_autoptr (GString) paragraph = g_string_new (NULL);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (GRegex) emphasis = g_regex_new ("\\*([\\w. ]+)\\*", 0, 0, NULL);
  char **titles = NULL;
  gboolean after_heading = TRUE;
  g_string_append (page, ".SH DESCRIPTION\n");
  for (char **line = lines; *line != NULL; line++) {
    gboolean is_row = **line == '|', is_rule = g_str_has_prefix (*line, "|--");
    gboolean is_heading = **line == '#';
    if (!is_row && !is_heading && **line != '\0') {
      g_string_append_printf (paragraph, "%s\n", *line);
      continue;
    }
    if (paragraph->len > 0) {
      g_autofree char *strong = g_regex_replace (emphasis, paragraph->str, -1, 0, "`\\1`", 0, NULL);
      g_string_append (page, after_heading ? "" : ".PP\n");
      append_text (page, strong);
      after_heading = FALSE;
      g_string_truncate (paragraph, 0);
    }
    if (!is_row)
      g_clear_pointer (&titles, g_strfreev);
    if (g_str_has_prefix (*line, "## ")) {
      g_string_append_printf (page, ".SH %s\n", *line + strlen ("## "));
      after_heading = TRUE;
    }
    if (!is_row || is_rule)
      continue;
    g_auto (GStrv) cells = split_row (*line);
    if (titles == NULL)
      titles = g_steal_pointer (&cells);
    else
      append_row (page, titles, cells);
  }
  g_strfreev (titles);
  g_string_append (page, ".SH SEE ALSO\n.BR xec (1),\n.BR xl.cfg (5),\n.BR xenmgr\\-xl (8)\n");
  return page;
}

/* ---------------------------------------------------------------------------------- */

static const struct {
  const char *kind;
  GString *(*make) (const char *name, const char *text, GError **error);
} makers[] = {
  { "interface", interface_page },
  { "keys", keys_page },
  { "table", table_page },
};

int
main (int argc, char **argv)
{
  enum { KIND = 1, NAME, FILE_NAME, N_WORDS };
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  GString *page = NULL;
  gboolean is_known = FALSE;
  if (argc == N_WORDS && g_file_get_contents (argv[FILE_NAME], &text, NULL, &error)) {
    for (gsize i = 0; i < G_N_ELEMENTS (makers); i++) {
      if (g_str_equal (argv[KIND], makers[i].kind)) {
        page = makers[i].make (argv[NAME], text, &error);
        is_known = TRUE;
      }
    }
  }
  if (page == NULL) {
    g_printerr ("generate: %s\n", error != NULL ? error->message
                                  : is_known    ? "no page"
                                                : "usage: generate KIND NAME FILE");
    return EXIT_FAILURE;
  }
  fputs (page->str, stdout);
  g_string_free (page, TRUE);
  return fflush (stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

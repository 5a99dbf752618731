/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-help.h"

#include "xlwrap/xl-lines.h"
#include "xlwrap/xl-subcommand.h"

#include <string.h>

#define LIST_HEADER "xl full list of subcommands:"
#define NAME_CHARS  G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-_"

struct _XlHelp {
  GHashTable *subcommands; /* set of names */
};

void
xl_help_free (XlHelp *help)
{
  if (help == NULL)
    return;
  g_hash_table_unref (help->subcommands);
  g_free (help);
}

gboolean
xl_help_has (const XlHelp *help, const char *subcommand)
{
  return g_hash_table_contains (help->subcommands, subcommand);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

const char **
xl_help_get_subcommands (const XlHelp *help)
{
  guint n;
  const char **names = (const char **)g_hash_table_get_keys_as_array (help->subcommands, &n);

  qsort (names, n, sizeof *names, compare_names);
  return names;
}

/* The subcommand a line is about, or NULL when it goes on with a description. */
static char *
find_name (const char *line)
{
  gsize len;

  if (line[0] != ' ')
    return NULL;
  len = strspn (line + 1, NAME_CHARS);
  if (len == 0 || (line[1 + len] != ' ' && line[1 + len] != '\0'))
    return NULL;
  return g_strndup (line + 1, len);
}

XlHelp *
xl_help_parse (const char *text, gssize len, GError **error)
{
  g_autoptr (XlHelp) help = g_new0 (XlHelp, 1);
  g_autoptr (GError) problem = NULL;
  g_auto (XlLines) lines;
  gboolean in_list = FALSE;

  help->subcommands = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  xl_lines_init (&lines, text, len);
  while (xl_lines_next (&lines, &problem)) {
    char *name = in_list ? find_name (lines.line) : NULL;

    in_list = in_list || strcmp (lines.line, LIST_HEADER) == 0;
    if (name != NULL)
      g_hash_table_add (help->subcommands, name);
  }
  if (problem == NULL && g_hash_table_size (help->subcommands) == 0)
    g_set_error_literal (&problem, XL_ERROR, XL_ERROR_PARSE,
                         in_list ? "the list of subcommands is empty"
                                 : "there is no line \"" LIST_HEADER "\"");
  if (problem != NULL) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return NULL;
  }
  return g_steal_pointer (&help);
}

void
xl_help_async (XlRunner *runner,
               GCancellable *cancellable,
               GAsyncReadyCallback callback,
               gpointer user_data)
{
  static const char *const argv[] = { "help", NULL };

  xl_command_run_async (runner, argv, NULL, cancellable, callback, user_data);
}

XlHelp *
xl_help_finish (XlRunner *runner, GAsyncResult *result, GError **error)
{
  g_autoptr (XlOutput) output = xl_command_finish_output (runner, result, error);
  XlHelp *parsed;

  if (output == NULL)
    return NULL;
  parsed = xl_help_parse (output->out, (gssize)output->out_len, error);
  if (parsed == NULL)
    xl_command_prefix_error (result, error);
  return parsed;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-info.h"

#include "xlwrap/xl-lines.h"
#include "xlwrap/xl-subcommand.h"

#include <string.h>

void
xl_info_free (XlInfo *info)
{
  if (info == NULL)
    return;
  g_hash_table_unref (info->values);
  g_free (info);
}

const char *
xl_info_get (const XlInfo *info, const char *key)
{
  return g_hash_table_lookup (info->values, key);
}

static gboolean
get_number (const XlInfo *info, const char *key, guint64 max, guint64 *number, GError **error)
{
  const char *value = xl_info_get (info, key);

  if (value != NULL && g_ascii_string_to_unsigned (value, 10, 0, max, number, NULL))
    return TRUE;
  g_set_error (error, XL_ERROR, XL_ERROR_PARSE, "%s is %s", key,
               value != NULL ? "not a number" : "missing");
  return FALSE;
}

XlInfo *
xl_info_parse (const char *text, gssize len, GError **error)
{
  g_autoptr (XlInfo) info = g_new0 (XlInfo, 1);
  g_autoptr (GError) problem = NULL;
  g_auto (XlLines) lines;
  guint64 nr_cpus;

  info->values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  xl_lines_init (&lines, text, len);
  while (xl_lines_next (&lines, &problem)) {
    const char *colon = strchr (lines.line, ':');
    g_autofree char *key =
        colon != NULL ? g_utf8_make_valid (lines.line, colon - lines.line) : NULL;

    if (key == NULL || *g_strstrip (key) == '\0') {
      xl_lines_set_error (&lines, "is not `KEY : VALUE`", error);
      return NULL;
    }
    g_hash_table_insert (info->values, g_steal_pointer (&key),
                         g_strstrip (g_utf8_make_valid (colon + 1, -1)));
  }
  if (problem != NULL) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return NULL;
  }

  if (!get_number (info, "nr_cpus", G_MAXINT, &nr_cpus, error) ||
      !get_number (info, "total_memory", G_MAXUINT64, &info->total_memory, error) ||
      !get_number (info, "free_memory", G_MAXUINT64, &info->free_memory, error))
    return NULL;
  info->nr_cpus = (guint)nr_cpus;
  return g_steal_pointer (&info);
}

void
xl_info_async (XlRunner *runner,
               GCancellable *cancellable,
               GAsyncReadyCallback callback,
               gpointer user_data)
{
  static const char *const argv[] = { "info", NULL };

  xl_command_run_async (runner, argv, NULL, cancellable, callback, user_data);
}

XlInfo *
xl_info_finish (XlRunner *runner, GAsyncResult *result, GError **error)
{
  g_autoptr (XlOutput) output = xl_command_finish_output (runner, result, error);
  XlInfo *parsed;

  if (output == NULL)
    return NULL;
  parsed = xl_info_parse (output->out, (gssize)output->out_len, error);
  if (parsed == NULL)
    xl_command_prefix_error (result, error);
  return parsed;
}

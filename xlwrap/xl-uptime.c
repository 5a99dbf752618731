/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-uptime.h"

#include "xlwrap/xl-columns.h"
#include "xlwrap/xl-subcommand.h"

#include <string.h>

/* xl prints name and domid with `%-33s %4d`. */
#define NAME_WIDTH  33
#define DOMID_WIDTH 4

void
xl_uptime_free (XlUptime *uptime)
{
  if (uptime == NULL)
    return;
  g_free (uptime->name);
  g_free (uptime);
}

/* `H:MM:SS`, hours at most 23. */
static gboolean
parse_time (const char *word, guint64 *seconds)
{
  static const guint64 limits[] = { 23, 59, 59 };
  g_auto (GStrv) parts = g_strsplit (word, ":", -1);
  guint64 part;

  if (g_strv_length (parts) != G_N_ELEMENTS (limits))
    return FALSE;
  *seconds = 0;
  for (gsize i = 0; i < G_N_ELEMENTS (limits); i++) {
    if (!g_ascii_string_to_unsigned (parts[i], 10, 0, limits[i], &part, NULL))
      return FALSE;
    *seconds = *seconds * 60 + part;
  }
  return TRUE;
}

static gpointer
parse_line (XlColumns *line, guint header)
{
  const char *word = xl_columns_pop (line);
  g_autoptr (XlUptime) uptime = g_new0 (XlUptime, 1);
  guint64 number;

  if (word == NULL || !parse_time (word, &uptime->seconds))
    return NULL;
  if ((word = xl_columns_pop (line)) == NULL)
    return NULL;
  if (strcmp (word, "days,") == 0 || strcmp (word, "day,") == 0) {
    if (!xl_columns_pop_number (line, G_MAXINT, &number) || (word = xl_columns_pop (line)) == NULL)
      return NULL;
    uptime->seconds += number * 24 * 60 * 60;
  }
  if (!g_ascii_string_to_unsigned (word, 10, 0, G_MAXINT, &number, NULL))
    return NULL;
  uptime->domid = (guint)number;
  uptime->name = xl_columns_take_name (line, NAME_WIDTH, DOMID_WIDTH);
  return g_steal_pointer (&uptime);
}

GPtrArray *
xl_uptime_parse (const char *text, gssize len, GError **error)
{
  static const char *const headers[] = { "Name ID Uptime", NULL };

  return xl_columns_parse_table (text, len, headers, parse_line, (GDestroyNotify)xl_uptime_free,
                                 error);
}

void
xl_uptime_async (XlRunner *runner,
                 GCancellable *cancellable,
                 GAsyncReadyCallback callback,
                 gpointer user_data)
{
  static const char *const argv[] = { "uptime", NULL };

  xl_command_run_async (runner, argv, NULL, cancellable, callback, user_data);
}

GPtrArray *
xl_uptime_finish (XlRunner *runner, GAsyncResult *result, GError **error)
{
  g_autoptr (XlOutput) output = xl_command_finish_output (runner, result, error);
  GPtrArray *parsed;

  if (output == NULL)
    return NULL;
  parsed = xl_uptime_parse (output->out, (gssize)output->out_len, error);
  if (parsed == NULL)
    xl_command_prefix_error (result, error);
  return parsed;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xl-time.h"

#include <stdio.h>

typedef struct {
  double from, to;
} Span;

double
xl_time_now (void)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  double minutes = g_date_time_get_hour (now) * 60 + g_date_time_get_minute (now);
  return minutes * 60000 + g_date_time_get_seconds (now) * 1000;
}

/* "(xenmgr-xl:1): xlwrap-DEBUG: 06:42:00.416: Done after 0.466 s: xl help" */
static gboolean
read_span (const char *line, Span *span)
{
  int hour, minute;
  double second, took;
  const char *at = strstr (line, "-DEBUG: ");
  if (at == NULL ||
      sscanf (at, "-DEBUG: %d:%d:%lf: Done after %lf s: xl ", &hour, &minute, &second, &took) != 4)
    return FALSE;
  span->to = (hour * 60 + minute) * 60000.0 + second * 1000;
  span->from = span->to - took * 1000;
  return TRUE;
}

static int
compare_spans (gconstpointer a, gconstpointer b)
{
  const Span *first = a, *second = b;
  return first->from < second->from ? -1 : first->from > second->from;
}

double
xl_time_covered (const char *log, double from, double to)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  if (!g_file_get_contents (log, &text, NULL, &error))
    g_error ("%s", error->message);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (GArray) spans = g_array_new (FALSE, FALSE, sizeof (Span));
  for (char **line = lines; *line != NULL; line++) {
    Span span;
    if (read_span (*line, &span))
      g_array_append_val (spans, span);
  }
  g_array_sort (spans, compare_spans);

  double covered = 0, until = from;
  for (guint i = 0; i < spans->len; i++) {
    const Span *span = &g_array_index (spans, Span, i);
    double begin = MAX (span->from, until), end = MIN (span->to, to);
    if (end > begin) {
      covered += end - begin;
      until = end;
    }
  }
  return covered;
}

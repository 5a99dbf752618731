/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/log-lines.h"

#include <string.h>

#define READ_SIZE 4096
/* More than a pipe holds: what a program wrote before its end is in it by then. */
#define DRAIN_READS 64

struct _XmLogLines {
  GPollableInputStream *pipe;
  GSource *source; /* holds a reference to this; NULL once the pipe has ended */
  GLogLevelFlags level;
  char *prefix;
  GString *line; /* begun, without its end */
};

static void
lines_clear (gpointer data)
{
  XmLogLines *lines = data;
  g_clear_pointer (&lines->source, g_source_unref);
  g_input_stream_close (G_INPUT_STREAM (lines->pipe), NULL, NULL);
  g_object_unref (lines->pipe);
  g_string_free (lines->line, TRUE);
  g_free (lines->prefix);
}

static void
lines_unref (gpointer lines)
{
  g_rc_box_release_full (lines, lines_clear);
}

static void
flush_line (XmLogLines *lines)
{
  if (lines->line->len == 0)
    return;
  g_autofree char *text = g_utf8_make_valid (lines->line->str, (gssize)lines->line->len);
  for (char *at = text; *at != '\0'; at++) {
    if (g_ascii_iscntrl (*at) && *at != '\t')
      *at = '?';
  }
  g_log (G_LOG_DOMAIN, lines->level, "%s: %s", lines->prefix, text);
  g_string_truncate (lines->line, 0);
}

static void
take (XmLogLines *lines, const char *bytes, gsize len)
{
  for (gsize i = 0; i < len; i++) {
    if (bytes[i] == '\n') {
      flush_line (lines);
      continue;
    }
    if (lines->line->len == XM_LOG_LINE_MAX)
      flush_line (lines);
    g_string_append_c (lines->line, bytes[i]);
  }
}

/* Returns: whether there may be more at once. */
static gboolean
read_some (XmLogLines *lines)
{
  char buffer[READ_SIZE];
  g_autoptr (GError) error = NULL;
  if (lines->source == NULL)
    return FALSE;
  gssize n =
      g_pollable_input_stream_read_nonblocking (lines->pipe, buffer, sizeof buffer, NULL, &error);
  if (n > 0) {
    take (lines, buffer, (gsize)n);
    return TRUE;
  }
  if (n < 0 && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return FALSE;
  flush_line (lines);
  GSource *source = g_steal_pointer (&lines->source);
  g_source_destroy (source); /* the caller still has a reference to @lines */
  g_source_unref (source);
  return FALSE;
}

static gboolean
on_readable (GObject *pipe, gpointer user_data)
{
  g_autoptr (GSource) source = g_source_ref (g_main_current_source ());
  read_some (user_data);
  return !g_source_is_destroyed (source);
}

static void
drop_source (gpointer data)
{
  lines_unref (data);
}

XmLogLines *
xm_log_lines_new (GInputStream *pipe, GLogLevelFlags level, const char *prefix)
{
  XmLogLines *lines = g_rc_box_new0 (XmLogLines);
  lines->pipe = G_POLLABLE_INPUT_STREAM (g_object_ref (pipe));
  lines->level = level;
  lines->prefix = g_strdup (prefix);
  lines->line = g_string_new (NULL);
  lines->source = g_pollable_input_stream_create_source (lines->pipe, NULL);
  /* A program that prints without end must not keep the service from its calls. */
  g_source_set_priority (lines->source, G_PRIORITY_DEFAULT_IDLE);
  g_source_set_callback (lines->source, G_SOURCE_FUNC (on_readable), g_rc_box_acquire (lines),
                         drop_source);
  g_source_attach (lines->source, g_main_context_get_thread_default ());
  return lines;
}

void
xm_log_lines_release (XmLogLines *lines)
{
  for (int i = 0; i < DRAIN_READS && read_some (lines); i++)
    ;
  flush_line (lines);
  lines_unref (lines);
}

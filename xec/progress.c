/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xec/progress.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define INTERFACE "com.citrix.xenclient.xenmgr_xl"

struct _XecProgress {
  GDBusConnection *connection;
  char *object;
  guint subscription;
  guint interrupt;
  int width; /* of what stands on the line */
};

char *
xec_progress_format (const char *operation, guint64 done, guint64 total)
{
  if (total == 0)
    return g_strdup_printf ("%s: %" G_GUINT64_FORMAT " MiB", operation, done >> 20);
  return g_strdup_printf ("%s: %3d%%, %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " MiB",
                          operation, (int)(100.0 * (double)MIN (done, total) / (double)total),
                          done >> 20, total >> 20);
}

/* What a terminal shows for the key that interrupts, behind the line. */
#define ECHO_WIDTH 2

/* Blanks and carriage returns, which any terminal understands. */
static void
rewrite (XecProgress *progress, const char *line)
{
  if (progress->width > 0)
    fprintf (stderr, "\r%*s\r", progress->width + ECHO_WIDTH, "");
  progress->width = fprintf (stderr, "%s", line);
  fflush (stderr);
}

static void
on_progress (GDBusConnection *connection,
             const char *sender,
             const char *path,
             const char *interface,
             const char *member,
             GVariant *arguments,
             gpointer user_data)
{
  XecProgress *progress = user_data;
  const char *object, *operation;
  guint64 done, total;
  gboolean ended;

  if (!g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(osttb)")))
    return;
  g_variant_get (arguments, "(&o&sttb)", &object, &operation, &done, &total, &ended);
  if (!g_str_equal (object, progress->object))
    return;
  g_autofree char *line = ended ? g_strdup ("") : xec_progress_format (operation, done, total);
  rewrite (progress, line);
}

static gboolean
on_interrupt (gpointer user_data)
{
  XecProgress *progress = user_data;

  rewrite (progress, "");
  signal (SIGINT, SIG_DFL);
  raise (SIGINT); /* so that the shell sees by what the program ended */
  return G_SOURCE_CONTINUE;
}

XecProgress *
xec_progress_begin (GDBusConnection *connection, const char *service, const char *object)
{
  if (!isatty (STDERR_FILENO))
    return NULL;
  XecProgress *progress = g_new0 (XecProgress, 1);
  progress->connection = g_object_ref (connection);
  progress->object = g_strdup (object);
  progress->interrupt = g_unix_signal_add (SIGINT, on_interrupt, progress);
  progress->subscription =
      g_dbus_connection_signal_subscribe (connection, service, INTERFACE, "progress", "/", NULL,
                                          G_DBUS_SIGNAL_FLAGS_NONE, on_progress, progress, NULL);
  return progress;
}

void
xec_progress_end (XecProgress *progress)
{
  if (progress == NULL)
    return;
  rewrite (progress, "");
  g_dbus_connection_signal_unsubscribe (progress->connection, progress->subscription);
  g_source_remove (progress->interrupt);
  g_object_unref (progress->connection);
  g_free (progress->object);
  g_free (progress);
}

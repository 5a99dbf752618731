/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/watched-number.h"

struct _XmWatchedNumber {
  XlXenstore *xenstore;
  char *path;
  gint64 minimum, maximum, absent;
  gint64 value;
  GSource *watch; /* NULL once it is freed and only a read in progress knows it */
  void (*on_change) (gpointer user_data);
  gpointer user_data;
};

static void
number_clear (gpointer data)
{
  XmWatchedNumber *number = data;
  g_object_unref (number->xenstore);
  g_free (number->path);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmWatchedNumber *number = user_data;
  gint64 old = number->value;
  g_autofree char *text = xl_xenstore_read_finish (XL_XENSTORE (source), result, NULL);
  if (text == NULL ||
      !g_ascii_string_to_signed (text, 10, number->minimum, number->maximum, &number->value, NULL))
    number->value = number->absent;
  if (number->value != old && number->watch != NULL && number->on_change != NULL)
    number->on_change (number->user_data);
  g_rc_box_release_full (number, number_clear);
}

static gboolean
on_change (const char *path, gpointer user_data)
{
  XmWatchedNumber *number = user_data;
  xl_xenstore_read_async (number->xenstore, number->path, NULL, on_read, g_rc_box_acquire (number));
  return G_SOURCE_CONTINUE;
}

XmWatchedNumber *
xm_watched_number_new (XlXenstore *xenstore,
                       const char *path,
                       gint64 minimum,
                       gint64 maximum,
                       gint64 absent)
{
  XmWatchedNumber *number = g_rc_box_new0 (XmWatchedNumber);
  number->xenstore = g_object_ref (xenstore);
  number->path = g_strdup (path);
  number->minimum = minimum;
  number->maximum = maximum;
  number->absent = number->value = absent;
  number->watch = xl_xenstore_watch_source_new (xenstore, path);
  g_source_set_callback (number->watch, G_SOURCE_FUNC (on_change), number, NULL);
  g_source_attach (number->watch, NULL);
  return number;
}

void
xm_watched_number_free (XmWatchedNumber *number)
{
  g_source_destroy (number->watch);
  g_clear_pointer (&number->watch, g_source_unref);
  g_rc_box_release_full (number, number_clear);
}

gint64
xm_watched_number_get (const XmWatchedNumber *number)
{
  return number->value;
}

void
xm_watched_number_on_change (XmWatchedNumber *number,
                             void (*func) (gpointer user_data),
                             gpointer user_data)
{
  number->on_change = func;
  number->user_data = user_data;
}

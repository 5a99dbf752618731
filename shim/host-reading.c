/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-reading.h"

#include "shim/host-waiters.h"

#define PATIENCE_S 5

struct _XmHostReading {
  const XmHostReadingKind *kind;
  gpointer owner;
  GCancellable *cancellable; /* not NULL while the thread reads */
  guint patience;
  gboolean late;         /* the file system does not answer */
  XmHostWaiters waiters; /* for this reading */
  XmHostWaiters next;    /* for the one after it */
  gboolean again;        /* there will be one */
};

static void begin (XmHostReading *reading);

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  gpointer read = g_task_propagate_pointer (G_TASK (result), &error);
  if (error != NULL)
    return; /* cancelled: the XmHostReading is gone */
  XmHostReading *reading = user_data;
  reading->late = FALSE;
  g_clear_handle_id (&reading->patience, g_source_remove);
  g_clear_object (&reading->cancellable);
  reading->kind->take (reading->owner, read);
  XmHostWaiters told = reading->waiters;
  reading->waiters = reading->next;
  reading->next = (XmHostWaiters){ NULL };
  if (reading->again)
    begin (reading);
  xm_host_waiters_tell (&told);
}

static gboolean
on_late (gpointer user_data)
{
  XmHostReading *reading = user_data;
  g_warning ("the file system of %s does not answer", reading->kind->of);
  reading->patience = 0;
  reading->late = TRUE;
  reading->again = FALSE;
  xm_host_waiters_tell (&reading->waiters);
  xm_host_waiters_tell (&reading->next);
  return G_SOURCE_REMOVE;
}

static void
begin (XmHostReading *reading)
{
  reading->again = FALSE;
  reading->cancellable = g_cancellable_new ();
  reading->patience = g_timeout_add_seconds (PATIENCE_S, on_late, reading);
  g_autoptr (GTask) task = g_task_new (NULL, reading->cancellable, on_read, reading);
  g_task_set_task_data (task, g_strdup (reading->kind->path (reading->owner)), g_free);
  g_task_run_in_thread (task, reading->kind->read);
}

void
xm_host_reading_refresh (XmHostReading *reading,
                         void (*done) (gpointer user_data),
                         gpointer user_data)
{
  if (reading->late) {
    if (done != NULL)
      done (user_data);
    return;
  }
  gboolean busy = reading->cancellable != NULL;
  if (done != NULL)
    xm_host_waiters_add (busy ? &reading->next : &reading->waiters, done, user_data);
  if (busy)
    reading->again = TRUE;
  else
    begin (reading);
}

XmHostReading *
xm_host_reading_new (const XmHostReadingKind *kind, gpointer owner)
{
  XmHostReading *reading = g_new0 (XmHostReading, 1);
  reading->kind = kind;
  reading->owner = owner;
  return reading;
}

void
xm_host_reading_free (XmHostReading *reading)
{
  if (reading->cancellable != NULL)
    g_cancellable_cancel (reading->cancellable);
  g_clear_object (&reading->cancellable);
  g_clear_handle_id (&reading->patience, g_source_remove);
  xm_host_waiters_tell (&reading->waiters);
  xm_host_waiters_tell (&reading->next);
  g_free (reading);
}

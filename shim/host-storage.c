/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-storage.h"

#include <errno.h>
#include <sys/statvfs.h>

#include "shim/host-waiters.h"
#include "shim/signals.h"

#define PATIENCE_S 5

struct _XmHostStorage {
  XmService *service;
  XmStorageSpace space;
  GCancellable *cancellable; /* not NULL while the file system is asked */
  gboolean late;             /* it does not answer: nobody waits for it any more */
  gboolean watching;         /* its answer is for the watch, too */
  guint patience, timer;     /* sources */
  XmHostWaiters waiters;
};

/* -- the file system --------------------------------------------------------------- */

XmStorageSpace
xm_storage_space_measure (const char *path)
{
  g_autofree char *existing = g_strdup (path);
  struct statvfs status;
  while (statvfs (existing, &status) != 0) {
    gboolean missing = errno == ENOENT || errno == ENOTDIR;
    char *parent = g_path_get_dirname (existing);
    gboolean higher = missing && !g_str_equal (parent, existing);
    g_free (existing);
    existing = parent;
    if (!higher)
      return (XmStorageSpace){ 0, 0 };
  }
  return (XmStorageSpace){ (guint64)status.f_blocks * status.f_frsize,
                           (guint64)status.f_bfree * status.f_frsize };
}

int
xm_storage_space_percent_free (const XmStorageSpace *space)
{
  return space->total > 0 ? (int)((double)space->free / (double)space->total * 100) : 100;
}

static void
measure_on_thread (GTask *task, gpointer source, gpointer path, GCancellable *cancellable)
{
  XmStorageSpace *space = g_new (XmStorageSpace, 1);
  *space = xm_storage_space_measure (path);
  g_task_return_pointer (task, space, g_free);
}

static void
tell_watch (XmHostStorage *storage)
{
  int percent = xm_storage_space_percent_free (&storage->space);
  if (storage->watching && storage->space.total > 0 &&
      percent <= (int)storage->service->settings->storage_low_percent)
    xm_signal_host (storage->service, "storage_space_low", g_variant_new ("(i)", percent));
  storage->watching = FALSE;
}

static void
on_measured (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autofree XmStorageSpace *space = g_task_propagate_pointer (G_TASK (result), &error);
  if (space == NULL)
    return; /* cancelled: the XmHostStorage is gone */
  XmHostStorage *storage = user_data;
  storage->space = *space;
  storage->late = FALSE;
  g_clear_handle_id (&storage->patience, g_source_remove);
  g_clear_object (&storage->cancellable);
  tell_watch (storage);
  xm_host_waiters_tell (&storage->waiters);
}

static gboolean
on_late (gpointer user_data)
{
  XmHostStorage *storage = user_data;
  g_warning ("the file system of %s does not answer", storage->service->settings->disks_dir);
  storage->patience = 0;
  storage->late = TRUE;
  xm_host_waiters_tell (&storage->waiters);
  return G_SOURCE_REMOVE;
}

static void
begin (XmHostStorage *storage)
{
  if (storage->cancellable != NULL)
    return;
  storage->cancellable = g_cancellable_new ();
  storage->patience = g_timeout_add_seconds (PATIENCE_S, on_late, storage);
  g_autoptr (GTask) task = g_task_new (NULL, storage->cancellable, on_measured, storage);
  g_task_set_task_data (task, g_strdup (storage->service->settings->disks_dir), g_free);
  g_task_run_in_thread (task, measure_on_thread);
}

void
xm_host_storage_measure (XmHostStorage *storage,
                         void (*done) (gpointer user_data),
                         gpointer user_data)
{
  if (storage->late) {
    done (user_data);
    return;
  }
  xm_host_waiters_add (&storage->waiters, done, user_data);
  begin (storage);
}

/* -- the watch --------------------------------------------------------------------- */

static gboolean
on_time (gpointer user_data)
{
  XmHostStorage *storage = user_data;
  storage->watching = TRUE;
  begin (storage);
  return G_SOURCE_CONTINUE;
}

void
xm_host_storage_reload (XmHostStorage *storage)
{
  guint interval = storage->service->settings->storage_interval;
  g_clear_handle_id (&storage->timer, g_source_remove);
  if (interval > 0)
    storage->timer = g_timeout_add_seconds (interval, on_time, storage);
}

/* -- public ------------------------------------------------------------------------ */

XmHostStorage *
xm_host_storage_new (XmService *service)
{
  XmHostStorage *storage = g_new0 (XmHostStorage, 1);
  storage->service = service;
  xm_host_storage_reload (storage);
  return storage;
}

void
xm_host_storage_free (XmHostStorage *storage)
{
  if (storage->cancellable != NULL)
    g_cancellable_cancel (storage->cancellable);
  g_clear_object (&storage->cancellable);
  g_clear_handle_id (&storage->patience, g_source_remove);
  g_clear_handle_id (&storage->timer, g_source_remove);
  xm_host_waiters_tell (&storage->waiters);
  g_free (storage);
}

XmStorageSpace
xm_host_storage_get (const XmHostStorage *storage)
{
  return storage->space;
}

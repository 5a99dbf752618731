/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-storage.h"

#include <errno.h>
#include <sys/statvfs.h>

#include "shim/host-reading.h"
#include "shim/signals.h"

struct _XmHostStorage {
  XmService *service;
  XmStorageSpace space;
  XmHostReading *reading;
  gboolean watching; /* the next answer is for the watch, too */
  guint timer;
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

static const char *
disks_dir (gpointer owner)
{
  const XmHostStorage *storage = owner;
  return storage->service->settings->disks_dir;
}

static void
take_space (gpointer owner, gpointer result)
{
  XmHostStorage *storage = owner;
  g_autofree XmStorageSpace *space = result;
  storage->space = *space;
  tell_watch (storage);
}

static const XmHostReadingKind reading_kind = { disks_dir, measure_on_thread, take_space,
                                                "the disks" };

void
xm_host_storage_measure (XmHostStorage *storage,
                         void (*done) (gpointer user_data),
                         gpointer user_data)
{
  xm_host_reading_refresh (storage->reading, done, user_data);
}

/* -- the watch --------------------------------------------------------------------- */

static gboolean
on_time (gpointer user_data)
{
  XmHostStorage *storage = user_data;
  storage->watching = TRUE;
  xm_host_reading_refresh (storage->reading, NULL, NULL);
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
  storage->reading = xm_host_reading_new (&reading_kind, storage);
  xm_host_storage_reload (storage);
  return storage;
}

void
xm_host_storage_free (XmHostStorage *storage)
{
  g_clear_handle_id (&storage->timer, g_source_remove);
  xm_host_reading_free (storage->reading);
  g_free (storage);
}

XmStorageSpace
xm_host_storage_get (const XmHostStorage *storage)
{
  return storage->space;
}

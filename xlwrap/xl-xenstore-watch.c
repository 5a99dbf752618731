/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-xenstore-watch.h"

/*
 * A guest can write any number of nodes below a watched one while the main loop
 * is busy. Beyond this many different ones the watched node stands for all.
 */
#define MAX_PENDING 1024

struct _XlXenstoreWatch {
  gatomicrefcount references;
  char *path;

  GMutex lock;
  GSource *source;        /* NULL once the source is gone */
  GPtrArray *pending;     /* of char*, in order of arrival */
  GHashTable *is_pending; /* the same strings, borrowed */
};

typedef struct {
  GSource source;
  XlXenstoreWatch *watch;
  XlXenstoreWorker *worker;
} WatchSource;

XlXenstoreWatch *
xl_xenstore_watch_ref (XlXenstoreWatch *watch)
{
  g_atomic_ref_count_inc (&watch->references);
  return watch;
}

void
xl_xenstore_watch_unref (XlXenstoreWatch *watch)
{
  if (!g_atomic_ref_count_dec (&watch->references))
    return;
  g_hash_table_unref (watch->is_pending);
  g_ptr_array_unref (watch->pending);
  g_mutex_clear (&watch->lock);
  g_free (watch->path);
  g_free (watch);
}

const char *
xl_xenstore_watch_get_path (const XlXenstoreWatch *watch)
{
  return watch->path;
}

void
xl_xenstore_watch_deliver (XlXenstoreWatch *watch, const char *path)
{
  g_mutex_lock (&watch->lock);
  if (watch->source && !g_hash_table_contains (watch->is_pending, path)) {
    char *copy;

    if (watch->pending->len >= MAX_PENDING) {
      g_hash_table_remove_all (watch->is_pending);
      g_ptr_array_set_size (watch->pending, 0);
      path = watch->path;
    }
    copy = g_strdup (path);
    g_ptr_array_add (watch->pending, copy);
    g_hash_table_add (watch->is_pending, copy);
    g_source_set_ready_time (watch->source, 0);
  }
  g_mutex_unlock (&watch->lock);
}

static GPtrArray *
take_pending (XlXenstoreWatch *watch)
{
  GPtrArray *taken;

  g_mutex_lock (&watch->lock);
  taken = watch->pending;
  watch->pending = g_ptr_array_new_with_free_func (g_free);
  g_hash_table_remove_all (watch->is_pending);
  g_mutex_unlock (&watch->lock);
  return taken;
}

static gboolean
watch_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  WatchSource *self = (WatchSource *)source;
  g_autoptr (GPtrArray) paths = NULL;

  /* First this, so that an event that comes from here on makes the source ready again. */
  g_source_set_ready_time (source, -1);
  paths = take_pending (self->watch);
  for (guint i = 0; i < paths->len; i++) {
    /* The callback of one path can have ended the watch. */
    if (!callback || g_source_is_destroyed (source) ||
        !((XlXenstoreWatchFunc)(void (*) (void))callback) (paths->pdata[i], user_data))
      return G_SOURCE_REMOVE;
  }
  return G_SOURCE_CONTINUE;
}

/* Before the source's memory goes: the worker may be about to wake it. */
static void
watch_source_dispose (GSource *source)
{
  WatchSource *self = (WatchSource *)source;

  g_mutex_lock (&self->watch->lock);
  self->watch->source = NULL;
  g_mutex_unlock (&self->watch->lock);
}

static void
watch_source_finalize (GSource *source)
{
  WatchSource *self = (WatchSource *)source;

  xl_xenstore_worker_unwatch (self->worker, self->watch);
  xl_xenstore_worker_unref (self->worker);
  xl_xenstore_watch_unref (self->watch);
}

static GSourceFuncs watch_source_funcs = {
  .dispatch = watch_source_dispatch,
  .finalize = watch_source_finalize,
};

GSource *
xl_xenstore_watch_new_source (XlXenstoreWorker *worker, const char *path)
{
  GSource *source = g_source_new (&watch_source_funcs, sizeof (WatchSource));
  WatchSource *self = (WatchSource *)source;
  XlXenstoreWatch *watch = g_new0 (XlXenstoreWatch, 1);

  g_atomic_ref_count_init (&watch->references);
  g_mutex_init (&watch->lock);
  watch->path = g_strdup (path);
  watch->source = source;
  watch->pending = g_ptr_array_new_with_free_func (g_free);
  watch->is_pending = g_hash_table_new (g_str_hash, g_str_equal);

  self->watch = watch;
  self->worker = xl_xenstore_worker_ref (worker);
  g_source_set_dispose_function (source, watch_source_dispose);
  g_source_set_static_name (source, "xenstore watch");
  xl_xenstore_worker_watch (worker, watch);
  return source;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-xenstore.h"

#include "xlwrap/xl-xenstore-watch.h"
#include "xlwrap/xl-xenstore-worker.h"

struct _XlXenstore {
  GObject parent;
  XlXenstoreWorker *worker;
};

G_DEFINE_TYPE (XlXenstore, xl_xenstore, G_TYPE_OBJECT)

typedef struct {
  XlXenstoreChange *changes; /* with strings of their own */
  gsize n_changes;
} Changes;

static void
changes_free (gpointer data)
{
  Changes *self = data;

  for (gsize i = 0; i < self->n_changes; i++) {
    g_free ((char *)self->changes[i].path);
    g_free ((char *)self->changes[i].value);
    g_free ((char *)self->changes[i].permissions);
  }
  g_free (self->changes);
  g_free (self);
}

static Changes *
changes_copy (const XlXenstoreChange *changes, gsize n_changes)
{
  Changes *self = g_new (Changes, 1);

  self->changes = g_new (XlXenstoreChange, n_changes);
  self->n_changes = n_changes;
  for (gsize i = 0; i < n_changes; i++) {
    self->changes[i].path = g_strdup (changes[i].path);
    self->changes[i].value = g_strdup (changes[i].value);
    self->changes[i].permissions = g_strdup (changes[i].permissions);
  }
  return self;
}

static gpointer
call_read (XlXenstoreLink *link, gpointer data, GError **error)
{
  return xl_xenstore_call_read (link, data, error);
}

static gpointer
call_list (XlXenstoreLink *link, gpointer data, GError **error)
{
  return xl_xenstore_call_list (link, data, error);
}

/* Success has no value to carry: any pointer but NULL. */
static gpointer
call_apply (XlXenstoreLink *link, gpointer data, GError **error)
{
  const Changes *self = data;

  return GINT_TO_POINTER (xl_xenstore_call_apply (link, self->changes, self->n_changes, error));
}

static void
strv_free (gpointer data)
{
  g_strfreev (data);
}

static GTask *
new_task (XlXenstore *self,
          GCancellable *cancellable,
          GAsyncReadyCallback callback,
          gpointer user_data,
          gpointer tag)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  return task;
}

void
xl_xenstore_read_async (XlXenstore *self,
                        const char *path,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr (GTask) task =
      new_task (self, cancellable, callback, user_data, xl_xenstore_read_async);

  g_task_set_task_data (task, g_strdup (path), g_free);
  xl_xenstore_worker_submit (self->worker, task, call_read, g_free);
}

char *
xl_xenstore_read_finish (XlXenstore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
xl_xenstore_list_async (XlXenstore *self,
                        const char *path,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr (GTask) task =
      new_task (self, cancellable, callback, user_data, xl_xenstore_list_async);

  g_task_set_task_data (task, g_strdup (path), g_free);
  xl_xenstore_worker_submit (self->worker, task, call_list, strv_free);
}

char **
xl_xenstore_list_finish (XlXenstore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
xl_xenstore_apply_async (XlXenstore *self,
                         const XlXenstoreChange *changes,
                         gsize n_changes,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task =
      new_task (self, cancellable, callback, user_data, xl_xenstore_apply_async);
  GError *error = NULL;

  for (gsize i = 0; i < n_changes; i++)
    if (!xl_xenstore_check_change (&changes[i], &error)) {
      g_task_return_error (task, error);
      return;
    }
  g_task_set_task_data (task, changes_copy (changes, n_changes), changes_free);
  xl_xenstore_worker_submit (self->worker, task, call_apply, NULL);
}

gboolean
xl_xenstore_apply_finish (XlXenstore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_pointer (G_TASK (result), error) != NULL;
}

GSource *
xl_xenstore_watch_source_new (XlXenstore *self, const char *path)
{
  return xl_xenstore_watch_new_source (self->worker, path);
}

void
xl_xenstore_close (XlXenstore *self)
{
  xl_xenstore_worker_close (self->worker);
}

XlXenstore *
xl_xenstore_new (void)
{
  return g_object_new (XL_TYPE_XENSTORE, NULL);
}

static void
xl_xenstore_finalize (GObject *object)
{
  XlXenstore *self = XL_XENSTORE (object);

  xl_xenstore_worker_close (self->worker);
  xl_xenstore_worker_unref (self->worker);
  G_OBJECT_CLASS (xl_xenstore_parent_class)->finalize (object);
}

static void
xl_xenstore_class_init (XlXenstoreClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = xl_xenstore_finalize;
}

static void
xl_xenstore_init (XlXenstore *self)
{
  self->worker = xl_xenstore_worker_new ();
}

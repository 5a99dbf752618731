/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/diag-gather.h"

#include <string.h>

#include "shim/diag-dir.h"
#include "shim/error.h"
#include "shim/root-config.h"
#include "shim/signals.h"
#include "shim/vm.h"

#define PREFIX      "sr-xcdiag"
#define MAX_TIMEOUT 86400 /* seconds */

/** Collection: alive while it is in progress and while files of it are being written. */
typedef struct {
  XmDiagGather *gather; /* NULL once it has ended */
  GTask *task;
  char *dir; /* NULL until it is made */
  char *mode;
  guint timer;
  gulong cancel_handler;
  gulong refresh_handler;
  guint received;
  guint writing;
  guint n_files;
  gsize bytes;
  gboolean over; /* no more is waited for */
} Collection;

struct _XmDiagGather {
  XmService *service;
  Collection *collection; /* NULL: none in progress */
};

static void
collection_clear (gpointer data)
{
  Collection *collection = data;
  g_object_unref (collection->task);
  g_free (collection->dir);
  g_free (collection->mode);
}

static void
collection_unref (Collection *collection)
{
  g_rc_box_release_full (collection, collection_clear);
}

/* -- the end ----------------------------------------------------------------------- */

static void
remove_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  xm_diag_dir_remove (task_data);
  g_task_return_boolean (task, TRUE);
}

/* @error: (transfer full) (nullable): NULL answers with the directory */
static void
end (Collection *collection, GError *error)
{
  XmDiagGather *gather = collection->gather;
  if (gather == NULL)
    return;
  gather->collection = NULL;
  collection->gather = NULL;
  g_clear_handle_id (&collection->timer, g_source_remove);
  g_clear_signal_handler (&collection->refresh_handler, gather->service->domains);
  g_clear_signal_handler (&collection->cancel_handler, g_task_get_cancellable (collection->task));
  if (error == NULL) {
    g_task_return_pointer (collection->task, g_strdup (collection->dir), g_free);
  } else {
    g_task_return_error (collection->task, error);
    if (collection->dir != NULL) {
      g_autoptr (GTask) removal = g_task_new (NULL, NULL, NULL, NULL);
      g_task_set_task_data (removal, g_strdup (collection->dir), g_free);
      g_task_run_in_thread (removal, remove_in_thread);
    }
  }
  collection_unref (collection);
}

/* How many files there should be. */
static guint
count_expected (const XmService *service, guint *running)
{
  GHashTableIter iter;
  gpointer vm;
  guint expected = 0;
  *running = 0;
  g_hash_table_iter_init (&iter, service->vms);
  while (g_hash_table_iter_next (&iter, NULL, &vm)) {
    if (!xm_vm_is_user (vm) || !xm_vm_is_running (vm))
      continue;
    ++*running;
    expected += xm_vm_read_boolean (vm, "pv-addons-installed", FALSE);
  }
  return expected;
}

static void
check (Collection *collection)
{
  guint running;
  if (collection->gather == NULL || collection->dir == NULL || collection->writing > 0)
    return;
  if (collection->over ||
      collection->received >= count_expected (collection->gather->service, &running))
    end (collection, NULL);
}

/* -- the beginning ----------------------------------------------------------------- */

static gboolean
on_timeout (gpointer user_data)
{
  Collection *collection = user_data;
  collection->timer = 0;
  collection->over = TRUE;
  g_message ("diagnostic files: not all guests have sent theirs: %u have come",
             collection->received);
  check (collection);
  return G_SOURCE_REMOVE;
}

/* A guest that has gone will send nothing. */
static void
on_refreshed (XmDomains *domains, gpointer user_data)
{
  check (user_data);
}

static void
on_dir_made (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Collection *collection = user_data;
  GError *error = NULL;
  collection->dir = g_task_propagate_pointer (G_TASK (result), &error);
  if (collection->gather == NULL) {
    g_clear_error (&error); /* it ended meanwhile */
  } else if (error != NULL) {
    end (collection, error);
  } else {
    XmService *service = collection->gather->service;
    int seconds = xm_root_config_integer (service, "xc-diag-timeout");
    guint running;
    count_expected (service, &running);
    collection->over = running == 0;
    if (running > 0) {
      collection->timer =
          g_timeout_add_seconds ((guint)CLAMP (seconds, 0, MAX_TIMEOUT), on_timeout, collection);
      collection->refresh_handler =
          g_signal_connect (service->domains, "refreshed", G_CALLBACK (on_refreshed), collection);
      xm_signal_gather_request (service, collection->mode);
    }
    check (collection);
  }
  collection_unref (collection);
}

static void
make_dir_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  GError *error = NULL;
  char *dir = xm_diag_dir_new (task_data, PREFIX, &error);
  if (dir != NULL)
    g_task_return_pointer (task, dir, g_free);
  else
    g_task_return_error (task, error);
}

static gboolean
on_cancelled (gpointer user_data)
{
  Collection *collection = user_data;
  end (collection, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "nobody waits for it"));
  return G_SOURCE_REMOVE;
}

/* Not from within the signal, whose handlers must not take themselves away. */
static void
on_cancel (GCancellable *cancellable, gpointer user_data)
{
  g_idle_add_full (G_PRIORITY_DEFAULT, on_cancelled, g_rc_box_acquire (user_data),
                   (GDestroyNotify)collection_unref);
}

void
xm_diag_collect_async (XmService *service,
                       const char *mode,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  XmDiagGather *gather = service->diag_gather;
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, xm_diag_collect_async);
  g_task_set_check_cancellable (task, FALSE);
  if (gather->collection != NULL) {
    GError *error = NULL;
    xm_error_set_plain (&error, "diagnostic information is being gathered already");
    g_task_return_error (task, error);
    return;
  }
  Collection *collection = g_rc_box_new0 (Collection);
  collection->gather = gather;
  collection->task = g_object_ref (task);
  collection->mode = g_strdup (mode);
  gather->collection = collection;
  if (cancellable != NULL)
    collection->cancel_handler =
        g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_cancel), collection);
  g_autoptr (GTask) thread = g_task_new (NULL, NULL, on_dir_made, g_rc_box_acquire (collection));
  g_task_set_task_data (thread, g_strdup (service->settings->diag_dir), g_free);
  g_task_run_in_thread (thread, make_dir_in_thread);
}

char *
xm_diag_collect_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* -- files ------------------------------------------------------------------------- */

/** File: one from a guest. */
typedef struct {
  Collection *collection;
  GTask *task;
  char *dir, *name;
  GVariant *owner;
  const char *data;
  gsize size;
} File;

static void
file_free (File *file)
{
  collection_unref (file->collection);
  g_object_unref (file->task);
  g_free (file->dir);
  g_free (file->name);
  g_variant_unref (file->owner);
  g_free (file);
}

static void
write_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const File *file = task_data;
  GError *error = NULL;
  gsize length;
  g_autofree guint8 *bytes = xm_hex_decode (file->data, &length, &error);
  if (bytes != NULL && xm_diag_dir_write (file->dir, file->name, bytes, length, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  File *file = user_data;
  Collection *collection = file->collection;
  GError *error = NULL;
  collection->writing--;
  if (g_task_propagate_boolean (G_TASK (result), &error)) {
    collection->received++;
    g_task_return_boolean (file->task, TRUE);
  } else {
    collection->n_files--;
    collection->bytes -= file->size;
    g_task_return_error (file->task, error);
  }
  check (collection);
  file_free (file);
}

/* @collection: (nullable) */
static gboolean
accepts (const Collection *collection, const char *name, gsize size, GError **error)
{
  if (collection == NULL || collection->dir == NULL || collection->over) {
    xm_error_set (error, XM_ERROR_NOT_GATHERING);
    return FALSE;
  }
  if (!xm_diag_name_check (name, error))
    return FALSE;
  if (collection->n_files < XM_DIAG_MAX_FILES && size <= XM_DIAG_MAX_BYTES - collection->bytes)
    return TRUE;
  xm_error_set_plain (error, "too much diagnostic information: at most %d files and %d bytes",
                      XM_DIAG_MAX_FILES, XM_DIAG_MAX_BYTES);
  return FALSE;
}

void
xm_diag_take_async (XmService *service,
                    const char *name,
                    const char *data,
                    GVariant *owner,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
  Collection *collection = service->diag_gather->collection;
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  g_task_set_source_tag (task, xm_diag_take_async);
  gsize size = strlen (data) / 2;
  GError *error = NULL;
  if (!accepts (collection, name, size, &error)) {
    g_task_return_error (task, error);
    return;
  }
  collection->writing++;
  collection->n_files++;
  collection->bytes += size;
  File *file = g_new (File, 1);
  *file = (File){ .collection = g_rc_box_acquire (collection),
                  .task = g_object_ref (task),
                  .dir = g_strdup (collection->dir),
                  .name = g_strdup (name),
                  .owner = g_variant_ref (owner),
                  .data = data,
                  .size = size };
  g_autoptr (GTask) thread = g_task_new (NULL, NULL, on_written, file);
  g_task_set_task_data (thread, file, NULL);
  g_task_run_in_thread (thread, write_in_thread);
}

gboolean
xm_diag_take_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

XmDiagGather *
xm_diag_gather_new (XmService *service)
{
  XmDiagGather *gather = g_new0 (XmDiagGather, 1);
  gather->service = service;
  return gather;
}

void
xm_diag_gather_free (XmDiagGather *gather)
{
  if (gather->collection != NULL)
    end (gather->collection,
         g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the service ends"));
  g_free (gather);
}

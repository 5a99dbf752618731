/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/start-image.h"

#include <sys/stat.h>

#define PROPERTY "start-from-suspend-image"

static void
look_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  struct stat info;
  gboolean found = stat (task_data, &info) == 0 && S_ISREG (info.st_mode);
  g_task_return_int (task, found ? info.st_size : -1);
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  XmStart *start = g_task_get_task_data (task);
  const char *path = g_task_get_task_data (G_TASK (result));
  GError *error = NULL;
  gssize size = g_task_propagate_int (G_TASK (result), &error);
  if (size >= 0) {
    start->image = g_strdup (path);
    start->image_size = (guint64)size;
  }
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

void
xm_start_find_image (XmStart *start, GTask *task)
{
  const char *path = xm_vm_read (start->vm, PROPERTY);
  if (path == NULL || *path == '\0') {
    g_task_return_boolean (task, TRUE);
    g_object_unref (task);
    return;
  }
  g_task_set_task_data (task, start, NULL);
  g_autoptr (GTask) look = g_task_new (NULL, start->cancellable, on_looked, task);
  g_task_set_task_data (look, g_strdup (path), g_free);
  g_task_run_in_thread (look, look_in_thread);
}

/* -- what the guest sees ----------------------------------------------------------- */

static char *
directory_node (const XmVm *vm)
{
  return g_strconcat ("/xenmgr/service-vm-snapshot/", vm->uuid, NULL);
}

void
xm_start_mark_image_async (XmVm *vm, guint domid, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autofree char *directory = directory_node (vm);
  g_autofree char *node = g_strconcat (directory, "/state", NULL);
  g_autofree char *permissions = g_strdup_printf ("n0,b%u", domid);
  const XlXenstoreChange change = { node, "resume", permissions };
  xl_xenstore_apply_async (vm->service->xenstore, &change, 1, NULL, callback, user_data);
}

gboolean
xm_start_mark_image_finish (XmVm *vm, GAsyncResult *result, GError **error)
{
  return xl_xenstore_apply_finish (vm->service->xenstore, result, error);
}

void
xm_start_unmark_image (XmVm *vm)
{
  const char *path = xm_vm_read (vm, PROPERTY);
  if (path == NULL || *path == '\0')
    return;
  g_autofree char *directory = directory_node (vm);
  const XlXenstoreChange change = { directory, NULL, NULL };
  xl_xenstore_apply_async (vm->service->xenstore, &change, 1, NULL, NULL, NULL);
}

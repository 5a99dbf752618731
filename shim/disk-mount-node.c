/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/disk-mount-node.h"

void
xm_disk_mount_node_free (XmDiskMountNode *node)
{
  g_free (node->device);
  g_free (node->dir);
  g_free (node);
}

char *
xm_disk_mount_node_folder (const XmVm *vm)
{
  return g_strconcat ("/xenmgr/mount/", vm->uuid, NULL);
}

static char *
node_path (const XmVm *vm, guint id, const char *name)
{
  g_autofree char *folder = xm_disk_mount_node_folder (vm);
  return g_strdup_printf ("%s/%u%s", folder, id, name);
}

/* -- reading: one node after the other --------------------------------------------- */

/** Reading: data of the task. */
typedef struct {
  XmVm *vm;
  guint id;
  XmDiskMountNode *node;
} Reading;

static void
reading_free (gpointer data)
{
  Reading *reading = data;
  g_clear_pointer (&reading->node, xm_disk_mount_node_free);
  xm_vm_unref (reading->vm);
  g_free (reading);
}

static void read_next (GTask *task);

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Reading *reading = g_task_get_task_data (task);
  XmDiskMountNode *node = reading->node;
  GError *error = NULL;
  char *text = xl_xenstore_read_finish (XL_XENSTORE (source), result, &error);
  if (g_error_matches (error, XL_ERROR, XL_ERROR_NOT_FOUND)) {
    text = g_strdup ("");
    g_clear_error (&error);
  }
  if (error != NULL) {
    g_task_return_error (task, error);
    g_object_unref (task);
    return;
  }
  if (node->device == NULL)
    node->device = text;
  else
    node->dir = text;
  read_next (task);
}

static void
read_next (GTask *task)
{
  Reading *reading = g_task_get_task_data (task);
  if (reading->node->dir != NULL) {
    g_task_return_pointer (task, g_steal_pointer (&reading->node),
                           (GDestroyNotify)xm_disk_mount_node_free);
    g_object_unref (task);
    return;
  }
  g_autofree char *path =
      node_path (reading->vm, reading->id, reading->node->device == NULL ? "/dev" : "/path");
  xl_xenstore_read_async (reading->vm->service->xenstore, path, NULL, on_read, task);
}

void
xm_disk_mount_node_read_async (XmVm *vm, guint id, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  Reading *reading = g_new (Reading, 1);
  *reading = (Reading){ xm_vm_ref (vm), id, g_new0 (XmDiskMountNode, 1) };
  g_task_set_source_tag (task, xm_disk_mount_node_read_async);
  g_task_set_task_data (task, reading, reading_free);
  read_next (task);
}

XmDiskMountNode *
xm_disk_mount_node_read_finish (XmVm *vm, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* -- changing ---------------------------------------------------------------------- */

void
xm_disk_mount_node_write_async (XmVm *vm,
                                guint id,
                                const char *device,
                                const char *dir,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_autofree char *device_node = node_path (vm, id, "/dev");
  g_autofree char *dir_node = node_path (vm, id, "/path");
  const XlXenstoreChange changes[] = { { device_node, device, NULL }, { dir_node, dir, NULL } };
  xl_xenstore_apply_async (vm->service->xenstore, changes, G_N_ELEMENTS (changes), NULL, callback,
                           user_data);
}

void
xm_disk_mount_node_remove_async (XmVm *vm,
                                 guint id,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autofree char *node = node_path (vm, id, "");
  const XlXenstoreChange change = { node, NULL, NULL };
  xl_xenstore_apply_async (vm->service->xenstore, &change, 1, NULL, callback, user_data);
}

gboolean
xm_disk_mount_node_change_finish (XmVm *vm, GAsyncResult *result, GError **error)
{
  return xl_xenstore_apply_finish (vm->service->xenstore, result, error);
}

gboolean
xm_disk_mount_node_is_mounted (XmVm *vm, const XmDiskMountNode *node)
{
  if (*node->device == '\0' || *node->dir == '\0')
    return FALSE;
  g_autoptr (GPtrArray) table = xm_mounted_list (vm->service);
  return xm_mounted_find (table, node->device, node->dir) != NULL;
}

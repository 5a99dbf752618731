/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/disk-mounts.h"

#include "shim/disk-mount-node.h"
#include "shim/error.h"
#include "shim/mount.h"
#include "shim/vm-device.h"

typedef struct {
  XmService *service;
  GPtrArray *vms; /* XmVm */
  GArray *ids;    /* guint */
  guint next;     /* index of both */
  gboolean any;
} Check;

static void
check_free (gpointer data)
{
  Check *check = data;
  g_ptr_array_unref (check->vms);
  g_array_unref (check->ids);
  g_free (check);
}

char *
xm_disk_mounts_key (const XmVm *vm, guint id)
{
  return g_strdup_printf ("%s/%u", vm->uuid, id);
}

gboolean
xm_disk_mounts_check_idle (const XmVm *vm, guint id, GError **error)
{
  g_autofree char *key = xm_disk_mounts_key (vm, id);
  if (!g_hash_table_contains (vm->service->mounting, key))
    return TRUE;
  xm_error_set_plain (error, "disk %u of vm %s is being mounted or unmounted", id, vm->uuid);
  return FALSE;
}

static void check_next (GTask *task);

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Check *check = g_task_get_task_data (task);
  guint id = g_array_index (check->ids, guint, check->next);
  XmVm *vm = check->vms->pdata[check->next];
  g_autoptr (XmDiskMountNode) node = xm_disk_mount_node_read_finish (vm, result, NULL);
  g_autoptr (GPtrArray) table = xm_mounted_list (check->service);
  const XmMounted *mounted =
      node != NULL && *node->dir != '\0' ? xm_mounted_find (table, node->device, node->dir) : NULL;
  if (mounted != NULL && (mounted->writable || check->any)) {
    GError *error = NULL;
    xm_error_set_plain (&error, "disk %u of vm %s is mounted%s at %s", id, vm->uuid,
                        check->any ? "" : " for writing", mounted->dir);
    g_task_return_error (task, error);
    g_object_unref (task);
    return;
  }
  check->next++;
  check_next (task);
}

static void
check_next (GTask *task)
{
  Check *check = g_task_get_task_data (task);
  GError *error = NULL;
  if (check->next == check->ids->len) {
    g_task_return_boolean (task, TRUE);
    g_object_unref (task);
    return;
  }
  guint id = g_array_index (check->ids, guint, check->next);
  XmVm *vm = check->vms->pdata[check->next];
  if (xm_disk_mounts_check_idle (vm, id, &error)) {
    xm_disk_mount_node_read_async (vm, id, on_read, task);
  } else {
    g_task_return_error (task, error);
    g_object_unref (task);
  }
}

void
xm_disk_mounts_check_async (XmService *service,
                            GPtrArray *vms,
                            GArray *ids,
                            gboolean any,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  Check *check = g_new (Check, 1);
  *check = (Check){ service, vms, ids, 0, any };
  g_task_set_source_tag (task, xm_disk_mounts_check_async);
  g_task_set_task_data (task, check, check_free);
  check_next (task);
}

void
xm_disk_mounts_check_vm_async (XmVm *vm, GAsyncReadyCallback callback, gpointer user_data)
{
  GPtrArray *vms = g_ptr_array_new_with_free_func ((GDestroyNotify)xm_vm_unref);
  GArray *ids = xm_vm_list_ids (vm, "config/disk");
  for (guint i = 0; i < ids->len; i++)
    g_ptr_array_add (vms, xm_vm_ref (vm));
  xm_disk_mounts_check_async (vm->service, vms, ids, TRUE, callback, user_data);
}

gboolean
xm_disk_mounts_check_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

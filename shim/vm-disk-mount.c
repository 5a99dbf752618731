/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-disk-mount.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "shim/block-device.h"
#include "shim/block-nbd.h"
#include "shim/disk-mount-node.h"
#include "shim/disk-mounts.h"
#include "shim/error.h"
#include "shim/lifecycle.h"
#include "shim/mount.h"
#include "shim/vm-disk.h"

/** Call: one call of mount or umount. */
typedef struct {
  XmVm *vm;
  GDBusMethodInvocation *invocation;
  guint id;
  char *key; /* in XmService.mounting */
  gboolean read_only;
  char *dir;
  XmBlockDevice *device;
  XmDiskMountNode *node; /* of umount */
  GError *failure;       /* while all is taken back */
} Call;

static void
call_free (Call *call)
{
  g_hash_table_remove (call->vm->service->mounting, call->key);
  g_free (call->key);
  g_free (call->dir);
  g_clear_pointer (&call->device, xm_block_device_free);
  g_clear_pointer (&call->node, xm_disk_mount_node_free);
  g_clear_error (&call->failure);
  xm_vm_unref (call->vm);
  g_free (call);
}

static void
succeed (Call *call)
{
  g_dbus_method_invocation_return_value (call->invocation, NULL);
  call_free (call);
}

/* @error: (transfer full) */
static void
fail (Call *call, GError *error)
{
  xm_error_return (call->invocation, error);
  call_free (call);
}

/* What both methods ask first. (transfer full) (nullable): without one the call is answered. */
static Call *
call_new (XmVmDevice *disk, GDBusMethodInvocation *invocation)
{
  static const char *const types[] = { "vhd", "file", "raw", "aio", NULL };
  XmVm *vm = disk->vm;
  GHashTable *mounting = vm->service->mounting;
  g_autofree char *key = xm_disk_mounts_key (vm, disk->id);
  GError *error = NULL;
  if (!xm_vm_device_exists (vm, "disk", disk->id))
    xm_error_set (&error, XM_ERROR_NO_SUCH_DISK);
  else if (!g_strv_contains (types, xm_vm_disk_type (vm, disk->id)))
    xm_error_set (&error, XM_ERROR_DISK_TYPE);
  else
    xm_disk_mounts_check_idle (vm, disk->id, &error);
  if (error != NULL) {
    xm_error_return (invocation, error);
    return NULL;
  }
  Call *call = g_new0 (Call, 1);
  call->vm = xm_vm_ref (vm);
  call->invocation = invocation;
  call->id = disk->id;
  call->key = g_strdup (key);
  g_hash_table_add (mounting, g_steal_pointer (&key));
  return call;
}

/* -- mount: the way back ----------------------------------------------------------- */

static void
on_withdrawn (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  g_autoptr (GError) error = NULL;
  if (!xm_block_device_detach_finish (result, &error))
    g_warning ("%s stays attached: %s", call->device->name, error->message);
  fail (call, g_steal_pointer (&call->failure));
}

static void
on_forgotten (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  g_autoptr (GError) error = NULL;
  if (!xm_disk_mount_node_change_finish (call->vm, result, &error))
    g_warning ("%s", error->message);
  xm_block_device_detach_async (call->vm->service, call->device->name, on_withdrawn, call);
}

/* @error: (transfer full) */
static void
withdraw (Call *call, GError *error)
{
  call->failure = error;
  xm_disk_mount_node_remove_async (call->vm, call->id, on_forgotten, call);
}

/* -- mount ------------------------------------------------------------------------- */

static void
on_mounted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  GError *error = NULL;
  if (xm_mount_finish (result, &error))
    succeed (call);
  else
    withdraw (call, error);
}

/* The node is written first: whenever the service dies, what is mounted is known. */
static void
on_noted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  GError *error = NULL;
  if (xm_disk_mount_node_change_finish (call->vm, result, &error))
    xm_mount_async (call->vm->service, call->device->path, call->dir,
                    call->read_only ? XM_MOUNT_READ_ONLY : 0, NULL, on_mounted, call);
  else
    withdraw (call, error);
}

static void
on_attached (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  GError *error = NULL;
  call->device = xm_block_device_attach_finish (result, &error);
  if (call->device != NULL)
    xm_disk_mount_node_write_async (call->vm, call->id, call->device->path, call->dir, on_noted,
                                    call);
  else
    fail (call, error);
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  GError *error = NULL;
  g_autoptr (XmDiskMountNode) node = xm_disk_mount_node_read_finish (call->vm, result, &error);
  if (node != NULL && xm_disk_mount_node_is_mounted (call->vm, node))
    xm_error_set_plain (&error, "disk %u of vm %s is mounted already at %s", call->id,
                        call->vm->uuid, node->dir);
  else if (node != NULL && !xm_vm_device_exists (call->vm, "disk", call->id))
    xm_error_set (&error, XM_ERROR_NO_SUCH_DISK);
  if (error != NULL) {
    fail (call, error);
    return;
  }
  xm_block_device_attach_async (call->vm->service, xm_vm_disk_path (call->vm, call->id),
                                xm_vm_disk_type (call->vm, call->id), 0, call->read_only, NULL,
                                on_attached, call);
}

/* -- mount: may it be? ------------------------------------------------------------- */

static void
on_dir_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  GError *error = NULL;
  char *dir = g_task_propagate_pointer (G_TASK (result), &error);
  if (dir == NULL) {
    fail (call, error);
    return;
  }
  g_free (call->dir);
  call->dir = dir;
  xm_disk_mount_node_read_async (call->vm, call->id, on_looked, call);
}

static void
find_dir_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const char *dir = task_data;
  struct stat status;
  GError *error = NULL;
  char *real = realpath (dir, NULL);
  if (real == NULL || stat (real, &status) < 0)
    xm_error_set_file (&error, dir, "openFile", errno);
  else if (!S_ISDIR (status.st_mode))
    xm_error_set_file (&error, dir, "openFile", ENOTDIR);
  if (error == NULL)
    g_task_return_pointer (task, g_strdup (real), g_free);
  else
    g_task_return_error (task, error);
  free (real);
}

static gboolean
has_image (const XmVm *vm, const char *image)
{
  g_autoptr (GArray) ids = xm_vm_list_ids (vm, "config/disk");
  for (guint i = 0; i < ids->len; i++) {
    if (g_str_equal (xm_vm_disk_path (vm, g_array_index (ids, guint, i)), image))
      return TRUE;
  }
  return FALSE;
}

/* A VM that runs, or is about to, with the same image. */
static const XmVm *
find_user (XmService *service, const char *image)
{
  GHashTableIter iter;
  gpointer vm;
  g_hash_table_iter_init (&iter, service->vms);
  while (g_hash_table_iter_next (&iter, NULL, &vm)) {
    if (!xm_vm_is_running (vm) && !xm_lifecycle_is_busy (vm))
      continue;
    if (has_image (vm, image))
      return vm;
  }
  return NULL;
}

void
xm_vm_disk_mount (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  Call *call = call_new (owner, invocation);
  if (call == NULL)
    return;
  gboolean read_only;
  g_variant_get (parameters, "(sb)", &call->dir, &read_only);
  call->read_only = read_only;
  const char *image = xm_vm_disk_path (call->vm, call->id);
  const XmVm *user = read_only ? NULL : find_user (call->vm->service, image);
  GError *error = NULL;
  if (!g_path_is_absolute (call->dir))
    xm_error_set_file (&error, call->dir, "openFile", EINVAL);
  else if (!g_path_is_absolute (image))
    xm_error_set_plain (&error, "Bad Physical Path for disk %u (%s)", call->id, image);
  else if (user != NULL)
    xm_error_set_plain (&error, "disk %u cannot be mounted for writing: vm %s runs with it",
                        call->id, user->uuid);
  else
    xm_mounted_check_shared (call->vm->service, call->dir, &error);
  if (error != NULL) {
    fail (call, error);
    return;
  }
  g_autoptr (GTask) thread = g_task_new (NULL, NULL, on_dir_found, call);
  g_task_set_source_tag (thread, find_dir_in_thread);
  g_task_set_task_data (thread, g_strdup (call->dir), g_free);
  g_task_run_in_thread (thread, find_dir_in_thread);
}

/* -- umount ------------------------------------------------------------------------ */

static void
on_gone (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  GError *error = NULL;
  if (xm_disk_mount_node_change_finish (call->vm, result, &error))
    succeed (call);
  else
    fail (call, error);
}

static void
on_detached (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  GError *error = NULL;
  if (xm_block_device_detach_finish (result, &error))
    xm_disk_mount_node_remove_async (call->vm, call->id, on_gone, call);
  else
    fail (call, error);
}

static void
detach (Call *call)
{
  g_autofree char *name = g_path_get_basename (call->node->device);
  xm_block_device_detach_async (call->vm->service, name, on_detached, call);
}

/* The device may be another disk's by now. */
static gboolean
is_left_attached (const Call *call)
{
  g_autofree char *name = g_path_get_basename (call->node->device);
  g_autoptr (GPtrArray) table = xm_mounted_list (call->vm->service);
  return xm_mounted_find (table, call->node->device, NULL) == NULL &&
         xm_block_nbd_serves (call->vm->service, name, xm_vm_disk_path (call->vm, call->id));
}

static void
on_unmounted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  GError *error = NULL;
  if (xm_umount_finish (result, &error))
    detach (call);
  else
    fail (call, error);
}

static void
on_mount_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  GError *error = NULL;
  call->node = xm_disk_mount_node_read_finish (call->vm, result, &error);
  if (call->node == NULL) {
    fail (call, error);
    return;
  }
  if (*call->node->dir == '\0') {
    xm_error_set_io (&error, "device not mounted \"%s\"", call->node->device);
    fail (call, error);
  } else if (xm_disk_mount_node_is_mounted (call->vm, call->node)) {
    xm_umount_async (call->vm->service, call->node->dir, on_unmounted, call);
  } else if (is_left_attached (call)) {
    detach (call); /* unmounted by hand */
  } else {
    xm_disk_mount_node_remove_async (call->vm, call->id, on_gone, call);
  }
}

void
xm_vm_disk_umount (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  Call *call = call_new (owner, invocation);
  if (call != NULL)
    xm_disk_mount_node_read_async (call->vm, call->id, on_mount_read, call);
}

/* -- the step of a start ----------------------------------------------------------- */

static void
on_checked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  if (xm_disk_mounts_check_finish (result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* The disks of @vm that have an image of the starting VM's. */
static void
add_disks (GPtrArray *vms, GArray *ids, XmVm *vm, const XmVm *starting)
{
  g_autoptr (GArray) all = xm_vm_list_ids (vm, "config/disk");
  for (guint i = 0; i < all->len; i++) {
    guint id = g_array_index (all, guint, i);
    if (vm != starting && !has_image (starting, xm_vm_disk_path (vm, id)))
      continue;
    g_ptr_array_add (vms, xm_vm_ref (vm));
    g_array_append_val (ids, id);
  }
}

void
xm_start_check_mounts (XmStart *start, GTask *task)
{
  XmService *service = start->vm->service;
  GPtrArray *vms = g_ptr_array_new_with_free_func ((GDestroyNotify)xm_vm_unref);
  GArray *ids = g_array_new (FALSE, FALSE, sizeof (guint));
  GHashTableIter iter;
  gpointer vm;
  g_hash_table_iter_init (&iter, service->vms);
  while (g_hash_table_iter_next (&iter, NULL, &vm))
    add_disks (vms, ids, vm, start->vm);
  xm_disk_mounts_check_async (service, vms, ids, FALSE, on_checked, task);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-cd.h"

#include <string.h>

#include "shim/error.h"
#include "shim/root-config.h"
#include "shim/vm-disk.h"
#include "xlwrap/xl-commands.h"

#define DRIVE    "hdc"
#define NULL_ISO "null.iso"

/* -- what is stored ---------------------------------------------------------------- */

char *
xm_iso_dir (XmService *service)
{
  return xm_root_config_text (service, "iso-path");
}

gboolean
xm_iso_is_null (const char *path)
{
  return *path == '\0' || g_str_equal (path, NULL_ISO) || g_str_has_suffix (path, "/" NULL_ISO);
}

/* (transfer full): ids of the disks that are the drive. */
static GArray *
list_drives (const XmVm *vm)
{
  GArray *ids = xm_vm_list_ids (vm, "config/disk");
  for (guint i = ids->len; i > 0; i--) {
    guint id = g_array_index (ids, guint, i - 1);
    if (g_strcmp0 (xm_vm_device_read (vm, "disk", id, "device"), DRIVE) != 0)
      g_array_remove_index (ids, i - 1);
  }
  return ids;
}

GVariant *
xm_vm_get_cd (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  g_autoptr (GArray) ids = list_drives (vm);
  const char *path = ids->len > 0 ? xm_vm_disk_path (vm, g_array_index (ids, guint, 0)) : "";
  if (xm_iso_is_null (path))
    return g_variant_new_string ("");
  return g_variant_new_take_string (g_path_get_basename (path));
}

static gboolean
check_name (const char *name, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (name, "/", -1);
  gboolean fine = *name != '/';
  for (char **part = parts; *part != NULL; part++)
    fine &= !g_str_equal (*part, "..");
  if (!fine)
    xm_error_set_plain (error, "not the name of an image in the folder of images: %s", name);
  return fine;
}

/* (transfer full): path of the image called @name. */
static char *
image_path (XmVm *vm, const char *name)
{
  g_autofree char *folder = xm_iso_dir (vm->service);
  return g_build_filename (folder, *name != '\0' ? name : NULL_ISO, NULL);
}

gboolean
xm_vm_store_cd (XmVm *vm, const char *name, GError **error)
{
  if (!check_name (name, error))
    return FALSE;
  g_autofree char *path = image_path (vm, name);
  g_autoptr (GArray) ids = list_drives (vm);
  gboolean changed = FALSE;
  for (guint i = 0; i < ids->len; i++) {
    guint id = g_array_index (ids, guint, i);
    if (g_str_equal (xm_vm_disk_path (vm, id), path))
      continue;
    if (!xm_vm_device_write (vm, "disk", id, "path", path, error))
      return FALSE;
    changed = TRUE;
  }
  if (changed)
    xm_vm_config_changed (vm);
  return TRUE;
}

/* -- the drive of a running domain ------------------------------------------------- */

/* One disc change; those of a VM stand in a queue, whose head runs. */
typedef struct {
  XmVm *vm;
  char *path; /* NULL: eject */
  GTask *task;
} Change;

static GHashTable *queues; /* XmVm -> GQueue of Change, while there is one */

static void run_change (Change *change);

/* @error: (transfer full) (nullable) */
static void
end_change (Change *change, GError *error)
{
  GQueue *queue = g_hash_table_lookup (queues, change->vm);
  g_queue_pop_head (queue);
  Change *next = g_queue_peek_head (queue);
  if (next == NULL)
    g_hash_table_remove (queues, change->vm);
  if (error != NULL)
    g_task_return_error (change->task, error);
  else
    g_task_return_boolean (change->task, TRUE);
  g_object_unref (change->task);
  xm_vm_unref (change->vm);
  g_free (change->path);
  g_free (change);
  if (next != NULL)
    run_change (next);
}

static void
on_changed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  if (!xl_command_finish (XL_RUNNER (source), result, &error))
    error = xm_error_from_xl (error, "Error changing cd.");
  end_change (user_data, error);
}

static void
run_change (Change *change)
{
  XmVm *vm = change->vm;
  /* Without an object the VM is gone, or the service: then the runner is, too. */
  if (vm->domid < 0 || vm->object == NULL)
    end_change (change, NULL);
  else if (change->path != NULL)
    xl_cd_insert_async (vm->service->runner, (guint)vm->domid, DRIVE, change->path, NULL,
                        on_changed, change);
  else
    xl_cd_eject_async (vm->service->runner, (guint)vm->domid, DRIVE, NULL, on_changed, change);
}

void
xm_vm_set_cd (XmVm *vm, const XmVmProperty *row, GVariant *value, GTask *task)
{
  const char *name = g_variant_get_string (value, NULL);
  g_autoptr (GArray) ids = list_drives (vm);
  GError *error = NULL;
  if (!xm_vm_store_cd (vm, name, &error)) {
    g_task_return_error (task, error);
    g_object_unref (task);
    return;
  }
  if (ids->len == 0 || vm->domid < 0) {
    g_task_return_boolean (task, TRUE);
    g_object_unref (task);
    return;
  }

  Change *change = g_new (Change, 1);
  *change = (Change){ xm_vm_ref (vm), *name != '\0' ? image_path (vm, name) : NULL, task };
  if (queues == NULL)
    queues = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)g_queue_free);
  GQueue *queue = g_hash_table_lookup (queues, vm);
  if (queue == NULL) {
    queue = g_queue_new ();
    g_hash_table_insert (queues, vm, queue);
  }
  g_queue_push_tail (queue, change);
  if (queue->length == 1)
    run_change (change);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/start-disks.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/block-device.h"
#include "shim/error.h"
#include "shim/vhd.h"
#include "shim/vm-disk.h"

/** Checked: one disk. */
typedef struct {
  guint id;
  char *path, *type;
  gboolean enabled;
  const char *format; /* found out; static, NULL where the type says it */
} Checked;

/** Check: data of the thread, which may outlive the step when the start is cancelled. */
typedef struct {
  GArray *disks; /* Checked */
  char *uuid;
  gboolean openxt;
} Check;

static void
checked_clear (gpointer data)
{
  Checked *checked = data;
  g_free (checked->path);
  g_free (checked->type);
}

static void
check_free (gpointer data)
{
  Check *check = data;
  g_array_unref (check->disks);
  g_free (check->uuid);
  g_free (check);
}

/* -- on the thread ----------------------------------------------------------------- */

static gboolean
check_vhd (const Check *check, const Checked *disk, GError **error)
{
  XmVhdInfo info = { 0 };
  int fd = open (disk->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0)
    return TRUE; /* xl will say why */
  xm_vhd_read (fd, &info);
  close (fd);
  const char *what = info.encrypted ? "encrypted" : info.differencing ? "a differencing VHD" : NULL;
  if (what == NULL)
    return TRUE;
  xm_error_set_plain (error, "disk %u of vm %s is %s, which this toolstack cannot read: %s",
                      disk->id, check->uuid, what, disk->path);
  return FALSE;
}

static gboolean
check_disk (const Check *check, Checked *disk, GError **error)
{
  struct stat info;
  if (stat (disk->path, &info) != 0 || S_ISDIR (info.st_mode)) {
    xm_error_set_plain (error, "Bad Physical Path for disk %u (%s)", disk->id, disk->path);
    return FALSE;
  }
  if (!disk->enabled || check->openxt)
    return TRUE;
  if (g_str_equal (disk->type, "vhd"))
    return check_vhd (check, disk, error);
  if (g_str_equal (disk->type, "qcow"))
    disk->format = xm_image_format (disk->type, disk->path);
  return TRUE;
}

static void
check_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Check *check = task_data;
  GError *error = NULL;
  for (guint i = 0; i < check->disks->len; i++) {
    if (!check_disk (check, &g_array_index (check->disks, Checked, i), &error)) {
      g_task_return_error (task, error);
      return;
    }
  }
  g_task_return_boolean (task, TRUE);
}

/* -- in the main loop -------------------------------------------------------------- */

static void
on_checked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  XmStart *start = g_task_get_task_data (task);
  const Check *check = g_task_get_task_data (G_TASK (result));
  GError *error = NULL;
  if (!g_task_propagate_boolean (G_TASK (result), &error)) {
    g_task_return_error (task, error);
    return;
  }
  for (guint i = 0; i < check->disks->len; i++) {
    const Checked *disk = &g_array_index (check->disks, Checked, i);
    if (disk->format != NULL)
      g_hash_table_insert (start->disk_formats, GUINT_TO_POINTER (disk->id),
                           (gpointer)disk->format);
  }
  g_task_return_boolean (task, TRUE);
}

void
xm_start_check_disks (XmStart *start, GTask *task)
{
  const XmVm *vm = start->vm;
  if (g_task_return_error_if_cancelled (task)) { /* GTask's thread would lose this error */
    g_object_unref (task);
    return;
  }
  Check *check = g_new (Check, 1);
  *check =
      (Check){ g_array_new (FALSE, TRUE, sizeof (Checked)), g_strdup (vm->uuid), start->openxt };
  g_array_set_clear_func (check->disks, checked_clear);
  g_autoptr (GArray) ids = xm_vm_list_ids (vm, "config/disk");
  for (guint i = 0; i < ids->len; i++) {
    guint id = g_array_index (ids, guint, i);
    if (xm_vm_disk_is_empty_drive (vm, id, start->openxt))
      continue;
    const Checked disk = { .id = id,
                           .path = g_strdup (xm_vm_disk_path (vm, id)),
                           .type = g_strdup (xm_vm_disk_type (vm, id)),
                           .enabled = xm_vm_device_read_boolean (vm, "disk", id, "enable", TRUE) };
    g_array_append_val (check->disks, disk);
  }
  g_task_set_task_data (task, start, NULL);
  g_autoptr (GTask) thread = g_task_new (NULL, start->cancellable, on_checked, task);
  g_task_set_source_tag (thread, xm_start_check_disks);
  g_task_set_task_data (thread, check, check_free);
  g_task_set_return_on_cancel (thread, TRUE); /* a dead file system does not hold up destroy */
  g_task_run_in_thread (thread, check_in_thread);
}

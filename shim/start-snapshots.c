/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/start-snapshots.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "shim/block-device.h"
#include "shim/error.h"
#include "shim/vm-disk.h"

#define LIST_SUFFIX ".overlays"

/* -- names ------------------------------------------------------------------------- */

static gboolean
is_temporary (const XmVm *vm, guint id)
{
  return g_strcmp0 (xm_vm_device_read (vm, "disk", id, "snapshot"), "temporary") == 0 &&
         g_strcmp0 (xm_vm_device_read (vm, "disk", id, "devtype"), "cdrom") != 0;
}

static char *
overlay_path (const XmVm *vm, guint id, gboolean own)
{
  const char *image = xm_vm_disk_path (vm, id);
  g_autofree char *base = g_path_get_basename (image);
  g_autofree char *dir = g_str_equal (xm_vm_disk_type (vm, id), "phy")
                             ? g_strdup (vm->service->settings->disks_dir)
                             : g_path_get_dirname (image);
  g_autofree char *name = own ? g_strdup_printf ("snap_%s.%s-%u.snap.tmp.qcow2", base, vm->uuid, id)
                              : g_strdup_printf ("snap_%s.snap.tmp.qcow2", base);
  return g_build_filename (dir, name, NULL);
}

/* -- which there are --------------------------------------------------------------- */

static char *
list_path (const XmVm *vm)
{
  g_autofree char *name = g_strconcat (vm->uuid, LIST_SUFFIX, NULL);
  return g_build_filename (vm->service->settings->run_dir, name, NULL);
}

/* (transfer full) (element-type filename) */
static GPtrArray *
read_list (const char *path)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *text = NULL;
  if (!g_file_get_contents (path, &text, NULL, NULL))
    return list;
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL; line++) {
    if (**line != '\0')
      g_ptr_array_add (list, g_strcompress (*line));
  }
  return list;
}

static gboolean
write_list (const XmVm *vm, const GPtrArray *list, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *path = list_path (vm);
  for (guint i = 0; i < list->len; i++) {
    g_autofree char *line = g_strescape (list->pdata[i], NULL);
    g_string_append_printf (text, "%s\n", line);
  }
  return g_file_set_contents_full (path, text->str, (gssize)text->len,
                                   G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);
}

static gboolean
has_path (const GPtrArray *list, const char *path)
{
  return g_ptr_array_find_with_equal_func ((GPtrArray *)list, path, g_str_equal, NULL);
}

/* Whether another VM has noted that it uses @path. */
static gboolean
is_taken (const XmVm *vm, const char *path)
{
  const char *run_dir = vm->service->settings->run_dir;
  g_autofree char *own = list_path (vm);
  g_autoptr (GDir) dir = g_dir_open (run_dir, 0, NULL);
  const char *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *file = g_build_filename (run_dir, name, NULL);
    if (!g_str_has_suffix (name, LIST_SUFFIX) || g_str_equal (file, own))
      continue;
    g_autoptr (GPtrArray) list = read_list (file);
    if (has_path (list, path))
      return TRUE;
  }
  return FALSE;
}

/* -- removing ---------------------------------------------------------------------- */

static void
close_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  close (GPOINTER_TO_INT (task_data));
  g_task_return_boolean (task, TRUE);
}

/* The name goes at once, so that it is free for the next start; the blocks of a large file, which
 * take time, with the descriptor. */
static void
remove_overlay (const char *path)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
  if (unlink (path) < 0 && errno != ENOENT)
    g_warning ("%s: %s", path, g_strerror (errno));
  if (fd < 0)
    return;
  g_autoptr (GTask) task = g_task_new (NULL, NULL, NULL, NULL);
  g_task_set_source_tag (task, remove_overlay);
  g_task_set_task_data (task, GINT_TO_POINTER (fd), NULL);
  g_task_run_in_thread (task, close_in_thread);
}

void
xm_start_snapshots_undo (XmVm *vm)
{
  g_autofree char *list_file = list_path (vm);
  g_autoptr (GPtrArray) list = read_list (list_file);
  g_autoptr (GArray) ids = xm_vm_list_ids (vm, "config/disk");
  for (guint i = 0; i < ids->len; i++) {
    guint id = g_array_index (ids, guint, i);
    if (!is_temporary (vm, id))
      continue;
    g_ptr_array_add (list, overlay_path (vm, id, TRUE));
    char *path = overlay_path (vm, id, FALSE);
    if (is_taken (vm, path))
      g_free (path);
    else
      g_ptr_array_add (list, path);
  }
  for (guint i = 0; i < list->len; i++)
    remove_overlay (list->pdata[i]);
  unlink (list_file);
}

/* -- making ------------------------------------------------------------------------ */

/** Making: data of the step's task. */
typedef struct {
  XmStart *start;
  GArray *ids;     /* of the disks that get one */
  guint next;      /* index */
  GPtrArray *made; /* paths, as in the file */
  /* of the present disk */
  guint id;
  char *image, *type, *overlay;
  const char *format;
} Making;

static void
making_clear (Making *making)
{
  g_clear_pointer (&making->image, g_free);
  g_clear_pointer (&making->type, g_free);
  g_clear_pointer (&making->overlay, g_free);
}

static void
making_free (gpointer data)
{
  Making *making = data;
  making_clear (making);
  g_array_unref (making->ids);
  g_ptr_array_unref (making->made);
  g_free (making);
}

/* @error: (transfer full) */
static void
fail (GTask *task, GError *error)
{
  g_task_return_error (task, error);
  g_object_unref (task);
}

static void make_next (GTask *task);

static void
on_made (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Making *making = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (XlOutput) output = xl_runner_run_finish (XL_RUNNER (source), result, &error);
  if (output == NULL) {
    fail (task, xm_error_from_helper (error));
    return;
  }
  g_hash_table_insert (making->start->overlays, GUINT_TO_POINTER (making->id),
                       g_steal_pointer (&making->overlay));
  make_next (task);
}

static void
on_format (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Making *making = g_task_get_task_data (task);
  XmVm *vm = making->start->vm;
  GError *error = NULL;
  if (!g_task_propagate_boolean (G_TASK (result), &error)) {
    fail (task, error);
    return;
  }
  const char *const argv[] = { "qemu-img", "create",      "-q", "-f",           "qcow2",
                               "-b",       making->image, "-F", making->format, making->overlay,
                               NULL };
  xl_runner_run_async (vm->service->helpers, argv, NULL, XL_TIMEOUT_QUICK,
                       making->start->cancellable, on_made, task);
}

static void
find_format_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Making *making = task_data;
  GError *error = NULL;
  making->format = xm_image_format (making->type, making->image);
  if (making->format != NULL) {
    g_task_return_boolean (task, TRUE);
    return;
  }
  xm_error_set (&error, XM_ERROR_DISK_TYPE);
  g_task_return_error (task, error);
}

/* The name is noted before the file is there. */
static gboolean
take_name (Making *making, GError **error)
{
  XmVm *vm = making->start->vm;
  making->overlay = overlay_path (vm, making->id, FALSE);
  if (has_path (making->made, making->overlay) || is_taken (vm, making->overlay)) {
    g_free (making->overlay);
    making->overlay = overlay_path (vm, making->id, TRUE);
  }
  g_ptr_array_add (making->made, g_strdup (making->overlay));
  if (!write_list (vm, making->made, error))
    return FALSE;
  remove_overlay (making->overlay);
  return TRUE;
}

static void
make_next (GTask *task)
{
  Making *making = g_task_get_task_data (task);
  XmVm *vm = making->start->vm;
  GError *error = NULL;
  if (making->next == making->ids->len) {
    g_task_return_boolean (task, TRUE);
    g_object_unref (task);
    return;
  }
  making_clear (making);
  making->id = g_array_index (making->ids, guint, making->next++);
  making->image = g_strdup (xm_vm_disk_path (vm, making->id));
  making->type = g_strdup (xm_vm_disk_type (vm, making->id));
  /* A relative name would be looked for beside the overlay. */
  if (!g_path_is_absolute (making->image))
    xm_error_set_plain (&error, "Bad Physical Path for disk %u (%s)", making->id, making->image);
  if (error != NULL || !take_name (making, &error)) {
    fail (task, error);
    return;
  }
  g_autoptr (GTask) thread = g_task_new (NULL, making->start->cancellable, on_format, task);
  g_task_set_source_tag (thread, find_format_in_thread);
  g_task_set_task_data (thread, making, NULL);
  g_task_run_in_thread (thread, find_format_in_thread);
}

void
xm_start_snapshots (XmStart *start, GTask *task)
{
  Making *making = g_new0 (Making, 1);
  making->start = start;
  making->ids = g_array_new (FALSE, FALSE, sizeof (guint));
  making->made = g_ptr_array_new_with_free_func (g_free);
  g_task_set_task_data (task, making, making_free);
  g_autoptr (GArray) ids = xm_vm_list_ids (start->vm, "config/disk");
  for (guint i = 0; i < ids->len; i++) {
    guint id = g_array_index (ids, guint, i);
    if (is_temporary (start->vm, id) &&
        xm_vm_device_read_boolean (start->vm, "disk", id, "enable", TRUE))
      g_array_append_val (making->ids, id);
  }
  make_next (task);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/start-measure.h"

#include <errno.h>
#include <string.h>

#include "shim/error.h"
#include "shim/file-sum.h"
#include "shim/host-power.h"
#include "shim/progress.h"
#include "shim/root-config.h"
#include "shim/text.h"
#include "shim/vm-disk.h"

#define LOG_US (5 * G_USEC_PER_SEC)

/** Measured: one disk. */
typedef struct {
  guint id;
  char *path;
  char *stored; /* NULL: to be stored */
  char *sum;    /* as it is now */
  goffset size;
} Measured;

static void
measured_clear (gpointer data)
{
  Measured *measured = data;
  g_free (measured->path);
  g_free (measured->stored);
  g_free (measured->sum);
}

/** Measurement: data of the step's task. */
typedef struct {
  XmStart *start;
  GArray *disks;        /* Measured */
  XmProgress *progress; /* while the thread runs */
} Measurement;

static void
measurement_free (gpointer data)
{
  g_array_unref (((Measurement *)data)->disks);
  g_free (data);
}

/* -- which disks ------------------------------------------------------------------- */

static gboolean
add_disk (Measurement *measurement, guint id, GError **error)
{
  static const char *const types[] = { "phy", "file", "vhd", "aio", NULL };
  const XmVm *vm = measurement->start->vm;
  const char *type = xm_vm_disk_type (vm, id);
  const char *path = xm_vm_disk_path (vm, id);
  if (!g_strv_contains (types, type)) {
    xm_error_set_plain (error, "disk %u of vm %s cannot be measured: its type is %s", id, vm->uuid,
                        type);
    return FALSE;
  }
  if (!g_path_is_absolute (path)) {
    xm_error_set_plain (error, "Bad Physical Path for disk %u (%s)", id, path);
    return FALSE;
  }
  const char *stored = xm_text_or (xm_vm_device_read (vm, "disk", id, "sha1sum"), NULL);
  Measured disk = { .id = id, .path = g_strdup (path), .stored = g_strdup (stored) };
  g_array_append_val (measurement->disks, disk);
  return TRUE;
}

static gboolean
has_sum (const XmVm *vm, guint id)
{
  return *xm_text_or (xm_vm_device_read (vm, "disk", id, "sha1sum"), "") != '\0';
}

static gboolean
choose_disks (Measurement *measurement, GError **error)
{
  const XmVm *vm = measurement->start->vm;
  gboolean bypass = xm_root_config_boolean (vm->service, "bypass-sha1sum-checks");
  if (!xm_vm_device_exists (vm, "disk", 0)) {
    xm_error_set (error, XM_ERROR_NO_SUCH_DISK);
    return FALSE;
  }
  if (bypass)
    g_warning ("%s: measured disks are not checked: /xenmgr/bypass-sha1sum-checks", vm->uuid);
  g_autoptr (GArray) ids = xm_vm_list_ids (vm, "config/disk");
  for (guint i = 0; i < ids->len; i++) {
    guint id = g_array_index (ids, guint, i);
    gboolean wanted = has_sum (vm, id) ? !bypass : id == 0;
    if (wanted && !add_disk (measurement, id, error))
      return FALSE;
  }
  return TRUE;
}

/* -- the thread -------------------------------------------------------------------- */

/** DiskProgress: of one disk. */
typedef struct {
  const char *uuid;
  guint disk;
  gint64 logged;
  XmProgress *all;
  goffset before, total; /* bytes of the disks before it, and of all */
} DiskProgress;

static void
on_progress (goffset done, goffset size, gpointer user_data)
{
  DiskProgress *progress = user_data;
  gint64 now = g_get_monotonic_time ();
  xm_progress_set (progress->all, (guint64)(progress->before + done), (guint64)progress->total);
  if (now - progress->logged < LOG_US)
    return;
  progress->logged = now;
  g_message ("%s: disk %u: measured %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " MiB",
             progress->uuid, progress->disk, (gint64)(done >> 20), (gint64)(size >> 20));
}

static void
measure_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Measurement *measurement = task_data;
  GArray *disks = measurement->disks;
  DiskProgress progress = { .uuid = measurement->start->vm->uuid, .all = measurement->progress };
  GError *error = NULL;
  for (guint i = 0; i < disks->len; i++) {
    Measured *disk = &g_array_index (disks, Measured, i);
    disk->size = xm_file_size (disk->path);
    progress.total += disk->size;
  }
  for (guint i = 0; i < disks->len; i++) {
    Measured *disk = &g_array_index (disks, Measured, i);
    progress.disk = disk->id;
    progress.logged = g_get_monotonic_time ();
    disk->sum = xm_file_sha1 (disk->path, on_progress, &progress, cancellable, &error);
    if (disk->sum == NULL) {
      g_task_return_error (task, error);
      return;
    }
    progress.before += disk->size;
  }
  g_task_return_boolean (task, TRUE);
}

/* -- the outcome ------------------------------------------------------------------- */

void
xm_start_measure_failed (XmVm *vm)
{
  const char *word = xm_text_or (xm_store_read (vm->service->store, "/xenmgr/measure-fail-action"),
                                 "forced-shutdown");
  XmHostAction action = xm_host_action_from_word (word);
  g_autoptr (GError) error = NULL;
  g_critical ("%s: a measured disk has changed; measure-fail-action is %s", vm->uuid, word);
  if (!xm_host_power_check (vm->service, action, &error))
    g_critical ("which is left to the administrator: %s", error->message);
  else
    xm_host_power_act (vm->service, action, NULL, "a measured disk has changed");
}

/* Numbers: older stores have them without leading zeros. */
static gboolean
is_same_sum (const char *a, const char *b)
{
  return g_ascii_strcasecmp (a + strspn (a, "0"), b + strspn (b, "0")) == 0;
}

static void
on_stored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  if (xm_store_commit_finish (XM_STORE (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_measured (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Measurement *measurement = g_task_get_task_data (task);
  XmVm *vm = measurement->start->vm;
  GError *error = NULL;
  gboolean changed = FALSE;
  g_task_propagate_boolean (G_TASK (result), &error);
  xm_progress_end (g_steal_pointer (&measurement->progress), error == NULL);
  for (guint i = 0; i < measurement->disks->len && error == NULL; i++) {
    const Measured *disk = &g_array_index (measurement->disks, Measured, i);
    if (disk->stored == NULL) {
      xm_vm_device_write (vm, "disk", disk->id, "sha1sum", disk->sum, &error);
    } else if (!is_same_sum (disk->stored, disk->sum)) {
      g_critical ("%s: disk %u (%s): SHA-1 sum is %s, was %s", vm->uuid, disk->id, disk->path,
                  disk->sum, disk->stored);
      changed = TRUE;
    }
  }
  if (error == NULL && changed) {
    xm_start_measure_failed (vm);
    error = g_error_new (XM_ERROR, XM_ERROR_NOT_STARTED, "a measured disk has changed");
  }
  if (error == NULL) {
    xm_store_commit_async (vm->service->store, NULL, on_stored, task);
    return;
  }
  g_task_return_error (task, error);
  g_object_unref (task);
}

void
xm_start_measure (XmStart *start, GTask *task)
{
  GError *error = NULL;
  if (!xm_vm_read_boolean (start->vm, "measured", FALSE)) {
    g_task_return_boolean (task, TRUE);
    g_object_unref (task);
    return;
  }
  Measurement *measurement = g_new0 (Measurement, 1);
  measurement->start = start;
  measurement->disks = g_array_new (FALSE, TRUE, sizeof (Measured));
  g_array_set_clear_func (measurement->disks, measured_clear);
  g_task_set_task_data (task, measurement, measurement_free);
  if (!choose_disks (measurement, &error)) {
    g_task_return_error (task, error);
    g_object_unref (task);
    return;
  }
  if (measurement->disks->len > 0)
    measurement->progress = xm_progress_begin (start->vm->service, start->vm->path, "measure", 0);
  g_autoptr (GTask) thread = g_task_new (NULL, start->cancellable, on_measured, task);
  g_task_set_source_tag (thread, measure_in_thread);
  g_task_set_task_data (thread, measurement, NULL);
  g_task_run_in_thread (thread, measure_in_thread);
}

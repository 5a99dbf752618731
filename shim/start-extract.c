/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/start-extract.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "shim/block-device.h"
#include "shim/error.h"
#include "shim/extract-spec.h"
#include "shim/guest-file.h"
#include "shim/mount.h"
#include "shim/text.h"
#include "shim/vm-disk.h"

/* The run directory is in memory, and the guest decides how much there is to copy. */
#define MAX_SIZE ((goffset)512 * 1024 * 1024)

/** Extraction: one file on its way, data of the step's task. */
typedef struct {
  XmService *service;
  char *from, *to;
  guint partition;
  XmBlockDevice *device;
  char *dir;       /* where it is mounted */
  GError *failure; /* while all is taken back */
} Extraction;

static void
extraction_free (gpointer data)
{
  Extraction *extraction = data;
  g_free (extraction->from);
  g_free (extraction->to);
  g_free (extraction->dir);
  g_clear_pointer (&extraction->device, xm_block_device_free);
  g_clear_error (&extraction->failure);
  g_free (extraction);
}

/* -- the way back, whether it went well or not ------------------------------------- */

static void
on_detached (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Extraction *extraction = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  if (!xm_block_device_detach_finish (result, &error))
    g_warning ("%s stays attached: %s", extraction->device->name, error->message);
  if (extraction->failure != NULL)
    g_task_return_error (task, g_steal_pointer (&extraction->failure));
  else
    g_task_return_boolean (task, TRUE);
}

static void
detach (GTask *task)
{
  Extraction *extraction = g_task_get_task_data (task);
  if (extraction->dir != NULL && rmdir (extraction->dir) < 0)
    g_warning ("%s: %s", extraction->dir, g_strerror (errno));
  xm_block_device_detach_async (extraction->service, extraction->device->name, on_detached, task);
}

static void
on_unmounted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  if (!xm_umount_finish (result, &error))
    g_warning ("%s", error->message);
  detach (user_data);
}

/* -- the way there ----------------------------------------------------------------- */

static void
on_copied (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Extraction *extraction = g_task_get_task_data (task);
  g_task_propagate_boolean (G_TASK (result), &extraction->failure);
  xm_umount_async (extraction->service, extraction->dir, on_unmounted, task);
}

static void
copy_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Extraction *extraction = task_data;
  GError *error = NULL;
  if (xm_guest_file_copy (extraction->dir, extraction->from, extraction->to, MAX_SIZE, cancellable,
                          &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_mounted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Extraction *extraction = g_task_get_task_data (task);
  if (!xm_mount_finish (result, &extraction->failure)) {
    detach (task);
    return;
  }
  g_autoptr (GTask) thread = g_task_new (NULL, g_task_get_cancellable (task), on_copied, task);
  g_task_set_source_tag (thread, copy_in_thread);
  g_task_set_task_data (thread, extraction, NULL);
  g_task_set_check_cancellable (thread, FALSE);
  g_task_run_in_thread (thread, copy_in_thread);
}

static void
on_attached (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Extraction *extraction = g_task_get_task_data (task);
  GError *error = NULL;
  extraction->device = xm_block_device_attach_finish (result, &error);
  if (extraction->device == NULL) {
    g_task_return_error (task, error);
    g_object_unref (task);
    return;
  }
  const char *run_dir = extraction->service->settings->run_dir;
  /* The table of mounts has names without symbolic links. */
  g_autofree char *real = realpath (run_dir, NULL);
  if (real != NULL)
    extraction->dir = g_build_filename (real, XM_EXTRACT_PREFIX "XXXXXX", NULL);
  if (real == NULL || g_mkdtemp_full (extraction->dir, 0700) == NULL) {
    xm_error_set_file (&extraction->failure, run_dir, "createDirectory", errno);
    g_clear_pointer (&extraction->dir, g_free);
    detach (task);
    return;
  }
  xm_mount_async (extraction->service, extraction->device->path, extraction->dir,
                  XM_MOUNT_READ_ONLY | XM_MOUNT_LOOK, g_task_get_cancellable (task), on_mounted,
                  task);
}

/* -- the steps --------------------------------------------------------------------- */

/* @to: (transfer full) */
static void
extract (XmStart *start, const char *text, char *to, GTask *task)
{
  XmVm *vm = start->vm;
  XmExtractSpec spec;
  GError *error = NULL;
  Extraction *extraction = g_new0 (Extraction, 1);
  extraction->service = vm->service;
  extraction->to = to;
  g_task_set_task_data (task, extraction, extraction_free);
  /* What was attached and mounted is taken back first. */
  g_task_set_check_cancellable (task, FALSE);

  if (xm_extract_spec_parse (text, &spec, &error) && !xm_vm_device_exists (vm, "disk", spec.disk))
    xm_error_set_plain (&error, "extract-kernel: domain does not have a disk with ID %u",
                        spec.disk);
  const char *image = error == NULL ? xm_vm_disk_path (vm, spec.disk) : "";
  if (error == NULL && !g_path_is_absolute (image))
    xm_error_set_plain (&error, "Bad Physical Path for disk %u (%s)", spec.disk, image);
  if (error == NULL && !g_path_is_absolute (to))
    xm_error_set_file (&error, to, "openFile", EINVAL);
  if (error != NULL) {
    g_task_return_error (task, error);
    g_object_unref (task);
    return;
  }
  extraction->from = g_strdup (spec.path);
  xm_block_device_attach_async (vm->service, image, xm_vm_disk_type (vm, spec.disk), spec.partition,
                                TRUE, start->cancellable, on_attached, task);
}

static char *
default_kernel (const XmVm *vm)
{
  g_autofree char *name = g_strconcat (vm->uuid, ".kernel", NULL);
  return g_build_filename (vm->service->settings->run_dir, name, NULL);
}

static void
nothing_to_do (GTask *task)
{
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

void
xm_start_extract_kernel (XmStart *start, GTask *task)
{
  const char *text = xm_text_or (xm_vm_read (start->vm, "config/kernel-extract"), "");
  const char *virt_type = xm_text_or (xm_vm_read (start->vm, "config/virt-type"), "pv");
  const char *kernel = xm_text_or (xm_vm_read (start->vm, "config/kernel"), "");
  if (*text == '\0' || g_str_equal (virt_type, "hvm")) {
    nothing_to_do (task);
    return;
  }
  if (*kernel == '\0') {
    start->kernel = default_kernel (start->vm);
    kernel = start->kernel;
  }
  extract (start, text, g_strdup (kernel), task);
}

void
xm_start_extract_initrd (XmStart *start, GTask *task)
{
  const char *text = xm_text_or (xm_vm_read (start->vm, "config/initrd-extract"), "");
  const char *initrd = xm_text_or (xm_vm_read (start->vm, "config/initrd"), "");
  if (*text == '\0' || *initrd == '\0')
    nothing_to_do (task);
  else
    extract (start, text, g_strdup (initrd), task);
}

void
xm_start_extract_undo (XmVm *vm)
{
  g_autofree char *kernel = default_kernel (vm);
  if (unlink (kernel) < 0 && errno != ENOENT)
    g_warning ("%s: %s", kernel, g_strerror (errno));
}

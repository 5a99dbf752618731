/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/start.h"

#include "shim/error.h"
#include "shim/hook.h"
#include "shim/shutdown-all.h"
#include "shim/ovf-env.h"
#include "shim/nic-backend.h"
#include "shim/start-disks.h"
#include "shim/start-extract.h"
#include "shim/start-image.h"
#include "shim/start-measure.h"
#include "shim/start-pci.h"
#include "shim/start-snapshots.h"
#include "shim/vm-config.h"
#include "shim/vm-disk-mount.h"
#include "shim/vm-dependencies.h"
#include "shim/vm-qmp.h"
#include "shim/vm-saved.h"

/*
 * The original's start sequence: what it does before it asks xl for a domain.
 */

static void
check_entry (XmStart *start, GTask *task)
{
  XmVm *vm = start->vm;
  GError *error = NULL;
  if (xm_store_exists (vm->service->store, vm->db_path)) {
    g_task_return_boolean (task, TRUE);
  } else {
    xm_error_set_plain (&error, "vm does not have a database entry: %s", vm->uuid);
    g_task_return_error (task, error);
  }
  g_object_unref (task);
}

static void
check_not_running (XmStart *start, GTask *task)
{
  if (xm_vm_is_running (start->vm))
    g_task_return_new_error (task, XM_ERROR, XM_ERROR_NOT_STARTED, "it runs already");
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

/* An xl that cannot even list its subcommands is taken for stock; `xl create` will say what ails
 * it. */
static void
on_toolstack (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  XmStart *start = g_task_get_task_data (task);
  GError *error = NULL;
  if (!xm_toolstack_find_finish (result, &error) &&
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    g_task_return_error (task, error);
    return;
  }
  g_clear_error (&error);
  start->openxt = xm_toolstack_is_openxt (start->vm->service->toolstack);
  start->chooses_qmp_proxy = xm_toolstack_chooses_qmp_proxy (start->vm->service->toolstack);
  g_task_return_boolean (task, TRUE);
}

static void
find_toolstack (XmStart *start, GTask *task)
{
  g_task_set_task_data (task, start, NULL);
  xm_toolstack_find_async (start->vm->service->toolstack, start->cancellable, on_toolstack, task);
}

/* -- the file ---------------------------------------------------------------------- */

static void
on_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  XmStart *start = g_task_get_task_data (task);
  GError *error = NULL;
  start->config_path = xm_vm_config_write_finish (result, &error);
  if (start->config_path != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
write_config (XmStart *start, GTask *task)
{
  GError *error = NULL;
  start->monitor = xm_vm_qmp_arguments (start->vm);
  g_autoptr (XmVmConfig) config = xm_vm_config_build (start->vm, start, &error);
  if (config == NULL) {
    g_task_return_error (task, error);
    g_object_unref (task);
    return;
  }
  g_task_set_task_data (task, start, NULL);
  xm_vm_config_write_async (g_steal_pointer (&config), start->cancellable, on_written, task);
}

static void
forget_hibernation (XmStart *start, GTask *task)
{
  GError *error = NULL;
  if (!xm_vm_read_boolean (start->vm, "hibernated", FALSE) ||
      xm_vm_write (start->vm, "hibernated", "false", &error)) {
    xm_store_commit_async (start->vm->service->store, NULL, NULL, NULL);
    g_task_return_boolean (task, TRUE);
  } else {
    g_task_return_error (task, error);
  }
  g_object_unref (task);
}

static void
on_pre_boot_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  if (xm_hook_run_finish (result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
run_pre_boot (XmStart *start, GTask *task)
{
  xm_hook_run_async (start->vm, XM_HOOK_PRE_BOOT, NULL, start->cancellable, on_pre_boot_ended,
                     task);
}

/* Its disks are written anew: a state that was saved before would not fit them any more. */
static void
discard_saved (XmStart *start, GTask *task)
{
  xm_vm_saved_discard (start->vm);
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

/* In this order; the errors that a user meets first are the original's. */
static const XmStartStep steps[] = {
  check_entry,
  xm_start_add_gpu_functions,
  check_not_running,
  xm_start_check_host,
  xm_start_dependencies,
  find_toolstack,
  xm_start_check_disks,
  xm_start_check_mounts,
  xm_start_extract_kernel,
  xm_start_extract_initrd,
  xm_start_measure,
  xm_start_nic_backends,
  xm_start_find_pci,
  xm_start_check_amt,
  xm_start_check_pci_free,
  xm_start_check_oem_acpi,
  discard_saved,
  xm_ovf_env_step,
  xm_start_snapshots,
  write_config,
  forget_hibernation,
  run_pre_boot,
  xm_start_bind_pciback,
  xm_start_find_image,
};

/* -- running them ------------------------------------------------------------------ */

typedef struct {
  XmStart *start;
  gsize next; /* step */
} Preparation;

static void run_step (GTask *task);

static void
on_step (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  GError *error = NULL;
  if (g_task_propagate_boolean (G_TASK (result), &error)) {
    run_step (task);
    return;
  }
  g_task_return_error (task, error);
  g_object_unref (task);
}

static void
run_step (GTask *task)
{
  Preparation *preparation = g_task_get_task_data (task);
  XmStart *start = preparation->start;
  if (preparation->next == G_N_ELEMENTS (steps)) {
    g_task_return_pointer (task, g_strdup (start->config_path), g_free);
    g_object_unref (task);
    return;
  }
  XmStartStep step = steps[preparation->next++];
  step (start, g_task_new (NULL, start->cancellable, on_step, task));
}

void
xm_start_prepare_async (XmStart *start, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, start->cancellable, callback, user_data);
  Preparation *preparation = g_new0 (Preparation, 1);
  preparation->start = start;
  g_task_set_source_tag (task, xm_start_prepare_async);
  g_task_set_task_data (task, preparation, g_free);
  run_step (task);
}

char *
xm_start_prepare_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
xm_start_undo (XmVm *vm)
{
  xm_start_unmark_image (vm);
  if (xm_vm_saved_is (vm))
    return;
  xm_start_snapshots_undo (vm);
  xm_start_extract_undo (vm);
  xm_ovf_env_undo (vm);
}

/* -- making and freeing ------------------------------------------------------------ */

XmStart *
xm_start_new (XmVm *vm, GCancellable *cancellable)
{
  XmStart *start = g_new0 (XmStart, 1);
  start->vm = xm_vm_ref (vm);
  start->cancellable = g_object_ref (cancellable);
  start->disk_formats = g_hash_table_new (NULL, NULL);
  start->overlays = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  start->nic_backends = g_hash_table_new (NULL, NULL);
  return start;
}

void
xm_start_free (XmStart *start)
{
  g_hash_table_unref (start->disk_formats);
  g_hash_table_unref (start->overlays);
  g_hash_table_unref (start->nic_backends);
  g_clear_pointer (&start->pci_devices, g_ptr_array_unref);
  g_object_unref (start->cancellable);
  xm_vm_unref (start->vm);
  g_free (start->kernel);
  g_free (start->ovf_iso);
  g_free (start->config_path);
  g_free (start->image);
  g_strfreev (start->monitor);
  g_free (start);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/error.h"
#include "shim/lifecycle-private.h"
#include "shim/mount.h"

/*
 * suspend_to_file and resume_from_file. xl save destroys the domain once its
 * state is written; when it fails, the domain goes on, the file is of no use to
 * anybody, and one that it replaced gets its name back.
 */

#define SAVE_ERROR "Error suspending to file."

static gboolean
check_file (const XmOperation *op, GError **error)
{
  if (g_path_is_absolute (op->file))
    return xm_mounted_check_shared (op->vm->service, op->file, error);
  xm_error_set_io (error, "%s: openFile: invalid argument (not an absolute path)", op->file);
  return FALSE;
}

/* -- saving ------------------------------------------------------------------------ */

/* @error: (transfer full) (nullable) */
static void
finish (XmOperation *op, GError *error)
{
  xm_lifecycle_expect_no_more (op->vm);
  xm_lifecycle_observe (op->vm); /* who asked shall find the VM as it is now */
  xm_operation_end (op, error);
}

static void
on_undone (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  finish (op, g_steal_pointer (&op->failure));
}

/* @error: (transfer full) */
static void
fail_and_undo (XmOperation *op, GError *error)
{
  op->failure = error;
  xm_save_image_end_async (op->image, XM_SAVE_FAILED, on_undone, op);
}

static void
on_gone_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  xm_domains_refresh_finish (XM_DOMAINS (source), result, NULL);
  finish (user_data, NULL); /* without a picture now, the next one will show it */
}

static void
on_rest_destroyed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  g_autoptr (GError) error = NULL;
  if (!xl_command_finish (XL_RUNNER (source), result, &error))
    g_warning ("cannot remove the saved domain of %s: %s", op->vm->uuid, error->message);
  xm_domains_refresh_async (op->vm->service->domains, NULL, on_gone_listed, op);
}

/* xl has destroyed the domain; whatever kept it from that, what is saved must not run on. */
static void
on_saved_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  gboolean known = xm_domains_refresh_finish (XM_DOMAINS (source), result, NULL);
  const XlDomain *domain = xm_operation_domain (op);
  if (known && domain != NULL && domain->domid == op->domid && !(domain->state & XL_DOMAIN_DYING))
    xl_destroy_async (op->vm->service->runner, domain->domid, NULL, on_rest_destroyed, op);
  else
    finish (op, NULL);
}

static void
on_former_removed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  xm_domains_refresh_async (op->vm->service->domains, NULL, on_saved_listed, op);
}

static void
on_saved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  GError *error = NULL;
  gboolean saved = xl_command_finish (XL_RUNNER (source), result, &error);
  xm_progress_end (g_steal_pointer (&op->progress), saved);
  if (saved) {
    xm_vm_set_state (op->vm, XM_VM_SUSPENDED);
    xm_save_image_end_async (op->image, XM_SAVE_DONE, on_former_removed, op);
    return;
  }
  g_message ("%s is not saved: %s", op->vm->uuid, error->message);
  fail_and_undo (op, xm_operation_explain (op, error, SAVE_ERROR));
}

/* What the file will hold more than the domain's memory is little: libxl's stream has eight bytes
 * for each page, and the state of a device model. */
void
xm_operation_begin_save_progress (XmOperation *op, const XmSaveImage *image, const XlDomain *domain)
{
  if (domain != NULL && domain->memory > 0 && xm_save_image_is_plain (image))
    op->progress =
        xm_progress_begin_xl (op->vm, "save", xm_save_image_get_path (image), domain->memory << 20);
}

static void
on_target_prepared (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  XmVm *vm = op->vm;
  GError *error = NULL;
  if (!xm_save_image_prepare_finish (result, &error)) {
    xm_operation_end (op, error);
    return;
  }
  if (g_cancellable_set_error_if_cancelled (op->cancellable, &error))
    error = xm_operation_explain (op, error, NULL);
  else if (vm->domid != xm_save_image_get_domid (op->image))
    xm_error_set_io (&error, "\"" SAVE_ERROR "\"");
  if (error != NULL) {
    fail_and_undo (op, error);
    return;
  }
  /* xl's own time limit ends it */
  xm_lifecycle_expect_for (vm, XM_VM_SUSPENDING, 0);
  op->domid = (guint)vm->domid;
  xm_operation_begin_save_progress (op, op->image, xm_operation_domain (op));
  xl_save_async (vm->service->runner, op->domid, op->file,
                 xm_save_image_get_config_path (op->image), op->cancellable, on_saved, op);
}

void
xm_operation_suspend_to_file (XmOperation *op)
{
  GError *error = NULL;
  if (op->vm->domid < 0)
    xm_error_set_io (&error, "\"" SAVE_ERROR "\"");
  if (error != NULL || !check_file (op, &error)) {
    xm_operation_end (op, error);
    return;
  }
  op->image = xm_save_image_new (op->vm, op->file);
  xm_save_image_prepare_async (op->image, on_target_prepared, op);
}

/* -- resuming ---------------------------------------------------------------------- */

static void
on_source_checked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  GError *error = NULL;
  if (xm_save_image_check_finish (result, &error))
    xm_operation_build (op, xm_save_image_get_config_path (op->image), op->file);
  else
    xm_operation_end (op, error);
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  if (!xm_operation_has_picture (op, result))
    return;
  if (xm_vm_is_running (op->vm)) {
    g_warning ("%s: not resumed: it runs already", op->vm->uuid);
    xm_operation_end (op, NULL);
    return;
  }
  op->image = xm_save_image_new (op->vm, op->file);
  xm_save_image_check_async (op->image, on_source_checked, op);
}

void
xm_operation_resume_from_file (XmOperation *op)
{
  GError *error = NULL;
  if (check_file (op, &error))
    xm_domains_refresh_async (op->vm->service->domains, op->cancellable, on_looked, op);
  else
    xm_operation_end (op, error);
}

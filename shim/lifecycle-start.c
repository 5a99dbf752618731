/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/error.h"
#include "shim/hook.h"
#include "shim/lifecycle-private.h"
#include "shim/start.h"

/*
 * Start: look whether the VM runs; the steps of start.c, down to the xl.cfg;
 * then lifecycle-build.c. A hook may take the place of all this.
 */

static void
on_prepared (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  GError *error = NULL;
  g_autofree char *config_path = xm_start_prepare_finish (result, &error);
  if (config_path != NULL) {
    xm_operation_build (op, config_path, op->start->image);
  } else if (g_error_matches (error, XM_ERROR, XM_ERROR_NOT_STARTED)) {
    g_warning ("%s: not started: %s", op->vm->uuid, error->message);
    g_error_free (error);
    xm_operation_end (op, NULL);
  } else {
    if (!xm_vm_is_running (op->vm))
      xm_start_undo (op->vm);
    xm_operation_end (op, xm_operation_explain (op, error, NULL));
  }
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  if (!xm_operation_has_picture (op, result))
    return;
  op->start = xm_start_new (op->vm, op->cancellable);
  xm_start_prepare_async (op->start, on_prepared, op);
}

void
xm_operation_start_internal (XmOperation *op)
{
  op->kind = XM_OPERATION_START; /* from here on there is one way */
  xm_domains_refresh_async (op->vm->service->domains, op->cancellable, on_looked, op);
}

static void
on_hook_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  GError *error = NULL;
  if (xm_hook_run_finish (result, &error))
    xm_operation_end (op, NULL);
  else
    xm_operation_end (op, xm_operation_explain (op, error, NULL));
}

void
xm_operation_start (XmOperation *op)
{
  if (!xm_hook_is_set (op->vm, XM_HOOK_INSTEADOF_START)) {
    xm_operation_start_internal (op);
    return;
  }
  xm_operation_step_aside (op);
  xm_hook_run_async (op->vm, XM_HOOK_INSTEADOF_START, NULL, op->cancellable, on_hook_ended, op);
}

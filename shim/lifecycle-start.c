/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/error.h"
#include "shim/hook.h"
#include "shim/lifecycle-private.h"
#include "shim/start.h"

/*
 * Start: look whether the VM runs; the steps of start.c, down to the xl.cfg;
 * `xl create -e -p`; note the domain as ours; `xl unpause`. When
 * anything fails, what xl left behind is destroyed before the call fails.
 */

static void
on_cleaned (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  xm_domains_refresh_finish (XM_DOMAINS (source), result, NULL);
  xm_lifecycle_own (op->vm, -1);
  xm_start_undo (op->vm);
  xm_operation_end (op, g_steal_pointer (&op->failure));
}

static void
on_leftover_destroyed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  g_autoptr (GError) error = NULL;
  if (!xl_command_finish (XL_RUNNER (source), result, &error))
    g_warning ("cannot remove what is left of %s: %s", op->vm->uuid, error->message);
  op->vm->lifecycle->building = FALSE;
  xm_domains_refresh_async (op->vm->service->domains, NULL, on_cleaned, op);
}

static void
on_leftover_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  xm_domains_refresh_finish (XM_DOMAINS (source), result, NULL);
  const XlDomain *domain = xm_operation_domain (op);
  if (domain != NULL) {
    xl_destroy_async (op->vm->service->runner, domain->domid, NULL, on_leftover_destroyed, op);
    return;
  }
  xm_lifecycle_own (op->vm, -1);
  xm_start_undo (op->vm);
  xm_operation_end (op, g_steal_pointer (&op->failure));
}

/* @error: (transfer full) */
static void
fail_and_clean (XmOperation *op, GError *error)
{
  op->failure = error;
  xm_domains_refresh_async (op->vm->service->domains, NULL, on_leftover_listed, op);
}

static void
on_running (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  GError *error = NULL;
  if (!xm_operation_has_picture (op, result))
    return;
  const XlDomain *domain = xm_operation_domain (op);
  if (domain != NULL && (domain->state & XL_DOMAIN_PAUSED) && op->vm->state == XM_VM_CREATED)
    xm_error_set_io (&error, "\"Error unpausing domain.\"");
  xm_operation_end (op, error);
}

static void
on_unpaused (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  GError *error = NULL;
  if (xl_command_finish (XL_RUNNER (source), result, &error))
    xm_domains_refresh_async (op->vm->service->domains, NULL, on_running, op);
  else
    fail_and_clean (op, xm_operation_explain (op, error, "Error unpausing domain."));
}

static void
on_built (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  GError *error = NULL;
  if (!xm_domains_refresh_finish (XM_DOMAINS (source), result, &error)) {
    fail_and_clean (op, xm_operation_explain (op, error, NULL));
    return;
  }
  const XlDomain *domain = xm_operation_domain (op);
  if (domain == NULL) {
    xm_error_set_io (&error, "\"xl create ended well, but there is no domain with uuid %s\"",
                     op->vm->uuid);
    fail_and_clean (op, error);
    return;
  }
  guint domid = domain->domid;
  xm_lifecycle_own (op->vm, (int)domid);
  op->vm->lifecycle->building = FALSE;
  xm_vm_set_state (op->vm, XM_VM_CREATED);
  xl_unpause_async (op->vm->service->runner, domid, op->cancellable, on_unpaused, op);
}

static void
on_created (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  GError *error = NULL;
  if (xl_command_finish (XL_RUNNER (source), result, &error))
    xm_domains_refresh_async (op->vm->service->domains, NULL, on_built, op);
  else
    fail_and_clean (op, xm_operation_explain (op, error, NULL));
}

static void
on_prepared (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  XmService *service = op->vm->service;
  GError *error = NULL;
  g_autofree char *config_path = xm_start_prepare_finish (result, &error);
  if (config_path != NULL) {
    op->vm->lifecycle->building = TRUE;
    xm_lifecycle_own (op->vm, XM_OWN_NEXT);
    xl_create_async (service->runner, config_path, XL_CREATE_PAUSED | XL_CREATE_DETACHED, NULL,
                     op->cancellable, on_created, op);
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/error.h"
#include "shim/lifecycle-private.h"
#include "shim/vm-config.h"

/*
 * Start: look whether the VM runs; check files and write the xl.cfg (on a
 * thread); `xl create -e -p`; note the domain as ours; `xl unpause`. When
 * anything fails, what xl left behind is destroyed before the call fails.
 */

static void
on_cleaned (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  xm_domains_refresh_finish (XM_DOMAINS (source), result, NULL);
  xm_lifecycle_own (op->vm, -1);
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
  g_autofree char *config_path = xm_vm_config_write_finish (result, &error);
  if (config_path == NULL) {
    xm_operation_end (op, error);
    return;
  }
  op->vm->lifecycle->building = TRUE;
  xm_lifecycle_own (op->vm, XM_OWN_NEXT);
  xl_create_async (service->runner, config_path, XL_CREATE_PAUSED | XL_CREATE_DETACHED, NULL,
                   op->cancellable, on_created, op);
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  XmVm *vm = op->vm;
  GError *error = NULL;
  if (!xm_operation_has_picture (op, result))
    return;
  if (!xm_store_exists (vm->service->store, vm->db_path)) {
    xm_error_set_plain (&error, "vm does not have a database entry: %s", vm->uuid);
    xm_operation_end (op, error);
    return;
  }
  if (xm_vm_is_running (vm)) {
    g_warning ("%s: start: it runs already", vm->uuid);
    xm_operation_end (op, NULL);
    return;
  }
  g_autoptr (XmVmConfig) config = xm_vm_config_build (vm, &error);
  if (config == NULL) {
    xm_operation_end (op, error);
    return;
  }
  xm_vm_config_write_async (g_steal_pointer (&config), op->cancellable, on_prepared, op);
}

void
xm_operation_start (XmOperation *op)
{
  xm_domains_refresh_async (op->vm->service->domains, op->cancellable, on_looked, op);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/error.h"
#include "shim/lifecycle-private.h"
#include "shim/xl-builders.h"

/*
 * What the service was doing to a VM when it ended, seen from its next life:
 * a start between `xl create` and `xl unpause`, a reboot whose second half is
 * due, or a save, which lifecycle-save-recover.c ends first. An xl that still builds the domain is
 * waited for. A domain that has not been let run yet has nothing to lose, and nobody knows whether
 * it is whole: it is destroyed, and the start is made anew.
 */

/* -- the operation ------------------------------------------------------------------ */

static void
on_started (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (XmVm) vm = user_data;
  xm_lifecycle_start_again_finish (vm, result);
}

/* @again: whether the VM is to run */
static void
end (XmOperation *op, gboolean again)
{
  g_autoptr (XmVm) vm = xm_vm_ref (op->vm);
  again = again && vm->object != NULL && !g_cancellable_is_cancelled (op->cancellable);
  vm->lifecycle->building = FALSE;
  if (again) {
    xm_lifecycle_own_none_yet (vm);
    g_message ("%s: the start that was interrupted is made again", vm->uuid);
    xm_lifecycle_run_async (vm, XM_OPERATION_START, on_started, xm_vm_ref (vm));
  } else {
    xm_lifecycle_own (vm, -1);
  }
  xm_operation_end (op, NULL);
}

/* Not before its end, which looks at the picture that there is. */
void
xm_operation_put_off (XmOperation *op)
{
  g_autoptr (XmVm) vm = xm_vm_ref (op->vm);
  xm_operation_end (op, NULL);
  vm->lifecycle->observed = FALSE;
}

static void
on_gone (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  gboolean listed = xm_domains_refresh_finish (XM_DOMAINS (source), result, NULL);
  gboolean gone = listed && xm_operation_domain (op) == NULL;
  if (gone)
    xm_start_undo (op->vm);
  end (op, gone && op->vm->lifecycle->again);
}

static void
on_destroyed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  g_autoptr (GError) error = NULL;
  if (!xl_command_finish (XL_RUNNER (source), result, &error))
    g_warning ("cannot remove what is left of %s: %s", op->vm->uuid, error->message);
  xm_domains_refresh_async (op->vm->service->domains, NULL, on_gone, op);
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  XmLifecycle *lifecycle = op->vm->lifecycle;
  if (!xm_domains_refresh_finish (XM_DOMAINS (source), result, NULL)) {
    xm_operation_put_off (op);
    return;
  }
  const XlDomain *domain = xm_operation_domain (op);
  const XlDomain *left = lifecycle->unfinished ? xm_lifecycle_leftover (op->vm, 0) : NULL;
  gboolean is_own = domain != NULL && (int)domain->domid == lifecycle->own_domid;
  if (domain == NULL) {
    xm_start_undo (op->vm);
    end (op, lifecycle->again);
  } else if (left != NULL && (left->state & (XL_DOMAIN_PAUSED | XL_DOMAIN_DYING)) != 0) {
    g_message ("%s: domain %u was not finished when the service ended", op->vm->uuid, left->domid);
    xl_destroy_async (op->vm->service->runner, left->domid, NULL, on_destroyed, op);
  } else if (!lifecycle->unfinished && is_own) {
    lifecycle->restart = lifecycle->again; /* the guest is on its way down, or is there */
    xm_operation_end (op, NULL);
  } else {
    /* It runs: let run by the service in its last moment, or started by somebody else. */
    xm_lifecycle_own (op->vm, is_own ? (int)domain->domid : -1);
    xm_operation_end (op, NULL);
  }
}

static void
on_alone (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  xm_xl_builders_wait_finish (result);
  xm_domains_refresh_async (op->vm->service->domains, NULL, on_looked, op);
}

static void
recover_start (XmOperation *op)
{
  XmService *service = op->vm->service;
  g_autofree char *name = g_strconcat (op->vm->uuid, ".cfg", NULL);
  g_autofree char *config_path = g_build_filename (service->settings->run_dir, name, NULL);
  if (!op->vm->lifecycle->unfinished && !op->vm->lifecycle->again) {
    xm_operation_end (op, NULL);
    return;
  }
  op->vm->lifecycle->building = op->vm->lifecycle->unfinished;
  xm_xl_builders_wait_async (service, config_path,
                             xl_runner_get_timeout (service->runner, XL_TIMEOUT_BUILD),
                             op->cancellable, on_alone, op);
}

void
xm_operation_recover (XmOperation *op)
{
  if (op->vm->lifecycle->saving != NULL)
    xm_operation_recover_save (op, recover_start);
  else
    recover_start (op);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/lifecycle-private.h"
#include "shim/vm-saved.h"
#include "shim/xl-builders.h"

/*
 * A save that the service did not see to its end. xl goes on without it, and
 * what has become of the domain tells how that ended: xl destroys it once it is
 * saved, and has it run on when it cannot be. A domain that stays suspended was
 * left so by an xl that was killed; whether its file is whole nobody knows.
 */

static void
go_on (XmOperation *op)
{
  g_clear_pointer (&op->vm->lifecycle->saving, xm_save_image_unref);
  op->next (op);
}

static void
on_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  go_on (user_data);
}

/* (nullable): the domain that was saved */
static const XlDomain *
find_domain (XmOperation *op)
{
  g_autoptr (GPtrArray) all = xm_domains_find_uuid (op->vm->service->domains, op->vm->uuid);
  int domid = xm_save_image_get_domid (op->vm->lifecycle->saving);
  for (guint i = 0; i < all->len; i++) {
    const XlDomain *domain = all->pdata[i];
    if ((int)domain->domid == domid && !(domain->state & XL_DOMAIN_DYING))
      return domain;
  }
  return NULL;
}

static XmSaveEnd
find_end (XmOperation *op)
{
  const XlDomain *domain = find_domain (op);
  if (g_cancellable_is_cancelled (op->cancellable))
    return XM_SAVE_FAILED;
  if (domain == NULL)
    return XM_SAVE_DONE;
  return (domain->state & XL_DOMAIN_SHUTDOWN) &&
                 domain->shutdown_reason == XL_SHUTDOWN_REASON_SUSPEND
             ? XM_SAVE_DOUBTFUL
             : XM_SAVE_FAILED;
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  XmVm *vm = op->vm;
  const char *path = xm_save_image_get_path (vm->lifecycle->saving);
  if (!xm_domains_refresh_finish (XM_DOMAINS (source), result, NULL)) {
    xm_progress_end (g_steal_pointer (&op->progress), FALSE);
    xm_operation_put_off (op);
    return;
  }
  XmSaveEnd how = find_end (op);
  xm_progress_end (g_steal_pointer (&op->progress), how == XM_SAVE_DONE);
  if (how == XM_SAVE_DOUBTFUL)
    g_warning ("%s: xl did not end saving domain %d: nobody knows whether %s is whole", vm->uuid,
               vm->domid, path);
  else
    g_message ("%s: the save to %s that was interrupted has %s", vm->uuid, path,
               how == XM_SAVE_DONE ? "ended well" : "failed");
  if (how == XM_SAVE_DONE && vm->domid < 0) { /* else another domain has come since */
    xm_vm_saved_note (vm);
    xm_lifecycle_own (vm, -1);
  }
  xm_save_image_end_async (vm->lifecycle->saving, how, on_ended, op);
}

static void
on_alone (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  xm_xl_builders_wait_finish (result);
  xm_domains_refresh_async (op->vm->service->domains, NULL, on_looked, op);
}

void
xm_operation_recover_save (XmOperation *op, void (*next) (XmOperation *op))
{
  XmService *service = op->vm->service;
  const XmSaveImage *image = op->vm->lifecycle->saving;
  op->next = next;
  xm_operation_begin_save_progress (op, image, find_domain (op));
  xm_xl_builders_wait_async (service, xm_save_image_get_path (image),
                             xl_runner_get_timeout (service->runner, XL_TIMEOUT_BUILD),
                             op->cancellable, on_alone, op);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "shim/boot-sentinel.h"
#include "shim/error.h"
#include "shim/lifecycle-private.h"
#include "shim/nic-follow.h"
#include "shim/start-image.h"
#include "shim/vm-nodes.h"
#include "shim/vm-peers.h"
#include "shim/vm-saved.h"
#include "shim/xl-builders.h"

/* libxl's words. */
#define NAME_TAKEN "already exists"

/*
 * From an xl.cfg to a running domain: `xl create -e -p`, or `xl restore -e -p`;
 * note the domain as ours; `xl unpause`. When anything fails, what xl left
 * behind is destroyed before the operation fails.
 */

static void
warn_of_other (const XmOperation *op)
{
  g_warning ("%s: not started: somebody else has started it meanwhile", op->vm->uuid);
}

/* Whether what keeps the VM from being started is that it runs: between the last look and xl,
 * somebody else was faster. */
static gboolean
was_overtaken (const XmOperation *op, const XlDomain *domain)
{
  return (op->leftover & XM_LEFTOVER_NAME_TAKEN) && domain != NULL &&
         !(domain->state & (XL_DOMAIN_SHUTDOWN | XL_DOMAIN_DYING)) &&
         g_strcmp0 (domain->name, xm_vm_read (op->vm, "name")) == 0;
}

/* What an admin has made meanwhile stays, with what the start prepared: it may use that. */
static void
end_failed (XmOperation *op)
{
  const XlDomain *domain = xm_lifecycle_domain (op->vm);
  xm_lifecycle_own (op->vm, -1);
  if (domain == NULL)
    xm_start_undo (op->vm);
  if (was_overtaken (op, domain)) {
    warn_of_other (op);
    g_clear_error (&op->failure);
  }
  xm_operation_end (op, g_steal_pointer (&op->failure));
}

static void
on_cleaned (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  xm_domains_refresh_finish (XM_DOMAINS (source), result, NULL);
  end_failed (op);
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
  const XlDomain *domain = xm_lifecycle_leftover (op->vm, op->leftover);
  if (domain != NULL)
    xl_destroy_async (op->vm->service->runner, domain->domid, NULL, on_leftover_destroyed, op);
  else
    end_failed (op);
}

/* @error: (transfer full) */
static void
fail_and_clean (XmOperation *op, GError *error)
{
  op->failure = error;
  xm_domains_refresh_async (op->vm->service->domains, NULL, on_leftover_listed, op);
}

static void
on_booted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  GError *error = NULL;
  if (xm_boot_sentinel_wait_finish (result, &error)) {
    xm_nic_follow_begin (op->vm);
    xm_operation_end (op, NULL);
  } else {
    xm_operation_end (op, xm_operation_explain (op, error, NULL));
  }
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
  if (error == NULL && domain != NULL && op->kind == XM_OPERATION_START &&
      xm_boot_sentinel_is_set (op->vm)) {
    xm_operation_make_way (op); /* only the caller of start waits for the guest */
    xm_boot_sentinel_wait_async (op->vm, op->cancellable, on_booted, op);
  } else {
    xm_operation_end (op, error);
  }
}

static void
on_unpaused (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  GError *error = NULL;
  if (!xl_command_finish (XL_RUNNER (source), result, &error)) {
    fail_and_clean (op, xm_operation_explain (op, error, "Error unpausing domain."));
    return;
  }
  xm_vm_saved_forget (op->vm);
  xm_lifecycle_record_running (op->vm);
  xm_domains_refresh_async (op->vm->service->domains, NULL, on_running, op);
}

static void
unpause (XmOperation *op)
{
  xl_unpause_async (op->vm->service->runner, (guint)op->vm->lifecycle->own_domid, op->cancellable,
                    on_unpaused, op);
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  xm_vm_peers_connect_finish (result);
  unpause (user_data);
}

static void
on_nodes (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  xm_vm_nodes_complete_finish (result);
  xm_vm_peers_connect_async (op->vm, on_connected, op);
}

static void
complete_nodes (XmOperation *op)
{
  xm_vm_nodes_complete_async (op->vm, on_nodes, op);
}

static void
on_marked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  g_autoptr (GError) error = NULL;
  if (!xm_start_mark_image_finish (op->vm, result, &error))
    g_warning ("%s is not told that it was resumed: %s", op->vm->uuid, error->message);
  complete_nodes (op);
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
  const XlDomain *domain = xm_lifecycle_built_domain (op->vm);
  if (domain == NULL) {
    xm_error_set_io (&error, "\"xl ended well, but there is no domain with uuid %s\"",
                     op->vm->uuid);
    fail_and_clean (op, error);
    return;
  }
  guint domid = domain->domid;
  if (!xm_lifecycle_record_built (op->vm, domid, &error)) {
    fail_and_clean (op, error);
    return;
  }
  op->vm->lifecycle->building = FALSE;
  xm_vm_set_state (op->vm, XM_VM_CREATED);
  if (op->start != NULL && op->start->image != NULL)
    xm_start_mark_image_async (op->vm, domid, on_marked, op);
  else
    complete_nodes (op);
}

/* xl builds one domain at a time: ours may have waited in vain for one that an admin's builds of
 * the same VM. Which domain is whose shows when that is whole. */
static void
on_others_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  if (xm_xl_builders_wait_finish (result))
    op->leftover |= XM_LEFTOVER_NOT_ALONE;
  fail_and_clean (op, g_steal_pointer (&op->failure));
}

static void
on_created (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  GError *error = NULL;
  gboolean created = xl_command_finish (XL_RUNNER (source), result, &error);
  xm_progress_end (g_steal_pointer (&op->progress), created);
  if (created) {
    xm_domains_refresh_async (op->vm->service->domains, NULL, on_built, op);
    return;
  }
  if (error->domain == XL_ERROR && strstr (xl_error_get_message (error), NAME_TAKEN) != NULL)
    op->leftover |= XM_LEFTOVER_NAME_TAKEN;
  if (g_error_matches (error, XL_ERROR, XL_ERROR_TIMEOUT)) {
    op->failure = xm_operation_explain (op, error, NULL);
    xm_xl_builders_wait_async (op->vm->service, NULL,
                               xl_runner_get_timeout (XL_RUNNER (source), XL_TIMEOUT_BUILD),
                               op->cancellable, on_others_ended, op);
  } else {
    fail_and_clean (op, xm_operation_explain (op, error, NULL));
  }
}

void
xm_operation_build (XmOperation *op, const char *config_path, const char *image)
{
  XlRunner *runner = op->vm->service->runner;
  XlCreateFlags flags = XL_CREATE_PAUSED | XL_CREATE_DETACHED;
  GError *error = NULL;
  if (xm_lifecycle_domain (op->vm) != NULL) { /* the steps to here can take their time */
    warn_of_other (op);
    xm_operation_end (op, NULL);
    return;
  }
  if (!xm_lifecycle_record_building (op->vm, op->kind == XM_OPERATION_START, &error)) {
    xm_lifecycle_own (op->vm, -1);
    xm_start_undo (op->vm);
    xm_operation_end (op, error);
    return;
  }
  op->vm->lifecycle->building = TRUE;
  if (image != NULL) {
    guint64 size = op->start != NULL ? op->start->image_size : xm_save_image_get_size (op->image);
    if (size > 0)
      op->progress = xm_progress_begin_xl (op->vm, "restore", image, size);
    xl_restore_async (runner, config_path, image, flags, op->cancellable, on_created, op);
  } else {
    xl_create_async (runner, config_path, flags, NULL, op->cancellable, on_created, op);
  }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/lifecycle-private.h"

#include <string.h>
#include <unistd.h>

#include "shim/error.h"
#include "shim/keep-alive.h"
#include "shim/platform-power.h"
#include "shim/state-node.h"
#include "shim/vm-saved.h"

/* That a domain made by hand runs now, no event tells: looked for ever more seldom, for half a
 * minute. */
#define FRESH_LOOK_MS   250
#define MAX_FRESH_LOOKS 7

/* In this time the xl that has made a domain by hand begins to remove it; nobody else does. */
#define MONITOR_SECONDS 5

/* -- the queue --------------------------------------------------------------------- */

static void (*const first_steps[]) (XmOperation *op) = {
  [XM_OPERATION_START] = xm_operation_start,
  [XM_OPERATION_START_INTERNAL] = xm_operation_start_internal,
  [XM_OPERATION_SHUTDOWN] = xm_operation_shutdown,
  [XM_OPERATION_REBOOT] = xm_operation_reboot,
  [XM_OPERATION_DESTROY] = xm_operation_destroy,
  [XM_OPERATION_PAUSE] = xm_operation_pause,
  [XM_OPERATION_UNPAUSE] = xm_operation_unpause,
  [XM_OPERATION_SLEEP] = xm_operation_sleep,
  [XM_OPERATION_RESUME] = xm_operation_resume,
  [XM_OPERATION_HIBERNATE] = xm_operation_hibernate,
  [XM_OPERATION_SWITCH] = xm_operation_switch,
  [XM_OPERATION_SUSPEND_TO_FILE] = xm_operation_suspend_to_file,
  [XM_OPERATION_RESUME_FROM_FILE] = xm_operation_resume_from_file,
  [XM_OPERATION_RECOVER] = xm_operation_recover,
};

static void
operation_free (XmOperation *op)
{
  g_clear_pointer (&op->start, xm_start_free);
  g_clear_error (&op->failure);
  g_clear_pointer (&op->image, xm_save_image_unref);
  g_free (op->file);
  g_object_unref (op->task);
  g_object_unref (op->cancellable);
  xm_vm_unref (op->vm);
  g_free (op);
}

static void
run_next (XmLifecycle *lifecycle)
{
  XmOperation *op;
  while (lifecycle->current == NULL && (op = g_queue_pop_head (&lifecycle->waiting)) != NULL) {
    lifecycle->current = op;
    first_steps[op->kind](op); /* may end it, or let it step aside */
  }
}

void
xm_operation_step_aside (XmOperation *op)
{
  XmLifecycle *lifecycle = op->vm->lifecycle;
  g_assert (lifecycle->current == op);
  lifecycle->current = NULL;
  g_queue_push_tail (&lifecycle->aside, op);
}

void
xm_operation_make_way (XmOperation *op)
{
  XmLifecycle *lifecycle = op->vm->lifecycle;
  xm_operation_step_aside (op);
  run_next (lifecycle);
}

void
xm_operation_end (XmOperation *op, GError *error)
{
  XmLifecycle *lifecycle = op->vm->lifecycle;
  g_autoptr (XmVm) vm = xm_vm_ref (op->vm); /* the operation may hold the last reference */
  if (!g_queue_remove (&lifecycle->aside, op)) {
    g_assert (lifecycle->current == op);
    lifecycle->current = NULL;
    lifecycle->building = FALSE;
  }
  if (error != NULL && op->undo != NULL)
    op->undo (op);
  if (error != NULL)
    g_task_return_error (op->task, error);
  else
    g_task_return_boolean (op->task, TRUE);
  operation_free (op);
  xm_lifecycle_observe (vm);
  run_next (lifecycle);
}

static GError *
overtaken (XmVm *vm)
{
  GError *error = NULL;
  xm_error_set_plain (&error, "operation on vm %s was overtaken by destroy", vm->uuid);
  return error;
}

void
xm_lifecycle_cancel_all (XmVm *vm)
{
  XmLifecycle *lifecycle = vm->lifecycle;
  XmOperation *op;
  while ((op = g_queue_pop_head (&lifecycle->waiting)) != NULL) {
    g_task_return_error (op->task, overtaken (vm));
    operation_free (op);
  }
  for (GList *link = lifecycle->aside.head; link != NULL; link = link->next)
    g_cancellable_cancel (((XmOperation *)link->data)->cancellable);
  lifecycle->restart = FALSE;
  xm_lifecycle_set_again (vm, FALSE);
  if (lifecycle->current == NULL || lifecycle->current->kind == XM_OPERATION_DESTROY)
    return;
  op = lifecycle->current;
  g_cancellable_cancel (op->cancellable);
  if (op->waiting)
    xm_operation_end (op, overtaken (vm));
}

void
xm_lifecycle_run_on_file_async (XmVm *vm,
                                XmOperationKind kind,
                                const char *file,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  XmOperation *op = g_new0 (XmOperation, 1);
  op->vm = xm_vm_ref (vm);
  op->kind = kind;
  op->file = g_strdup (file);
  op->cancellable = g_cancellable_new ();
  op->task = g_task_new (NULL, NULL, callback, user_data);
  g_task_set_source_tag (op->task, xm_lifecycle_run_async);

  if (kind == XM_OPERATION_DESTROY)
    xm_lifecycle_cancel_all (vm);
  g_queue_push_tail (&vm->lifecycle->waiting, op);
  run_next (vm->lifecycle);
}

void
xm_lifecycle_run_async (XmVm *vm,
                        XmOperationKind kind,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  xm_lifecycle_run_on_file_async (vm, kind, NULL, callback, user_data);
}

gboolean
xm_lifecycle_is_busy (const XmVm *vm)
{
  const XmLifecycle *lifecycle = vm->lifecycle;
  return lifecycle->current != NULL || lifecycle->waiting.length > 0 || lifecycle->aside.length > 0;
}

gboolean
xm_lifecycle_run_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

GError *
xm_operation_explain (XmOperation *op, GError *error, const char *text)
{
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return xm_error_from_xl (error, text);
  g_error_free (error);
  return overtaken (op->vm);
}

gboolean
xm_operation_has_picture (XmOperation *op, GAsyncResult *result)
{
  GError *error = NULL;
  if (xm_domains_refresh_finish (op->vm->service->domains, result, &error))
    return TRUE;
  xm_operation_end (op, xm_operation_explain (op, error, NULL));
  return FALSE;
}

const XlDomain *
xm_operation_domain (XmOperation *op)
{
  return xm_lifecycle_domain (op->vm);
}

/* -- following the picture --------------------------------------------------------- */

static gboolean
on_expect_timer (gpointer user_data)
{
  g_autoptr (XmVm) vm = xm_vm_ref (user_data);
  XmLifecycle *lifecycle = vm->lifecycle;
  lifecycle->expect_timer = 0;
  lifecycle->expecting = FALSE;
  if (lifecycle->restart) {
    lifecycle->restart = FALSE;
    xm_lifecycle_set_again (vm, FALSE);
  }
  if (lifecycle->current != NULL && lifecycle->current->waiting) {
    GError *error = NULL;
    if (lifecycle->current->guest_is_down)
      g_message ("%s: the guest is down; nobody removes domain %d", vm->uuid, vm->domid);
    else if (lifecycle->current->timeout_error != 0)
      xm_error_set (&error, lifecycle->current->timeout_error);
    else
      xm_error_set_plain (
          &error, "Timeout while waiting for vm %s state to become shutdown after %us", vm->uuid,
          xl_runner_get_timeout (vm->service->runner, XL_TIMEOUT_SHUTDOWN));
    xm_operation_end (lifecycle->current, error);
  } else {
    xm_lifecycle_observe (vm);
  }
  return G_SOURCE_REMOVE;
}

void
xm_lifecycle_expect (XmVm *vm, XmVmState state)
{
  xm_lifecycle_expect_for (vm, state,
                           xl_runner_get_timeout (vm->service->runner, XL_TIMEOUT_SHUTDOWN));
}

void
xm_lifecycle_expect_for (XmVm *vm, XmVmState state, guint seconds)
{
  XmLifecycle *lifecycle = vm->lifecycle;
  lifecycle->expecting = TRUE;
  g_clear_handle_id (&lifecycle->expect_timer, g_source_remove);
  if (seconds > 0)
    lifecycle->expect_timer = g_timeout_add_seconds (seconds, on_expect_timer, vm);
  xm_vm_set_state (vm, state);
}

void
xm_lifecycle_expect_no_more (XmVm *vm)
{
  vm->lifecycle->expecting = FALSE;
  g_clear_handle_id (&vm->lifecycle->expect_timer, g_source_remove);
}

void
xm_lifecycle_start_again_finish (XmVm *vm, GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;
  if (!xm_lifecycle_run_finish (result, &error))
    g_warning ("%s does not start again: %s", vm->uuid, error->message);
  if (error != NULL)
    xm_keep_alive_start_failed (vm);
  xm_lifecycle_set_again (vm, FALSE); /* also when nothing was to be started */
}

static void
on_start_again (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (XmVm) vm = user_data;
  xm_lifecycle_start_again_finish (vm, result);
}

static void
domain_gone (XmVm *vm)
{
  XmLifecycle *lifecycle = vm->lifecycle;
  XmVmState last = lifecycle->saving != NULL ? XM_VM_SUSPENDED : vm->state;
  if (!lifecycle->building) {
    if (lifecycle->own_domid >= 0)
      xm_state_node_write_end (vm);
    if (lifecycle->restart)
      xm_lifecycle_own_none_yet (vm);
    else
      xm_lifecycle_own (vm, -1);
    if (last == XM_VM_SUSPENDED)
      xm_vm_saved_note (vm);
    xm_start_undo (vm);
    xm_vm_set_state (vm, XM_VM_SHUTDOWN);
  }
  xm_lifecycle_expect_no_more (vm);

  if (lifecycle->current != NULL && lifecycle->current->waiting)
    xm_operation_end (lifecycle->current, NULL);
  if (lifecycle->restart && !lifecycle->building) {
    lifecycle->restart = FALSE;
    xm_lifecycle_run_async (vm, XM_OPERATION_START, on_start_again, xm_vm_ref (vm));
  } else if (!lifecycle->building) {
    xm_platform_power_domain_gone (vm, last);
    xm_keep_alive_domain_gone (vm, last);
  }
}

static gboolean
is_current (const XmLifecycle *lifecycle, XmOperationKind kind)
{
  return lifecycle->current != NULL && lifecycle->current->kind == kind;
}

/* A domain that is still there is tried again at the next refresh, not at once: whatever kept xl
 * from removing it is likely to last. */
static void
on_reaped_refresh (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (XmVm) vm = user_data;
  xm_domains_refresh_finish (XM_DOMAINS (source), result, NULL); /* observed already */
  vm->lifecycle->reaping = FALSE;
}

static void
on_reaped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmVm *vm = user_data;
  g_autoptr (GError) error = NULL;
  if (!xl_command_finish (XL_RUNNER (source), result, &error))
    g_warning ("cannot remove the ended domain of %s: %s", vm->uuid, error->message);
  xm_domains_refresh_async (vm->service->domains, NULL, on_reaped_refresh, vm);
}

static void
reap (XmVm *vm, const XlDomain *domain)
{
  XmLifecycle *lifecycle = vm->lifecycle;
  if (lifecycle->reaping)
    return;
  g_autofree char *domid = g_strdup_printf ("%u", domain->domid);
  g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "DOMID", domid, "MESSAGE",
                    "%s: domain %u has ended, reason %d", vm->uuid, domain->domid,
                    domain->shutdown_reason);
  lifecycle->reaping = TRUE;
  if (domain->shutdown_reason == XL_SHUTDOWN_REASON_REBOOT &&
      !is_current (lifecycle, XM_OPERATION_DESTROY))
    lifecycle->restart = TRUE;
  xm_lifecycle_set_again (vm, lifecycle->restart); /* or it would end with the service */
  xl_destroy_async (vm->service->runner, domain->domid, NULL, on_reaped, xm_vm_ref (vm));
}

/* Who waits for the end of a domain that the service does not remove, such as one of an admin's
 * `xl create -e`, has reached it. */
static void
expect_removal (XmVm *vm)
{
  XmLifecycle *lifecycle = vm->lifecycle;
  if (lifecycle->current == NULL || !lifecycle->current->waiting ||
      lifecycle->current->guest_is_down)
    return;
  lifecycle->current->guest_is_down = TRUE;
  g_clear_handle_id (&lifecycle->expect_timer, g_source_remove);
  lifecycle->expect_timer = g_timeout_add_seconds (MONITOR_SECONDS, on_expect_timer, vm);
}

gboolean
xm_lifecycle_is_preserved (const XmVm *vm, const XlDomain *domain)
{
  return (int)domain->domid == vm->lifecycle->own_domid && (domain->state & XL_DOMAIN_SHUTDOWN) &&
         domain->shutdown_reason == XL_SHUTDOWN_REASON_REBOOT &&
         xm_vm_read_boolean (vm, "preserve-on-reboot", FALSE);
}

static void
domain_ended (XmVm *vm, const XlDomain *domain)
{
  gboolean is_own = (int)domain->domid == vm->lifecycle->own_domid;
  switch (domain->shutdown_reason) {
  case XL_SHUTDOWN_REASON_SUSPEND: /* xl save is at work and will destroy it */
    xm_vm_set_state (vm, XM_VM_SUSPENDED);
    return;
  case XL_SHUTDOWN_REASON_POWEROFF:
    xm_vm_set_state (vm, xm_state_node_refine (vm, XM_VM_SHUTTING_DOWN));
    break;
  case XL_SHUTDOWN_REASON_REBOOT:
    xm_vm_set_state (vm, XM_VM_REBOOTING);
    break;
  default: /* a crash has no state of its own: the VM is stopped once the domain is gone; of a
              domain that is not the service's that may be never */
    if (!is_own)
      xm_vm_set_state (vm, XM_VM_SHUTTING_DOWN);
    break;
  }
  if (!is_own || xm_lifecycle_is_preserved (vm, domain))
    expect_removal (vm);
  else
    reap (vm, domain);
}

/* Paused as a step of something else: between build and unpause, or by xl destroy, which pauses a
 * domain before it removes the devices. */
static gboolean
is_paused_on_the_way (const XmVm *vm)
{
  const XmLifecycle *lifecycle = vm->lifecycle;
  return (vm->state == XM_VM_CREATED && (is_current (lifecycle, XM_OPERATION_START) ||
                                         is_current (lifecycle, XM_OPERATION_RESUME_FROM_FILE))) ||
         is_current (lifecycle, XM_OPERATION_DESTROY) || lifecycle->reaping;
}

/* Whether the last life of the service has left something to do. */
static gboolean
has_to_recover (const XmLifecycle *lifecycle)
{
  return lifecycle->unfinished || lifecycle->again || lifecycle->saving != NULL;
}

/* Its domain ended while there was no service, or with the host. A later domain of that number is
 * somebody else's. */
static void
forget_former_domain (XmVm *vm)
{
  gboolean had_one = vm->lifecycle->own_domid >= 0;
  if (has_to_recover (vm->lifecycle))
    return; /* that is lifecycle-recover.c's */
  xm_lifecycle_own (vm, -1);
  xm_start_undo (vm);
  xm_keep_alive_found_off (vm, had_one);
}

/* Whoever made the domain, it came into being before it ran. */
static void
domain_came (XmVm *vm, const XlDomain *domain)
{
  XmLifecycle *lifecycle = vm->lifecycle;
  xm_vm_set_domid (vm, (int)domain->domid);
  if (!lifecycle->building)
    xm_vm_saved_forget (vm);
  lifecycle->fresh = !lifecycle->building && lifecycle->own_domid != (int)domain->domid &&
                     (lifecycle->observed || xm_domain_is_half_built (domain));
  lifecycle->fresh_looks = 0;
  if (!lifecycle->fresh)
    return;
  xm_vm_set_state (vm, XM_VM_CREATING_DEVICES);
  if (!(domain->state & XL_DOMAIN_PAUSED))
    xm_vm_set_state (vm, XM_VM_CREATED);
}

static XmVmState
paused_state (const XmVm *vm, const XlDomain *domain)
{
  if (!vm->lifecycle->fresh)
    return XM_VM_PAUSED;
  return xm_domain_is_half_built (domain) ? XM_VM_CREATING_DEVICES : XM_VM_CREATED;
}

static void
follow (XmVm *vm)
{
  XmLifecycle *lifecycle = vm->lifecycle;
  const XlDomain *domain = xm_lifecycle_domain (vm);
  if (domain != NULL && vm->domid >= 0 && vm->domid != (int)domain->domid &&
      !lifecycle->building) { /* one went and another came between two pictures */
    xm_vm_set_domid (vm, -1);
    domain_gone (vm);
    follow (vm);
    return;
  }
  if (domain == NULL) {
    if (lifecycle->expecting && is_current (lifecycle, XM_OPERATION_SUSPEND_TO_FILE))
      return; /* xl save has destroyed it; whether it is saved, is known when xl has ended */
    gboolean had = vm->domid >= 0 || vm->state != XM_VM_SHUTDOWN;
    xm_vm_set_domid (vm, -1);
    if (had)
      domain_gone (vm);
    else if (!lifecycle->observed)
      forget_former_domain (vm);
    return;
  }

  if (vm->domid != (int)domain->domid)
    domain_came (vm, domain);
  if (!(domain->state & XL_DOMAIN_PAUSED))
    lifecycle->fresh = FALSE;
  if (lifecycle->fresh && lifecycle->fresh_looks < MAX_FRESH_LOOKS) /* xl will let it run */
    xm_domains_look_within (vm->service->domains, FRESH_LOOK_MS << lifecycle->fresh_looks++);

  if (lifecycle->building)
    xm_vm_set_state (vm, XM_VM_CREATING_DEVICES);
  else if (domain->state & XL_DOMAIN_DYING)
    return; /* gone soon, whatever it was */
  else if (domain->state & XL_DOMAIN_SHUTDOWN)
    domain_ended (vm, domain);
  else if ((domain->state & XL_DOMAIN_PAUSED) && is_paused_on_the_way (vm))
    return;
  else if (domain->state & XL_DOMAIN_PAUSED)
    xm_vm_set_state (vm, xm_state_node_refine (vm, paused_state (vm, domain)));
  else if (!lifecycle->expecting)
    xm_vm_set_state (vm, xm_state_node_refine (vm, XM_VM_RUNNING));
}

void
xm_lifecycle_observe (XmVm *vm)
{
  G_GNUC_UNUSED g_autoptr (XmVm) kept = xm_vm_ref (vm);
  if (vm->object == NULL) /* removed while an operation was under way: its domain is not ours */
    return;
  if (xm_domains_get_all (vm->service->domains)->len == 0) /* dom0 is in every picture */
    return;
  XmLifecycle *lifecycle = vm->lifecycle;
  if (!lifecycle->observed && has_to_recover (lifecycle) && lifecycle->current == NULL)
    xm_lifecycle_run_async (vm, XM_OPERATION_RECOVER, NULL, NULL);
  follow (vm);
  xm_lifecycle_record_retry (vm);
  lifecycle->observed = TRUE;
}

gboolean
xm_lifecycle_is_known (const XmVm *vm)
{
  return vm->lifecycle->observed;
}

/* -- making and freeing ------------------------------------------------------------ */

XmLifecycle *
xm_lifecycle_new (XmVm *vm)
{
  XmLifecycle *lifecycle = g_new0 (XmLifecycle, 1);
  lifecycle->vm = vm;
  lifecycle->own_domid = -1;
  g_queue_init (&lifecycle->waiting);
  g_queue_init (&lifecycle->aside);
  xm_lifecycle_read_record (lifecycle);
  lifecycle->saving = xm_save_image_find (vm);
  return lifecycle;
}

void
xm_lifecycle_free (XmLifecycle *lifecycle)
{
  g_assert (lifecycle->current == NULL && g_queue_is_empty (&lifecycle->waiting) &&
            g_queue_is_empty (&lifecycle->aside));
  g_clear_handle_id (&lifecycle->expect_timer, g_source_remove);
  g_clear_pointer (&lifecycle->saving, xm_save_image_unref);
  g_free (lifecycle);
}

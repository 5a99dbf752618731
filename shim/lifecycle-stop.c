/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/error.h"
#include "shim/guest-agent.h"
#include "shim/lifecycle-private.h"
#include "shim/power-button.h"
#include "shim/state-node.h"

/*
 * Shutdown, reboot and destroy. A guest in S3 is woken first. A guest agent is
 * asked for a shutdown; else the guest is, through PV control; an HVM
 * guest without PV drivers then gets the ACPI power button. xl waits for the
 * guest's acknowledgement only; the end of the domain is news from xenstored.
 */

#define WAKE_SECONDS 40

/* -- shutdown and reboot ----------------------------------------------------------- */

/* There is nobody left to be asked in a domain that was preserved at a reboot. */
static gboolean
is_preserved (const XmOperation *op)
{
  const XlDomain *domain = xm_lifecycle_domain (op->vm);
  return domain != NULL && xm_lifecycle_is_preserved (op->vm, domain);
}

static void
set_restart (XmVm *vm, gboolean restart)
{
  vm->lifecycle->restart = restart;
  xm_lifecycle_set_again (vm, restart);
}

static void
take_back_restart (XmOperation *op)
{
  set_restart (op->vm, FALSE);
}

static void on_asked (GObject *source, GAsyncResult *result, gpointer user_data);

static void
ask (XmOperation *op)
{
  XmVm *vm = op->vm;
  XlRunner *runner = vm->service->runner;
  if (op->escalated) /* 4.17's `xl reboot -F` sends a trigger that Xen refuses: power off, then
                        start again */
    xl_shutdown_async (runner, (guint)vm->domid, XL_SHUTDOWN_ACPI_FALLBACK, op->cancellable,
                       on_asked, op);
  else if (op->kind == XM_OPERATION_REBOOT)
    xl_reboot_async (runner, (guint)vm->domid, XL_SHUTDOWN_PV, op->cancellable, on_asked, op);
  else
    xl_shutdown_async (runner, (guint)vm->domid,
                       xm_toolstack_is_openxt (vm->service->toolstack) && !op->has_button
                           ? XL_SHUTDOWN_PV_OR_FORCE
                           : XL_SHUTDOWN_PV,
                       op->cancellable, on_asked, op);
}

static void
on_asked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  XmVm *vm = op->vm;
  GError *error = NULL;
  gboolean asked = xl_command_finish (XL_RUNNER (source), result, &error);

  if (vm->domid < 0) { /* gone meanwhile: what was asked for has happened */
    g_clear_error (&error);
    xm_operation_end (op, NULL);
  } else if (asked && op->kind == XM_OPERATION_REBOOT) {
    set_restart (vm, vm->lifecycle->restart || op->escalated);
    xm_operation_end (op, NULL);
  } else if (asked) {
    op->waiting = TRUE;
  } else if (xm_vm_is_hvm (vm) && !op->escalated && !g_cancellable_is_cancelled (op->cancellable)) {
    g_clear_error (&error);
    op->escalated = TRUE;
    if (op->has_button)
      xm_power_button_press (vm);
    ask (op);
  } else {
    xm_lifecycle_expect_no_more (vm);
    xm_operation_end (op, xm_operation_explain (op, error, NULL));
  }
}

/* A guest that heeds the power button is not powered off by force for want of PV control. */
static void
on_button_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  GError *error = NULL;
  if (!xm_power_button_find_finish (result, &op->has_button, &error)) {
    xm_lifecycle_expect_no_more (op->vm);
    xm_operation_end (op, xm_operation_explain (op, error, NULL));
  } else if (op->vm->domid < 0) {
    xm_operation_end (op, NULL);
  } else {
    ask (op);
  }
}

static void
find_button (XmOperation *op)
{
  xm_power_button_find_async (op->vm, op->cancellable, on_button_found, op);
}

/* What the agent has not taken, xl is asked for. */
static void
on_agent_asked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  g_autoptr (GError) error = NULL;
  gboolean asked = xm_guest_agent_request_finish (result, &error);
  if (op->vm->domid < 0) {
    xm_operation_end (op, NULL);
  } else if (asked) {
    op->timeout_error = XM_ERROR_SHUTDOWN_TIMEOUT;
    op->waiting = TRUE;
  } else {
    g_warning ("%s: the guest agent: %s", op->vm->uuid, error->message);
    find_button (op);
  }
}

static void
on_agent_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  GError *error = NULL;
  gboolean found;
  if (!xm_guest_agent_find_finish (result, &found, &error)) {
    xm_lifecycle_expect_no_more (op->vm);
    xm_operation_end (op, xm_operation_explain (op, error, NULL));
  } else if (op->vm->domid < 0) {
    xm_operation_end (op, NULL);
  } else if (found) {
    xm_guest_agent_request_async (op->vm, "request_shutdown", op->cancellable, on_agent_asked, op);
  } else {
    find_button (op);
  }
}

static void
find_agent (XmOperation *op)
{
  if (op->vm->domid < 0) {
    xm_operation_end (op, NULL);
    return;
  }
  xm_lifecycle_expect (op->vm, XM_VM_SHUTTING_DOWN);
  xm_guest_agent_find_async (op->vm, op->cancellable, on_agent_found, op);
}

void
xm_operation_shutdown (XmOperation *op)
{
  if (op->vm->domid < 0)
    xm_operation_end (op, NULL);
  else if (is_preserved (op))
    xm_operation_destroy (op);
  else
    xm_operation_wake (op, WAKE_SECONDS, find_agent);
}

void
xm_operation_reboot (XmOperation *op)
{
  if (op->vm->domid < 0) {
    xm_operation_end (op, NULL);
  } else if (is_preserved (op)) {
    op->undo = take_back_restart;
    set_restart (op->vm, TRUE);
    xm_operation_destroy (op);
  } else {
    xm_lifecycle_expect (op->vm, XM_VM_REBOOTING);
    ask (op);
  }
}

/* -- destroy ----------------------------------------------------------------------- */

static void
on_destroyed_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  if (!xm_operation_has_picture (op, result))
    return;
  const XlDomain *domain = xm_operation_domain (op);
  if (domain == NULL || domain->domid != op->domid || (domain->state & XL_DOMAIN_DYING))
    g_clear_error (&op->failure); /* whoever destroyed it */
  else if (op->failure == NULL)
    xm_error_set_io (&op->failure, "\"Error destroying domain.\"");
  xm_operation_end (op, g_steal_pointer (&op->failure));
}

static void
on_destroyed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  GError *error = NULL;
  if (!xl_command_finish (XL_RUNNER (source), result, &error))
    op->failure = xm_operation_explain (op, error, "Error destroying domain.");
  xm_domains_refresh_async (op->vm->service->domains, NULL, on_destroyed_listed, op);
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  if (!xm_operation_has_picture (op, result))
    return;
  const XlDomain *domain = xm_operation_domain (op);
  if (domain == NULL) {
    xm_state_node_write_end (op->vm); /* the xl that would say it may have been killed */
    xm_operation_end (op, NULL);
  } else {
    op->domid = domain->domid;
    xl_destroy_async (op->vm->service->runner, domain->domid, NULL, on_destroyed, op);
  }
}

void
xm_operation_destroy (XmOperation *op)
{
  /* Looked up anew: the picture may not yet show what a cancelled start left. */
  xm_domains_refresh_async (op->vm->service->domains, NULL, on_looked, op);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/error.h"
#include "shim/guest-agent.h"
#include "shim/lifecycle-private.h"
#include "shim/pv-control.h"

/*
 * Hibernate: the guest writes its memory to its own disk and powers off. That
 * it hibernated is stored before it is asked, so that the end of the domain is
 * told as ACPI state 4, and taken back when it does not go.
 */

#define HIBERNATE_ERROR "Error entering s4."
#define WAKE_SECONDS    40

static void
store (XmOperation *op, const char *value)
{
  g_autoptr (GError) error = NULL;
  if (!xm_vm_write (op->vm, "hibernated", value, &error))
    g_warning ("%s: hibernated: %s", op->vm->uuid, error->message);
}

static void
take_back (XmOperation *op)
{
  if (!xm_store_exists (op->vm->service->store, op->vm->db_path))
    return;
  store (op, "false");
  xm_store_commit_async (op->vm->service->store, NULL, NULL, NULL);
}

/* Asked: it ends when the domain does. */
static void
wait_for_end (XmOperation *op)
{
  if (op->vm->domid < 0) {
    xm_operation_end (op, NULL);
    return;
  }
  op->timeout_error = XM_ERROR_HIBERNATE_TIMEOUT;
  op->waiting = TRUE;
  xm_lifecycle_expect_for (op->vm, XM_VM_SHUTTING_DOWN, op->vm->service->settings->agent_timeout);
}

/* @error: (transfer full) */
static void
fail (XmOperation *op, GError *error, const char *text)
{
  if (op->vm->domid < 0) { /* gone meanwhile: what was asked for has happened */
    g_error_free (error);
    xm_operation_end (op, NULL);
    return;
  }
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_message ("%s does not hibernate: %s", op->vm->uuid, error->message);
  xm_operation_end (op, xm_operation_explain (op, error, text));
}

static void
on_agent_asked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  if (xm_guest_agent_request_finish (result, &error))
    wait_for_end (user_data);
  else
    fail (user_data, error, NULL);
}

static void
on_xl_asked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;
  if (xl_command_finish (XL_RUNNER (source), result, &error))
    wait_for_end (user_data);
  else
    fail (user_data, error, HIBERNATE_ERROR);
}

static void
on_controlled (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  GError *error = NULL;
  gboolean offered;
  if (xm_pv_control_finish (result, &offered, &error) && offered) {
    wait_for_end (op);
    return;
  }
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    g_message ("%s: %s", op->vm->uuid, error != NULL ? error->message : "no offer to hibernate");
    g_clear_error (&error);
    xm_error_set_io (&error, "\"" HIBERNATE_ERROR "\"");
  }
  fail (op, error, NULL);
}

static void
on_stored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  XmVm *vm = op->vm;
  GError *error = NULL;
  if (!xm_store_commit_finish (XM_STORE (source), result, &error)) {
    xm_operation_end (op, error);
  } else if (vm->domid < 0) {
    xm_operation_end (op, NULL);
  } else if (op->has_agent) {
    xm_guest_agent_request_async (vm, "request_hibernate", op->cancellable, on_agent_asked, op);
  } else if (xm_service_has_subcommand (vm->service, "hibernate")) {
    xl_hibernate_async (vm->service->runner, (guint)vm->domid, op->cancellable, on_xl_asked, op);
  } else {
    xm_pv_control_async (vm, "s4", op->cancellable, on_controlled, op);
  }
}

static void
hibernate (XmOperation *op)
{
  if (op->vm->domid < 0) {
    xm_operation_end (op, NULL);
    return;
  }
  store (op, "true");
  op->undo = take_back;
  xm_store_commit_async (op->vm->service->store, NULL, on_stored, op);
}

static void
on_agent_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  GError *error = NULL;
  if (!xm_guest_agent_find_finish (result, &op->has_agent, &error)) {
    xm_operation_end (op, xm_operation_explain (op, error, NULL));
  } else if (!op->has_agent && !xm_vm_read_boolean (op->vm, "pv-addons-installed", FALSE)) {
    xm_error_set (&error, XM_ERROR_PV_ADDONS);
    xm_operation_end (op, error);
  } else {
    xm_operation_wake (op, WAKE_SECONDS, hibernate);
  }
}

void
xm_operation_hibernate (XmOperation *op)
{
  if (op->vm->domid < 0)
    xm_operation_end (op, NULL);
  else
    xm_guest_agent_find_async (op->vm, op->cancellable, on_agent_found, op);
}

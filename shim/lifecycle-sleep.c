/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/error.h"
#include "shim/guest-agent.h"
#include "shim/lifecycle-private.h"
#include "shim/pv-control.h"
#include "shim/vm-power.h"

/*
 * S3 of a guest: sleep and resume, and the waking that other operations begin
 * with. Asked by the agent, the guest must sleep in time; asked by its PV
 * driver or the ACPI button, it is only asked, as in the original.
 */

#define SLEEP_ERROR    "Error entering s3."
#define RESUME_SECONDS 10

/* -- waking ------------------------------------------------------------------------ */

static void
on_awake (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  GError *error = NULL;
  gboolean awake;
  if (!xm_vm_power_wait_finish (result, &awake, &error)) {
    xm_operation_end (op, xm_operation_explain (op, error, NULL));
    return;
  }
  if (!awake)
    g_warning ("%s does not wake up", op->vm->uuid);
  op->next (op);
}

/* Whether the trigger has worked, shows in the guest. */
static void
on_wake_triggered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  g_autoptr (GError) error = NULL;
  if (!xl_command_finish (XL_RUNNER (source), result, &error))
    g_info ("%s", error->message);
  xm_vm_power_wait_async (op->vm, FALSE, op->seconds, op->cancellable, on_awake, op);
}

static void
wake (XmOperation *op)
{
  xl_trigger_async (op->vm->service->runner, (guint)op->vm->domid, XL_TRIGGER_S3RESUME,
                    op->cancellable, on_wake_triggered, op);
}

static void
on_looked_to_wake (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  GError *error = NULL;
  if (!xm_vm_power_look_finish (result, &error))
    xm_operation_end (op, xm_operation_explain (op, error, NULL));
  else if (xm_vm_power_is_asleep (op->vm))
    wake (op);
  else
    op->next (op);
}

void
xm_operation_wake (XmOperation *op, guint seconds, void (*next) (XmOperation *op))
{
  op->next = next;
  op->seconds = seconds;
  xm_vm_power_look_async (op->vm, op->cancellable, on_looked_to_wake, op);
}

/* -- resume ------------------------------------------------------------------------ */

static void
resumed (XmOperation *op)
{
  xm_operation_end (op, NULL);
}

void
xm_operation_resume (XmOperation *op)
{
  if (op->vm->domid < 0 || !xm_vm_is_hvm (op->vm)) {
    xm_operation_end (op, NULL);
    return;
  }
  op->next = resumed;
  op->seconds = RESUME_SECONDS;
  wake (op);
}

/* -- sleep ------------------------------------------------------------------------- */

static void
fail (XmOperation *op)
{
  GError *error = NULL;
  if (g_cancellable_set_error_if_cancelled (op->cancellable, &error))
    error = xm_operation_explain (op, error, NULL);
  else
    xm_error_set_io (&error, "\"" SLEEP_ERROR "\"");
  xm_operation_end (op, error);
}

static void
on_asked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  GError *error = NULL;
  if (xl_command_finish (XL_RUNNER (source), result, &error))
    xm_operation_end (op, NULL);
  else
    xm_operation_end (op, xm_operation_explain (op, error, SLEEP_ERROR));
}

static void
on_controlled (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  g_autoptr (GError) error = NULL;
  gboolean offered;
  if (!xm_pv_control_finish (result, &offered, &error)) {
    g_message ("%s does not sleep: %s", op->vm->uuid, error->message);
    fail (op);
  } else if (offered) {
    xm_operation_end (op, NULL);
  } else if (op->vm->domid < 0) {
    fail (op);
  } else {
    xl_trigger_async (op->vm->service->runner, (guint)op->vm->domid, XL_TRIGGER_SLEEP,
                      op->cancellable, on_asked, op);
  }
}

/* Without an agent. OpenXT's `xl trigger sleep` speaks to the PV driver; stock xl's presses the
 * ACPI button, which a guest with the driver may be told to ignore. */
static void
ask (XmOperation *op)
{
  XmVm *vm = op->vm;
  XlRunner *runner = vm->service->runner;
  if (vm->domid < 0)
    fail (op);
  else if (xm_service_has_subcommand (vm->service, "sleep"))
    xl_sleep_async (runner, (guint)vm->domid, op->cancellable, on_asked, op);
  else if (xm_toolstack_is_openxt (vm->service->toolstack))
    xl_trigger_async (runner, (guint)vm->domid, XL_TRIGGER_SLEEP, op->cancellable, on_asked, op);
  else if (xm_vm_is_hvm (vm))
    xm_pv_control_async (vm, "s3", op->cancellable, on_controlled, op);
  else
    fail (op);
}

static void
on_asleep (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  GError *error = NULL;
  gboolean asleep;
  if (!xm_vm_power_wait_finish (result, &asleep, &error))
    error = xm_operation_explain (op, error, NULL);
  else if (!asleep && op->vm->domid < 0)
    xm_error_set_io (&error, "\"" SLEEP_ERROR "\"");
  else if (!asleep)
    xm_error_set (&error, XM_ERROR_SLEEP_TIMEOUT);
  xm_operation_end (op, error);
}

static void
on_agent_asked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  GError *error = NULL;
  if (xm_guest_agent_request_finish (result, &error))
    xm_vm_power_wait_async (op->vm, TRUE, op->vm->service->settings->agent_timeout, op->cancellable,
                            on_asleep, op);
  else
    xm_operation_end (op, xm_operation_explain (op, error, NULL));
}

static void
on_agent_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  GError *error = NULL;
  gboolean found;
  if (!xm_guest_agent_find_finish (result, &found, &error)) {
    xm_operation_end (op, xm_operation_explain (op, error, NULL));
  } else if (found) {
    xm_guest_agent_request_async (op->vm, "request_sleep", op->cancellable, on_agent_asked, op);
  } else if (xm_vm_read_boolean (op->vm, "pv-addons-installed", FALSE)) {
    ask (op);
  } else {
    xm_error_set (&error, XM_ERROR_PV_ADDONS);
    xm_operation_end (op, error);
  }
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  GError *error = NULL;
  if (!xm_vm_power_look_finish (result, &error))
    xm_operation_end (op, xm_operation_explain (op, error, NULL));
  else if (xm_vm_power_is_asleep (op->vm))
    xm_operation_end (op, NULL);
  else
    xm_guest_agent_find_async (op->vm, op->cancellable, on_agent_found, op);
}

void
xm_operation_sleep (XmOperation *op)
{
  xm_vm_power_look_async (op->vm, op->cancellable, on_looked, op);
}

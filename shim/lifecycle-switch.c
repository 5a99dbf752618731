/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/error.h"
#include "shim/lifecycle-private.h"

/*
 * Switch: the input daemon gives the VM the keyboard and the screen. A host
 * without one has no displays to switch between: scripts go on.
 */

#define INPUT          "com.citrix.xenclient.input"
#define ANSWER_TIMEOUT 5000 /* ms */
#define WAKE_SECONDS   10

static gboolean
is_absent (const GError *error)
{
  return g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
         g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER);
}

static void
on_switched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmOperation *op = user_data;
  GError *error = NULL;
  gboolean switched = FALSE;
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  if (is_absent (error)) {
    g_message ("%s has no screen to switch to: %s is not on the bus", op->vm->uuid, INPUT);
    g_error_free (error);
    xm_operation_end (op, NULL);
    return;
  }
  if (answer == NULL) {
    xm_operation_end (op, xm_operation_explain (op, xm_error_from_peer (error), NULL));
    return;
  }
  g_variant_get (answer, "(b)", &switched);
  if (!switched)
    g_warning ("%s: the input daemon does not switch to it", op->vm->uuid);
  xm_operation_end (op, NULL);
}

static void
switch_focus (XmOperation *op)
{
  XmVm *vm = op->vm;
  if (vm->domid < 0) {
    xm_operation_end (op, NULL);
    return;
  }
  g_dbus_connection_call (vm->service->connection, INPUT, "/", INPUT, "switch_focus",
                          g_variant_new ("(ib)", vm->domid, FALSE), G_VARIANT_TYPE ("(b)"),
                          G_DBUS_CALL_FLAGS_NONE, ANSWER_TIMEOUT, op->cancellable, on_switched, op);
}

void
xm_operation_switch (XmOperation *op)
{
  if (op->vm->domid < 0)
    xm_operation_end (op, NULL);
  else
    xm_operation_wake (op, WAKE_SECONDS, switch_focus);
}

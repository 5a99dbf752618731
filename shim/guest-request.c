/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/guest-request.h"

#include "shim/bus-caller.h"
#include "shim/signals.h"

static void
on_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (XmVm) vm = xm_bus_caller_find_vm_finish (result);
  if (vm != NULL)
    xm_signal_requested_attention (vm);
  g_dbus_method_invocation_return_value (user_data, NULL);
}

static void
request_attention (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  xm_bus_caller_find_vm_async (owner, g_dbus_method_invocation_get_sender (invocation), on_found,
                               invocation);
}

const XmMethod xm_guest_request_methods[] = {
  { "request_attention", request_attention },
  { NULL, NULL },
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-power-methods.h"

#include "shim/error.h"
#include "shim/host-lid.h"
#include "shim/host-power.h"

/* -- actions ----------------------------------------------------------------------- */

static void
on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GDBusMethodInvocation *invocation = user_data;
  GError *error = NULL;
  if (xm_host_power_run_finish (result, &error))
    g_dbus_method_invocation_return_value (invocation, NULL);
  else
    xm_error_return (invocation, error);
}

void
xm_host_power_method (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const char *member = g_dbus_method_invocation_get_method_name (invocation);
  XmHostAction action = g_str_equal (member, "shutdown_idle") ? XM_HOST_SHUTDOWN_IDLE
                                                              : xm_host_action_from_word (member);
  xm_host_power_run_async (owner, action, NULL, on_done, invocation);
}

/* -- the lid ----------------------------------------------------------------------- */

static void
get_action (XmService *service, XmPowerSource source, GDBusMethodInvocation *invocation)
{
  const char *word = xm_host_action_word (xm_host_lid_action (service, source));
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(s)", word));
}

static void
set_action (XmService *service,
            XmPowerSource source,
            GVariant *parameters,
            GDBusMethodInvocation *invocation)
{
  const char *word;
  GError *error = NULL;
  g_variant_get (parameters, "(&s)", &word);
  if (xm_host_lid_set_action (service, source, xm_host_action_from_word (word), &error))
    xm_service_answer_when_durable (service, invocation, NULL);
  else
    xm_error_return (invocation, error);
}

static void
get_ac (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  get_action (owner, XM_POWER_MAINS, invocation);
}

static void
get_battery (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  get_action (owner, XM_POWER_BATTERY, invocation);
}

static void
set_ac (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  set_action (owner, XM_POWER_MAINS, parameters, invocation);
}

static void
set_battery (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  set_action (owner, XM_POWER_BATTERY, parameters, invocation);
}

const XmMethod xm_host_powersettings_methods[] = {
  { "get_ac_lid_close_action", get_ac },
  { "get_battery_lid_close_action", get_battery },
  { "set_ac_lid_close_action", set_ac },
  { "set_battery_lid_close_action", set_battery },
  { NULL, NULL },
};

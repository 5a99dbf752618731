/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-lid.h"

#include "shim/peers.h"
#include "shim/text.h"

#define INPUT "com.citrix.xenclient.input"
#define XCPMD "com.citrix.xenclient.xcpmd"

#define LID_STATE     "/pm/lid_state"
#define AC_ADAPTER    "/pm/ac_adapter"
#define BATTERY_LEVEL "/pm/currentbatterylevel"

#define LID_CLOSED       "0"
#define AC_ON            "1"
#define BATTERY_CRITICAL "3"

/* -- settings ---------------------------------------------------------------------- */

static const char *const keys[] = {
  [XM_POWER_MAINS] = "/power-management/ac-lid-close-action",
  [XM_POWER_BATTERY] = "/power-management/battery-lid-close-action",
};

XmHostAction
xm_host_lid_action (XmService *service, XmPowerSource source)
{
  return xm_host_action_from_word (xm_text_or (xm_store_read (service->store, keys[source]), ""));
}

gboolean
xm_host_lid_set_action (XmService *service,
                        XmPowerSource source,
                        XmHostAction action,
                        GError **error)
{
  return xm_store_write (service->store, keys[source], xm_host_action_word (action), error);
}

/* -- being told -------------------------------------------------------------------- */

static void lid_moved (XmHostLid *lid);
static void power_button (XmHostLid *lid);
static void sleep_button (XmHostLid *lid);
static void battery_changed (XmHostLid *lid);

static const struct {
  const char *name, *member; /* the name is the interface's, too */
  void (*told) (XmHostLid *lid);
} events[] = {
  { INPUT, "lid_state_changed", lid_moved },
  { XCPMD, "power_button_pressed", power_button },
  { XCPMD, "sleep_button_pressed", sleep_button },
  { XCPMD, "battery_level_notification", battery_changed },
};

struct _XmHostLid {
  XmService *service;
  GCancellable *ended;
  guint subscriptions[G_N_ELEMENTS (events)];
};

static void
power_button (XmHostLid *lid)
{
  xm_host_power_act (lid->service, XM_HOST_SHUTDOWN, NULL, "the power button is pressed");
}

static void
sleep_button (XmHostLid *lid)
{
  xm_host_power_act (lid->service, XM_HOST_SLEEP, NULL, "the sleep button is pressed");
}

/* (transfer full) (nullable): the text of a node, NULL when there is none; *@ended when the service
 * ends, whose XmHostLid is no more then. */
static char *
read_finish (GObject *source, GAsyncResult *result, gboolean *ended)
{
  g_autoptr (GError) error = NULL;
  char *text = xl_xenstore_read_finish (XL_XENSTORE (source), result, &error);
  *ended = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  return text;
}

static void
on_adapter (GObject *source, GAsyncResult *result, gpointer user_data)
{
  gboolean ended;
  g_autofree char *adapter = read_finish (source, result, &ended);
  if (ended)
    return;
  XmService *service = ((XmHostLid *)user_data)->service;
  gboolean mains = g_strcmp0 (adapter, AC_ON) == 0;
  xm_host_power_act (service,
                     xm_host_lid_action (service, mains ? XM_POWER_MAINS : XM_POWER_BATTERY), NULL,
                     mains ? "the lid is closed, on mains" : "the lid is closed, on battery");
}

static void
on_lid_state (GObject *source, GAsyncResult *result, gpointer user_data)
{
  gboolean ended;
  g_autofree char *state = read_finish (source, result, &ended);
  if (ended || g_strcmp0 (state, LID_CLOSED) != 0)
    return;
  XmHostLid *lid = user_data;
  xl_xenstore_read_async (lid->service->xenstore, AC_ADAPTER, lid->ended, on_adapter, lid);
}

static void
lid_moved (XmHostLid *lid)
{
  xl_xenstore_read_async (lid->service->xenstore, LID_STATE, lid->ended, on_lid_state, lid);
}

static void
on_battery_level (GObject *source, GAsyncResult *result, gpointer user_data)
{
  gboolean ended;
  g_autofree char *level = read_finish (source, result, &ended);
  if (ended || g_strcmp0 (level, BATTERY_CRITICAL) != 0)
    return;
  xm_host_power_act (((XmHostLid *)user_data)->service, XM_HOST_HIBERNATE, NULL,
                     "the battery is nearly empty");
}

static void
battery_changed (XmHostLid *lid)
{
  xl_xenstore_read_async (lid->service->xenstore, BATTERY_LEVEL, lid->ended, on_battery_level, lid);
}

static void
on_signal (GDBusConnection *connection,
           const char *sender,
           const char *path,
           const char *interface,
           const char *member,
           GVariant *parameters,
           gpointer user_data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (events); i++) {
    if (g_str_equal (events[i].name, interface) && g_str_equal (events[i].member, member))
      events[i].told (user_data);
  }
}

XmHostLid *
xm_host_lid_new (XmService *service)
{
  XmHostLid *lid = g_new0 (XmHostLid, 1);
  lid->service = service;
  lid->ended = g_cancellable_new ();
  for (gsize i = 0; i < G_N_ELEMENTS (events); i++)
    lid->subscriptions[i] = g_dbus_connection_signal_subscribe (
        service->connection, xm_peers_sender (service->connection, events[i].name), events[i].name,
        events[i].member, NULL, NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_signal, lid, NULL);
  return lid;
}

void
xm_host_lid_free (XmHostLid *lid)
{
  for (gsize i = 0; i < G_N_ELEMENTS (events); i++)
    g_dbus_connection_signal_unsubscribe (lid->service->connection, lid->subscriptions[i]);
  g_cancellable_cancel (lid->ended);
  g_object_unref (lid->ended);
  g_free (lid);
}

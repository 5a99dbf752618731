/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/bus-limit.h"

/* A value on the wire has at most four times the size that it has in memory (booleans). */
#define HARMLESS (XM_BUS_MAX_MESSAGE / 4 - 64 * 1024)

static gboolean
fits (GDBusMessage *message)
{
  GVariant *body = g_dbus_message_get_body (message);
  if (body == NULL || g_variant_get_size (body) <= HARMLESS)
    return TRUE;
  gsize size = 0;
  g_autofree guchar *blob =
      g_dbus_message_to_blob (message, &size, G_DBUS_CAPABILITY_FLAGS_UNIX_FD_PASSING, NULL);
  return blob != NULL && size <= XM_BUS_MAX_MESSAGE;
}

static GDBusMessage *
refusal_of (GDBusMessage *answer)
{
  GDBusMessage *refusal = g_dbus_message_new ();
  g_dbus_message_set_message_type (refusal, G_DBUS_MESSAGE_TYPE_ERROR);
  g_dbus_message_set_flags (refusal, G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED);
  g_dbus_message_set_serial (refusal, g_dbus_message_get_serial (answer));
  g_dbus_message_set_reply_serial (refusal, g_dbus_message_get_reply_serial (answer));
  if (g_dbus_message_get_destination (answer) != NULL)
    g_dbus_message_set_destination (refusal, g_dbus_message_get_destination (answer));
  g_dbus_message_set_error_name (refusal, "org.freedesktop.DBus.Error.LimitsExceeded");
  g_dbus_message_set_body (refusal, g_variant_new ("(s)", "the answer is too large for the bus"));
  return refusal;
}

/* Runs in GDBus's own thread. */
static GDBusMessage *
on_message (GDBusConnection *connection,
            GDBusMessage *message,
            gboolean incoming,
            gpointer user_data)
{
  GDBusMessage *instead = NULL;
  if (incoming || fits (message))
    return message;
  switch (g_dbus_message_get_message_type (message)) {
  case G_DBUS_MESSAGE_TYPE_METHOD_RETURN:
  case G_DBUS_MESSAGE_TYPE_ERROR:
    instead = refusal_of (message);
    break;
  default: /* of our own calls none takes what others give without a bound */
    g_warning ("%s is too large for the bus and left out", g_dbus_message_get_member (message));
  }
  g_object_unref (message);
  return instead;
}

void
xm_bus_limit (GDBusConnection *connection)
{
  g_dbus_connection_add_filter (connection, on_message, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/peers.h"

#define ANSWER_TIMEOUT 2000 /* ms */

struct _XmPeers {
  GDBusConnection *connection;
  GCancellable *ended;
  GHashTable *absent; /* bus names that were said to be */
};

typedef struct {
  XmPeers *peers;
  char *name, *member;
  void (*done) (gpointer user_data);
  gpointer user_data;
} Call;

static void
peers_clear (gpointer data)
{
  XmPeers *peers = data;
  g_object_unref (peers->connection);
  g_object_unref (peers->ended);
  g_hash_table_unref (peers->absent);
}

XmPeers *
xm_peers_new (GDBusConnection *connection)
{
  XmPeers *peers = g_rc_box_new0 (XmPeers);
  peers->connection = g_object_ref (connection);
  peers->ended = g_cancellable_new ();
  peers->absent = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return peers;
}

void
xm_peers_free (XmPeers *peers)
{
  g_cancellable_cancel (peers->ended);
  g_rc_box_release_full (peers, peers_clear);
}

static void
complain (const Call *call, GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
      g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER)) {
    if (g_hash_table_add (call->peers->absent, g_strdup (call->name)))
      g_message ("%s is not on the bus, and not told", call->name);
    return;
  }
  g_dbus_error_strip_remote_error (error);
  g_warning ("%s.%s: %s", call->name, call->member, error->message);
}

static void
on_answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  if (answer != NULL)
    g_hash_table_remove (call->peers->absent, call->name);
  else
    complain (call, error);
  if (call->done != NULL)
    call->done (call->user_data);
  g_rc_box_release_full (call->peers, peers_clear);
  g_free (call->name);
  g_free (call->member);
  g_free (call);
}

void
xm_peers_call (XmPeers *peers,
               const char *name,
               const char *member,
               GVariant *parameters,
               void (*done) (gpointer user_data),
               gpointer user_data)
{
  Call *call = g_new (Call, 1);
  *call = (Call){ g_rc_box_acquire (peers), g_strdup (name), g_strdup (member), done, user_data };
  g_dbus_connection_call (peers->connection, name, "/", name, member, parameters, NULL,
                          G_DBUS_CALL_FLAGS_NO_AUTO_START, ANSWER_TIMEOUT, peers->ended,
                          on_answered, call);
}

const char *
xm_peers_sender (GDBusConnection *connection, const char *name)
{
  gboolean bus = (g_dbus_connection_get_flags (connection) &
                  G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION) != 0;
  return bus ? name : NULL;
}

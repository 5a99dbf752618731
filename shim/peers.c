/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/peers.h"

#define ANSWER_TIMEOUT 2000 /* ms */

/** Peer: one that has been called. */
typedef struct {
  char *name;
  guint watch;
  gboolean absent; /* and known to be */
} Peer;

struct _XmPeers {
  GDBusConnection *connection;
  GCancellable *ended;
  GHashTable *known; /* name → Peer */
};

typedef struct {
  XmPeers *peers;
  char *name, *member;
  void (*done) (gpointer user_data);
  gpointer user_data;
} Call;

static void
peer_free (gpointer data)
{
  Peer *peer = data;
  if (peer->watch != 0)
    g_bus_unwatch_name (peer->watch);
  g_free (peer->name);
  g_free (peer);
}

static void
peers_clear (gpointer data)
{
  XmPeers *peers = data;
  g_object_unref (peers->connection);
  g_object_unref (peers->ended);
  g_hash_table_unref (peers->known);
}

XmPeers *
xm_peers_new (GDBusConnection *connection)
{
  XmPeers *peers = g_rc_box_new0 (XmPeers);
  peers->connection = g_object_ref (connection);
  peers->ended = g_cancellable_new ();
  peers->known = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, peer_free);
  return peers;
}

void
xm_peers_free (XmPeers *peers)
{
  g_cancellable_cancel (peers->ended);
  g_hash_table_remove_all (peers->known);
  g_rc_box_release_full (peers, peers_clear);
}

/* -- who is there ------------------------------------------------------------------ */

static void
on_appeared (GDBusConnection *connection, const char *name, const char *owner, gpointer user_data)
{
  Peer *peer = user_data;
  peer->absent = FALSE;
}

/* @connection: (nullable): %NULL when that is what has gone */
static void
on_vanished (GDBusConnection *connection, const char *name, gpointer user_data)
{
  Peer *peer = user_data;
  if (connection != NULL)
    g_message ("%s is not on the bus, and not told", name);
  peer->absent = TRUE;
}

/* On the first call one is not known to be absent, and called. */
static const Peer *
meet (XmPeers *peers, const char *name)
{
  Peer *peer = g_hash_table_lookup (peers->known, name);
  if (peer != NULL)
    return peer;
  peer = g_new0 (Peer, 1);
  peer->name = g_strdup (name);
  if (xm_peers_sender (peers->connection, name) != NULL)
    peer->watch =
        g_bus_watch_name_on_connection (peers->connection, name, G_BUS_NAME_WATCHER_FLAGS_NONE,
                                        on_appeared, on_vanished, peer, NULL);
  g_hash_table_insert (peers->known, peer->name, peer);
  return peer;
}

/* -- calls ------------------------------------------------------------------------- */

static void
complain (const Call *call, GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
      g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
      g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER))
    return;
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
  if (answer == NULL)
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
  if (meet (peers, name)->absent) {
    if (parameters != NULL)
      g_variant_unref (g_variant_ref_sink (parameters));
    if (done != NULL)
      done (user_data);
    return;
  }
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

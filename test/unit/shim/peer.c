/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer.h"

#include <check.h>
#include <gio/gunixsocketaddress.h>
#include <sys/socket.h>

struct _Peer {
  GDBusConnection *server;
  GDBusConnection *client;
  GDBusNodeInfo *info;
  PeerHandler handler;
  gpointer user_data;
};

static GIOStream *
make_stream (int fd)
{
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, NULL);

  ck_assert_ptr_nonnull (socket);
  return G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
}

static void
opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GDBusConnection **connection = user_data;

  *connection = g_dbus_connection_new_finish (result, NULL);
  ck_assert_ptr_nonnull (*connection);
}

void
peer_connect (GDBusConnection **server, GDBusConnection **client)
{
  int fds[2];
  ck_assert_int_eq (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  g_autoptr (GIOStream) server_stream = make_stream (fds[0]);
  g_autoptr (GIOStream) client_stream = make_stream (fds[1]);
  g_autofree char *guid = g_dbus_generate_guid ();
  *server = *client = NULL;
  g_dbus_connection_new (server_stream, guid, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_SERVER, NULL,
                         NULL, opened, server);
  g_dbus_connection_new (client_stream, NULL, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL,
                         NULL, opened, client);
  while (*server == NULL || *client == NULL)
    g_main_context_iteration (NULL, TRUE);
}

GDBusConnection *
peer_join_bus (GTestDBus *bus)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection =
      g_dbus_connection_new_for_address_sync (g_test_dbus_get_bus_address (bus),
                                              G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                  G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                              NULL, NULL, &error);
  ck_assert_msg (connection != NULL, "%s", error != NULL ? error->message : "");
  return connection;
}

static void
handle (GDBusConnection *connection,
        const char *sender,
        const char *path,
        const char *interface,
        const char *method,
        GVariant *parameters,
        GDBusMethodInvocation *invocation,
        gpointer user_data)
{
  Peer *peer = user_data;

  peer->handler (method, parameters, invocation, peer->user_data);
}

Peer *
peer_new (const char *xml, PeerHandler handler, gpointer user_data)
{
  static const GDBusInterfaceVTable vtable = { handle, NULL, NULL, { 0 } };
  Peer *peer = g_new0 (Peer, 1);

  peer_connect (&peer->server, &peer->client);
  peer->handler = handler;
  peer->user_data = user_data;
  peer->info = g_dbus_node_info_new_for_xml (xml, NULL);
  ck_assert_ptr_nonnull (peer->info);
  ck_assert_uint_ne (g_dbus_connection_register_object (
                         peer->server, "/", peer->info->interfaces[0], &vtable, peer, NULL, NULL),
                     0);
  return peer;
}

void
peer_free (Peer *peer)
{
  g_dbus_connection_close_sync (peer->client, NULL, NULL);
  g_dbus_connection_close_sync (peer->server, NULL, NULL);
  g_object_unref (peer->client);
  g_object_unref (peer->server);
  g_dbus_node_info_unref (peer->info);
  g_free (peer);
}

static void
answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **answer = user_data;

  *answer = g_object_ref (result);
}

GVariant *
peer_call (Peer *peer, const char *method, GVariant *parameters, GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;

  g_dbus_connection_call (peer->client, NULL, "/", peer->info->interfaces[0]->name, method,
                          parameters, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, answered, &answer);
  while (!answer)
    g_main_context_iteration (NULL, TRUE);
  return g_dbus_connection_call_finish (peer->client, answer, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/*
 * Two ends of one D-Bus connection in one process, without a bus: calls on one
 * end reach a handler at the other, which answers as the daemon would.
 */
typedef struct _Peer Peer;

/** peer_connect: (out) (transfer full): the two ends, once they know each other. */
void peer_connect (GDBusConnection **server, GDBusConnection **client);

/** peer_join_bus: (transfer full): a connection to a bus of the test's own. */
GDBusConnection *peer_join_bus (GTestDBus *bus);

/** PeerHandler: takes @invocation. */
typedef void (*PeerHandler) (const char *method,
                             GVariant *parameters,
                             GDBusMethodInvocation *invocation,
                             gpointer user_data);

/** peer_new: serves the first interface of the introspection text @xml. */
Peer *peer_new (const char *xml, PeerHandler handler, gpointer user_data);
void peer_free (Peer *peer);

/**
 * peer_call: calls a method and runs the main context until the answer is there.
 * @parameters: (transfer floating)
 *
 * Returns: (transfer full) (nullable): %NULL with the error as it came over the wire.
 */
GVariant *peer_call (Peer *peer, const char *method, GVariant *parameters, GError **error);

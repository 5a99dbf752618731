/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/**
 * XmPeers: other services on the bus that are told of what happens and whose answer changes
 * nothing: each is called once, without being activated, and has 2 s to answer. One that is absent
 * is tried once, which is logged, and not again before it has come.
 */
typedef struct _XmPeers XmPeers;

XmPeers *xm_peers_new (GDBusConnection *connection);

/** xm_peers_free: calls under way are forgotten; their callbacks still come. */
void xm_peers_free (XmPeers *peers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XmPeers, xm_peers_free)

/**
 * xm_peers_call: calls @member of the interface and object `/` that go with bus name @name.
 * @parameters: (transfer floating)
 * @done: (nullable): called with @user_data when it has answered, well or not; before the return
 *   when it is known to be absent
 */
void xm_peers_call (XmPeers *peers,
                    const char *name,
                    const char *member,
                    GVariant *parameters,
                    void (*done) (gpointer user_data),
                    gpointer user_data);

/** xm_peers_sender: whose signals to listen to when @name's are meant: its own, but on a connection
 * without a bus, where there are no names and only one who can tell, %NULL. */
const char *xm_peers_sender (GDBusConnection *connection, const char *name);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/**
 * XmNetworkDaemon: com.citrix.xenclient.networkdaemon, which on OpenXT knows the networks and the
 * VMs that serve them. It is optional: it is never activated, and while it has no owner on the bus
 * nothing is sent and nothing waits. What it does not answer in time is as if it were absent, and
 * logged once.
 */
typedef struct _XmNetworkDaemon XmNetworkDaemon;

/** xm_network_daemon_new: looks for it on service->connection. */
XmNetworkDaemon *xm_network_daemon_new (XmService *service);

/** xm_network_daemon_free: ends what is under way as cancelled. */
void xm_network_daemon_free (XmNetworkDaemon *daemon);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XmNetworkDaemon, xm_network_daemon_free)

/**
 * xm_network_daemon_set_times:
 * @call_limit: milliseconds that one call may take (5000)
 * @poll: milliseconds between two looks whether it is initialised (1000)
 * @ready: milliseconds until it must be (30000)
 */
void
xm_network_daemon_set_times (XmNetworkDaemon *daemon, guint call_limit, guint poll, guint ready);

/**
 * xm_network_daemon_backend: (transfer none) (nullable): uuid of the VM that serves @network, by
 * the latest answer of the daemon; %NULL when it names none or is absent.
 */
const char *xm_network_daemon_backend (const XmNetworkDaemon *daemon, const char *network);

/**
 * xm_network_daemon_refresh_async: asks anew for the backend of every network that a NIC of any VM
 * is on. Done by itself when the daemon appears and when it tells of a change.
 */
void xm_network_daemon_refresh_async (XmNetworkDaemon *daemon,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);

/** xm_network_daemon_refresh_finish: fails with 240 when the daemon is there and does not become
 * ready, or as cancelled; an absent daemon is no failure. */
gboolean xm_network_daemon_refresh_finish (GAsyncResult *result, GError **error);

/**
 * xm_network_daemon_move_async: `move_to_network`.
 * @interface: the backend's interface, such as vif3.0
 */
void xm_network_daemon_move_async (XmNetworkDaemon *daemon,
                                   const char *interface,
                                   const char *network,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean xm_network_daemon_move_finish (GAsyncResult *result, GError **error);

/**
 * xm_network_daemon_connected_async: `vif_connected`.
 * @interface: the backend's interface, such as vif3.0
 * @domid: of the domain that serves it
 */
void xm_network_daemon_connected_async (XmNetworkDaemon *daemon,
                                        const char *interface,
                                        int domid,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);

/** xm_network_daemon_connected_finish: whether it says so; an absent daemon, or one that does not
 * answer, has no objection. */
gboolean xm_network_daemon_connected_finish (GAsyncResult *result);

/** xm_network_daemon_is_present: whether the daemon has an owner on the bus. */
gboolean xm_network_daemon_is_present (const XmNetworkDaemon *daemon);

G_END_DECLS

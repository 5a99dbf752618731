/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/** XmGuestSignals: see xm_guest_signals_new(). */
typedef struct _XmGuestSignals XmGuestSignals;

/**
 * xm_guest_signals_new: hears the agents in guests: agent_started, agent_uninstalled and
 * xorg_running of com.citrix.xenclient.guest. @service must have a connection.
 *
 * Anybody on the bus can send these. They count for the VM from whose domain they come, as the bus
 * says (bus-caller.h), and for no other; on a bus that does not know domains they count for none.
 */
XmGuestSignals *xm_guest_signals_new (XmService *service);
void xm_guest_signals_free (XmGuestSignals *self);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/**
 * xm_guest_signals_listen: hears the agents in guests until the service ends: agent_started,
 * agent_uninstalled and xorg_running of com.citrix.xenclient.guest.
 *
 * Anybody on the bus can send these. They count for the VM from whose domain they come, as the bus
 * says (bus-caller.h), and for no other; on a bus that does not know domains they count for none.
 */
void xm_guest_signals_listen (XmService *service);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/**
 * XmGuestNodes: follows what a running guest, or its device model, tells in
 * xenstore: that it sleeps, wakes or hibernates (acpi-state, power-state), and
 * whether OpenXT's PV drivers are installed in it: attr/PVAddons/Installed says
 * so with a 1, and attr/PVAddonsUninstalled with a 1 that they are not, whatever
 * the other says and in whatever order they were written. Without a 1 in either,
 * what was known stays. A guest may write what and as often as it likes: only
 * known words and numbers count, and each node is read a few times a second at
 * most.
 */
typedef struct _XmGuestNodes XmGuestNodes;

/** xm_guest_nodes_new: of the domain that @vm has now; @vm must outlive it. */
XmGuestNodes *xm_guest_nodes_new (XmVm *vm);
void xm_guest_nodes_free (XmGuestNodes *nodes);

/** xm_guest_nodes_agent_told: the agent in @vm says that it has begun, so that the nodes of the PV
 * drivers are looked at; not @installed: that it was removed, and the drivers with it, which counts
 * until the nodes are looked at again. */
void xm_guest_nodes_agent_told (XmVm *vm, gboolean installed);

G_END_DECLS

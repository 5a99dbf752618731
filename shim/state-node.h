/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * The xenstore nodes /state/<uuid>/state and /state/<uuid>/reboot, where OpenXT's xl writes what
 * it does to a domain. The service reads them for domains that somebody else made: they tell of a
 * save, shutdown or reboot that was asked for, and whether a paused domain is still being built.
 * An xl that has written `rebooted` and waits is told at once to make the domain again, and that
 * domain is let run.
 * Whether there is a domain, whether it is paused and whether it has ended, Xen alone says. Stock
 * xl writes none of this.
 */

/** XmStateNodes: follows the nodes of all VMs with one watch. */
typedef struct _XmStateNodes XmStateNodes;
XmStateNodes *xm_state_nodes_new (XmService *service);
void xm_state_nodes_free (XmStateNodes *nodes);

/** xm_state_nodes_look: reads the nodes of a VM that is new. */
void xm_state_nodes_look (XmStateNodes *nodes, XmVm *vm);

/** XmStateNode: what the nodes of one VM say; none while there are none. */
void xm_state_node_free (XmStateNode *node);

/** xm_state_node_refine: the state of the VM, whose domain Xen shows as @seen: running, paused,
 * being built, or ended. */
XmVmState xm_state_node_refine (const XmVm *vm, XmVmState seen);

/** xm_state_node_write_end: the domain is gone and no xl will say so: does it in its place. */
void xm_state_node_write_end (XmVm *vm);

G_END_DECLS

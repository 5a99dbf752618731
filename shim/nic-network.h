/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm-properties.h"

G_BEGIN_DECLS

/**
 * xm_nic_set_network:
 * @text: a network's path or old name
 * @task: (transfer full): answered with %TRUE once the network is stored (in memory) and the NIC of
 * a running VM has moved to it
 *
 * While the VM runs, the network daemon is asked to move the NIC; without one the backend's
 * interface goes to the bridge that the key file names for the network, and the guest's link stays.
 * Moves of one NIC are made one after the other. When a move fails, so does the call, though the
 * network is stored; setting it once more tries again. A NIC that the running domain does not have
 * is not moved.
 */
void xm_nic_set_network (XmVm *vm, guint id, const char *text, GTask *task);

/* The rows `wired-network` and `wireless-network`: the network of the first NIC without and with
 * `wireless-driver`; without such a NIC Get answers "" and Set does nothing. */
GVariant *xm_vm_get_wired_network (const XmVm *vm, const XmVmProperty *row, GError **error);
GVariant *xm_vm_get_wireless_network (const XmVm *vm, const XmVmProperty *row, GError **error);
void xm_vm_set_wired_network (XmVm *vm, const XmVmProperty *row, GVariant *value, GTask *task);
void xm_vm_set_wireless_network (XmVm *vm, const XmVmProperty *row, GVariant *value, GTask *task);

/** xm_vm_get_mac: getter of the row `mac`: the MAC of the first NIC, "" without NICs. */
GVariant *xm_vm_get_mac (const XmVm *vm, const XmVmProperty *row, GError **error);

G_END_DECLS

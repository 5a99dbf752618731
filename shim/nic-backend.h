/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/start.h"

G_BEGIN_DECLS

/*
 * Which VM serves a NIC: the one of its `backend-uuid`, else the first one named
 * `backend-name`, else the one that the network daemon names for its network,
 * else the first one with `provides-default-network-backend`. When there is none,
 * or it was not named by the NIC itself and does not run, dom0 serves it.
 */

/**
 * xm_nic_backend: (transfer none) (nullable): the VM that serves the NIC, running or not. No VM is
 * its own backend unless its NIC says so.
 * @is_explicit: (out) (nullable): whether the NIC itself names a backend, which may not exist
 */
XmVm *xm_nic_backend (const XmVm *vm, guint id, gboolean *is_explicit);

/**
 * xm_nic_backend_domid:
 * @domid: (out): domain of the backend; -1 for dom0
 *
 * Fails with 232 when the NIC names a backend that has no domain.
 */
gboolean xm_nic_backend_domid (const XmVm *vm, guint id, int *domid, GError **error);

/** xm_nic_is_given: whether the guest gets the NIC: it is enabled, and the VM's policy for networks
 * of its kind allows it. */
gboolean xm_nic_is_given (const XmVm *vm, guint id);

/** xm_nic_networks_in_use: (transfer full) (element-type utf8): networks of all NICs of all VMs
 * that do not name their backend themselves. */
GHashTable *xm_nic_networks_in_use (XmService *service);

/** xm_start_nic_backends: start step: finds XmStart.nic_backends. Asks the network daemon, if there
 * is one, when the VM has NICs. */
void xm_start_nic_backends (XmStart *start, GTask *task);

G_END_DECLS

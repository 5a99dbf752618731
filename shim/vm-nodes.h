/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm-properties.h"

G_BEGIN_DECLS

/*
 * The nodes of xenstore that OpenXT's parts and guests look at and libxl does not write: what the
 * switcher shows of a running VM (/xenmgr/vms/<uuid>), the folders that the guest or its device
 * model answers in, the Argo device. They are written in one transaction for each phase of a
 * domain's life, and only while the domain has its own nodes: one that ends meanwhile leaves
 * nothing behind. Domains that were started by hand get them as well, but for the boot sentinel.
 *
 * A write that fails is logged and tried again with the next picture of the domains; no start
 * fails for it: what is missing then is missing with its permissions.
 */

/** xm_vm_nodes_follow: brings the nodes in line with the VM's domain and state. Called when these
 * change, and with each picture of the domains. */
void xm_vm_nodes_follow (XmVm *vm);

/**
 * xm_vm_nodes_complete_async: writes what must be there before the domain of a start runs for the
 * first time, the boot sentinel too.
 */
void xm_vm_nodes_complete_async (XmVm *vm, GAsyncReadyCallback callback, gpointer user_data);

/** xm_vm_nodes_complete_finish: never fails; what went wrong is logged. */
void xm_vm_nodes_complete_finish (GAsyncResult *result);

/** xm_vm_nodes_show: writes /xenmgr/vms/<uuid> anew, if the VM runs; a property it tells of has
 * changed. */
void xm_vm_nodes_show (XmVm *vm);

/** xm_vm_nodes_property_changed: the same, as XmVmProperty.changed. */
gboolean xm_vm_nodes_property_changed (XmVm *vm,
                                       const XmVmProperty *row,
                                       const char *old_text,
                                       GError **error);

/** xm_vm_nodes_stubdomain_changed: for XmVm.stub_domid; @vm: an XmVm. */
void xm_vm_nodes_stubdomain_changed (gpointer vm);

/** xm_vm_nodes_recover: removes the nodes of domains that ended while there was no service. Needs a
 * picture of the domains. */
void xm_vm_nodes_recover (XmService *service);

G_END_DECLS

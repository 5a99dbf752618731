/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/host-properties.h"

G_BEGIN_DECLS

/*
 * The host's PCI devices, as properties and as a list.
 */

/** xm_host_pci_devices: (transfer full) (element-type XmPciDevice): all, by address, with names. */
GPtrArray *xm_host_pci_devices (const XmService *service);

/** xm_host_get_amt_capable: whether there is Intel management hardware: class 0780 or 0700. */
GVariant *xm_host_get_amt_capable (XmService *service, const XmHostProperty *row);

/** xm_host_get_gpu_models: names of the graphics adapters, one a line. */
GVariant *xm_host_get_gpu_models (XmService *service, const XmHostProperty *row);

/** xm_host_get_pci_model: name of the first device of the class that the row's detail gives in
 * hexadecimal. */
GVariant *xm_host_get_pci_model (XmService *service, const XmHostProperty *row);

/** xm_host_list_pci_devices: method list_pci_devices. */
void xm_host_list_pci_devices (gpointer service,
                               GVariant *parameters,
                               GDBusMethodInvocation *invocation);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/**
 * xm_bus_caller_find_vm_async: the VM from whose domain a message came.
 * @sender: (nullable): its unique name on the bus
 *
 * Only OpenXT's message bus knows the domain of a connection (GetConnectionDOMID). On any other,
 * all are taken to be in dom0, however they call themselves.
 */
void xm_bus_caller_find_vm_async (XmService *service,
                                  const char *sender,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);

/** xm_bus_caller_find_vm_finish: (transfer full) (nullable): %NULL for dom0, domains that are no
 * VM of the store, and the unknown. */
XmVm *xm_bus_caller_find_vm_finish (GAsyncResult *result);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * Where a message came from. Only OpenXT's message bus knows the domain of a connection
 * (GetConnectionDOMID).
 */

/**
 * xm_bus_caller_find_domid_async: the domain from which a message came.
 * @sender: (nullable): its unique name on the bus
 */
void xm_bus_caller_find_domid_async (XmService *service,
                                     const char *sender,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);

/** xm_bus_caller_find_domid_finish: its domid, 0 also where there is no bus. Errors, with -1: those
 * of the bus, G_IO_ERROR_CANCELLED when the service has ended. */
gint64 xm_bus_caller_find_domid_finish (GAsyncResult *result, GError **error);

/** xm_bus_caller_is_unknown: whether @error says that this bus knows no domains. */
gboolean xm_bus_caller_is_unknown (const GError *error);

/**
 * xm_bus_caller_find_vm_async: the VM from whose domain a message came. On a bus that knows no
 * domains all are taken to be in dom0, however they call themselves.
 */
void xm_bus_caller_find_vm_async (XmService *service,
                                  const char *sender,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);

/** xm_bus_caller_find_vm_finish: (transfer full) (nullable): %NULL for dom0, domains that are no
 * VM of the store, and the unknown. */
XmVm *xm_bus_caller_find_vm_finish (GAsyncResult *result);

G_END_DECLS

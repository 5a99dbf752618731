/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * Taking devices away from dom0's drivers and giving them to pciback, which
 * keeps them for guests.
 *
 * xl does the same while it builds a domain, because each xl.cfg says
 * pci_seize=1. That is too late for a device that no driver of dom0 shall have
 * between the boot of the host and the first start of its VM, or between two
 * runs; the property greedy-pciback-bind asks for that. A failure here is
 * therefore only logged: xl tries again and says what is wrong.
 */

/**
 * xm_pciback_bind_async:
 * @sysfs: where /sys is
 * @addresses: (transfer full) (element-type utf8): as in xm_pci_address_to_text()
 *
 * On a thread, because a driver may take its time to let go. Devices that pciback has already are
 * left alone, and all are when there is no pciback. What fails is logged.
 */
void xm_pciback_bind_async (const char *sysfs,
                            GPtrArray *addresses,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);

/** xm_pciback_bind_finish: fails only when it was cancelled. */
gboolean xm_pciback_bind_finish (GAsyncResult *result, GError **error);

/** xm_pciback_reserve: binds the devices of all VMs whose greedy-pciback-bind is true, in the
 * background; when the service starts. */
void xm_pciback_reserve (XmService *service,
                         GAsyncReadyCallback callback, /* (nullable) */
                         gpointer user_data);

G_END_DECLS

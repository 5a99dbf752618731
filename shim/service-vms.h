/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/**
 * xm_service_vms_write: makes the service VMs of the host, one of each template `service-<tag>`,
 * under the uuid that the template names. Blocks; for the time before the VMs are on the bus.
 *
 * Of `ndvm-*` only that of /xenmgr/ndvm-mode (hvm) is made, and `usbvm` only when
 * /xenmgr/usbvm-enable is true. One that exists is written anew, unless
 * /xenmgr/overwrite-<tag>-settings (overwrite-ndvm-settings for `ndvm-*`) is false; the SHA-1 sums
 * of its disks stay.
 *
 * Unlike the original a VM is not made whose disk images are not on this host: it could not start.
 * A template that cannot be used is logged.
 */
void xm_service_vms_write (XmService *service);

G_END_DECLS

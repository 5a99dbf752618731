/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm-device.h"

G_BEGIN_DECLS

/*
 * Keys of encrypted VHDs, which only blktap's programs can bind to an image:
 * where `vhd-util` is missing, every call is refused once its arguments have
 * been checked, and no key is made. @owner: XmVmDevice.
 */
void
xm_vm_disk_generate_key (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation);
void xm_vm_disk_generate_key_in (gpointer owner,
                                 GVariant *parameters,
                                 GDBusMethodInvocation *invocation);

G_END_DECLS

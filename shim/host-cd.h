/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/*
 * The host's optical drives, each named by the numbers of its host adapter,
 * channel, target and unit: `1:0:0:0`. A sticky assignment to a VM is kept in
 * the store, /xenmgr/cdassign/1_0_0_0. An assignment that lasts only as long as
 * a VM runs takes a device model that hands ATAPI commands on, which stock QEMU
 * does not do: a drive that is given away that way is simply taken from whom it
 * had.
 */

void
xm_host_list_cd_devices (gpointer service, GVariant *parameters, GDBusMethodInvocation *invocation);
void xm_host_assign_cd_device (gpointer service,
                               GVariant *parameters,
                               GDBusMethodInvocation *invocation);
void xm_host_get_cd_device_assignment (gpointer service,
                                       GVariant *parameters,
                                       GDBusMethodInvocation *invocation);
void
xm_host_eject_cd_device (gpointer service, GVariant *parameters, GDBusMethodInvocation *invocation);

G_END_DECLS

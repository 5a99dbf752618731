/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/start.h"

G_BEGIN_DECLS

/*
 * A VM's disk mounted on the host: methods of com.citrix.xenclient.vmdisk;
 * @owner: XmVmDevice. VHDs, and beyond the original raw images (file, raw,
 * aio). The whole disk is mounted, without a look for partitions.
 *
 * What is mounted is kept in xenstore, so that it outlives the service:
 * `/xenmgr/mount/<uuid>/<id>/dev` and `path`. The kernel's table of mounts
 * decides whether it still is.
 */
void xm_vm_disk_mount (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation);
void xm_vm_disk_umount (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation);

/** xm_start_check_mounts: the step: refuses while a disk of the VM is mounted for writing, or is
 * about to be: the guest and the host would destroy the file system between them. */
void xm_start_check_mounts (XmStart *start, GTask *task);

G_END_DECLS

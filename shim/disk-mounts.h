/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * Which of some disks are mounted on the host (vm-disk-mount.c). Xenstore names
 * them, the kernel's table of mounts decides. Without xenstore none is known.
 */

/** xm_disk_mounts_key: (transfer full): of a disk in XmService.mounting. */
char *xm_disk_mounts_key (const XmVm *vm, guint id);

/** xm_disk_mounts_check_idle: fails while a call mounts or unmounts the disk. */
gboolean xm_disk_mounts_check_idle (const XmVm *vm, guint id, GError **error);

/**
 * xm_disk_mounts_check_async:
 * @vms: (transfer full) (element-type XmVm): with a reference each: whose the disks are
 * @ids: (transfer full) (element-type guint): as many
 * @any: also those that are mounted read-only
 */
void xm_disk_mounts_check_async (XmService *service,
                                 GPtrArray *vms,
                                 GArray *ids,
                                 gboolean any,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);

/** xm_disk_mounts_check_vm_async: the same for the disks of one VM, however they are mounted. */
void xm_disk_mounts_check_vm_async (XmVm *vm, GAsyncReadyCallback callback, gpointer user_data);

/** xm_disk_mounts_check_finish: fails, and names the first one, when one is mounted. */
gboolean xm_disk_mounts_check_finish (GAsyncResult *result, GError **error);

G_END_DECLS

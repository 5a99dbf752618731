/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/mount.h"
#include "shim/vm.h"

G_BEGIN_DECLS

/** XmDiskMountNode: what xenstore says of a disk that is mounted on the host:
 * `/xenmgr/mount/<uuid>/<id>/dev` and `path`; "" when missing. */
typedef struct {
  char *device;
  char *dir;
} XmDiskMountNode;

void xm_disk_mount_node_free (XmDiskMountNode *node);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XmDiskMountNode, xm_disk_mount_node_free)

/** xm_disk_mount_node_folder: (transfer full): what has the nodes of all disks of the VM. */
char *xm_disk_mount_node_folder (const XmVm *vm);

void xm_disk_mount_node_read_async (XmVm *vm,
                                    guint id,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
/** Returns: (transfer full). */
XmDiskMountNode *xm_disk_mount_node_read_finish (XmVm *vm, GAsyncResult *result, GError **error);

void xm_disk_mount_node_write_async (XmVm *vm,
                                     guint id,
                                     const char *device,
                                     const char *dir,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);

void xm_disk_mount_node_remove_async (XmVm *vm,
                                      guint id,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);

/** xm_disk_mount_node_change_finish: ends both. */
gboolean xm_disk_mount_node_change_finish (XmVm *vm, GAsyncResult *result, GError **error);

/** xm_disk_mount_node_is_mounted: whether it still is. */
gboolean xm_disk_mount_node_is_mounted (XmVm *vm, const XmDiskMountNode *node);

G_END_DECLS

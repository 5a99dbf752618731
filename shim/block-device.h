/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/**
 * XmBlockDevice: an image of a VM's disk as a block device of the host: a loop device for raw
 * images and block devices, a network block device for QEMU's formats.
 */
typedef struct {
  char *path; /* of the device, or of the partition that was asked for */
  char *name; /* of the device: loop0, nbd0 */
  int fd;     /* holds a loop device until it is mounted; -1 for others */
} XmBlockDevice;

/** xm_block_device_free: forgets the device. A loop device goes away unless it is mounted, a
 * network block device stays until it is detached. */
void xm_block_device_free (XmBlockDevice *device);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XmBlockDevice, xm_block_device_free)

/**
 * xm_image_format: QEMU's name of the format of an image; reads the first bytes of @path where the
 * type leaves it open. Blocks; for threads.
 * @type: phys-type of a disk
 *
 * Returns: (transfer none) (nullable): %NULL for a type that cannot be served here.
 */
const char *xm_image_format (const char *type, const char *path);

/**
 * xm_block_device_attach_async:
 * @image: absolute path
 * @type: phys-type of the disk
 * @partition: number of the partition that is wanted, 0 for the whole disk
 *
 * Errors: XM_ERROR_DISK_TYPE for a type that cannot be served; XM_ERROR_IO. A failed attempt leaves
 * nothing attached.
 */
void xm_block_device_attach_async (XmService *service,
                                   const char *image,
                                   const char *type,
                                   guint partition,
                                   gboolean read_only,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);

/** xm_block_device_attach_finish: (transfer full). */
XmBlockDevice *xm_block_device_attach_finish (GAsyncResult *result, GError **error);

/**
 * xm_block_device_detach_async: after the unmounting; cannot be cancelled.
 * @name: of the device, such as nbd0
 */
void xm_block_device_detach_async (XmService *service,
                                   const char *name,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean xm_block_device_detach_finish (GAsyncResult *result, GError **error);

G_END_DECLS

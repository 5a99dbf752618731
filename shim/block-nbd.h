/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/**
 * xm_block_nbd_attach_async: makes a network block device of an image in one of QEMU's formats, by
 * `qemu-nbd`, whose process serves it from then on. Loads the kernel module when it is missing.
 * @format: QEMU's name of it, such as vpc
 *
 * `<run-dir>/nbd<N>.pid` is there as long as the device is the service's. A device that is taken by
 * another program meanwhile is passed over. Errors: XM_ERROR_IO; a failed attempt leaves nothing
 * attached.
 */
void xm_block_nbd_attach_async (XmService *service,
                                const char *image,
                                const char *format,
                                gboolean read_only,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);

/** xm_block_nbd_attach_finish: (transfer full): such as /dev/nbd0. */
char *xm_block_nbd_attach_finish (GAsyncResult *result, GError **error);

/** xm_block_nbd_detach_async: @name: such as nbd0. One that is not attached is no error. */
void xm_block_nbd_detach_async (XmService *service,
                                const char *name,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
gboolean xm_block_nbd_detach_finish (GAsyncResult *result, GError **error);

/** xm_block_nbd_serves: whether the service's device @name, such as nbd0, has @image behind it. */
gboolean xm_block_nbd_serves (XmService *service, const char *name, const char *image);

/** xm_block_nbd_list: (transfer full) (array zero-terminated=1): names of the devices for which
 * there is a pid file in the run directory. */
char **xm_block_nbd_list (XmService *service);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/**
 * XmSaveImage: the file that xl saves a VM to, and what stood in its place.
 *
 * A plain file that is there is renamed until the save has ended: it is put back when that fails.
 * `<run-dir>/<uuid>.saving` tells a later life of the service what is to be ended: the domain, what
 * the file is, and its path. All of it is done on a thread, and can be done again after a crash at
 * any moment.
 */
typedef struct _XmSaveImage XmSaveImage;

/** xm_save_image_new: (transfer full): @file: absolute path */
XmSaveImage *xm_save_image_new (const XmVm *vm, const char *file);

/** xm_save_image_find: (transfer full) (nullable): the one that the last life of the service has
 * recorded. */
XmSaveImage *xm_save_image_find (const XmVm *vm);

XmSaveImage *xm_save_image_ref (XmSaveImage *image);
void xm_save_image_unref (XmSaveImage *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XmSaveImage, xm_save_image_unref)

const char *xm_save_image_get_path (const XmSaveImage *image);

/** xm_save_image_get_config_path: (nullable): `<run-dir>/<uuid>.cfg`; after preparing, %NULL when
 * there is none. */
const char *xm_save_image_get_config_path (const XmSaveImage *image);

/** xm_save_image_get_domid: of the domain that is saved. */
int xm_save_image_get_domid (const XmSaveImage *image);

/** xm_save_image_is_plain: after preparing: whether it is a plain file that xl will write. */
gboolean xm_save_image_is_plain (const XmSaveImage *image);

/** xm_save_image_get_size: after checking: bytes of the plain file that xl will read, 0 of what is
 * none. */
guint64 xm_save_image_get_size (const XmSaveImage *image);

/** xm_save_image_prepare_async: before xl begins. Fails, with the path, where nothing can be
 * saved. */
void
xm_save_image_prepare_async (XmSaveImage *image, GAsyncReadyCallback callback, gpointer user_data);
gboolean xm_save_image_prepare_finish (GAsyncResult *result, GError **error);

typedef enum {
  XM_SAVE_DONE,     /* what was replaced goes */
  XM_SAVE_FAILED,   /* what was written goes, what was replaced comes back */
  XM_SAVE_DOUBTFUL, /* both stay: what was replaced as `<file>.former` */
} XmSaveEnd;

/** xm_save_image_end_async: after xl has ended. What cannot be done is logged. */
void xm_save_image_end_async (XmSaveImage *image,
                              XmSaveEnd how,
                              GAsyncReadyCallback callback,
                              gpointer user_data);

/** xm_save_image_check_async: whether the file and the configuration are there to be resumed. */
void
xm_save_image_check_async (XmSaveImage *image, GAsyncReadyCallback callback, gpointer user_data);
gboolean xm_save_image_check_finish (GAsyncResult *result, GError **error);

G_END_DECLS

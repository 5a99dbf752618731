/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/start.h"

G_BEGIN_DECLS

/*
 * Starting from a saved state (property start-from-suspend-image): while the
 * file exists, the domain is restored from it instead of being created.
 */

/** xm_start_find_image: the step: sets XmStart.image when there is such a file. */
void xm_start_find_image (XmStart *start, GTask *task);

/**
 * xm_start_mark_image_async: tells the guest @domid in
 * `/xenmgr/service-vm-snapshot/<uuid>/state`, which it may write, that it was resumed.
 */
void
xm_start_mark_image_async (XmVm *vm, guint domid, GAsyncReadyCallback callback, gpointer user_data);
gboolean xm_start_mark_image_finish (XmVm *vm, GAsyncResult *result, GError **error);

/** xm_start_unmark_image: removes that node, once the domain is gone. */
void xm_start_unmark_image (XmVm *vm);

G_END_DECLS

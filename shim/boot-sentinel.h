/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * Property `boot-sentinel`: the path of a node below the domain's own, which
 * the guest fills with any text when it has booted. A start ends then, or
 * after 60 s.
 */

/** xm_boot_sentinel_make_async: makes the node, empty, unless the property is unset or the domain
 * has a node there already, which is not for guests to change. */
void xm_boot_sentinel_make_async (XmVm *vm, GAsyncReadyCallback callback, gpointer user_data);

/** xm_boot_sentinel_make_finish: never fails; what went wrong is logged. */
void xm_boot_sentinel_make_finish (GAsyncResult *result);

/** xm_boot_sentinel_is_set: whether there is anything to wait for. */
gboolean xm_boot_sentinel_is_set (const XmVm *vm);

/**
 * xm_boot_sentinel_wait_async: ends when the guest has filled the node, after 60 s, or when the VM
 * has that domain no more.
 */
void xm_boot_sentinel_wait_async (XmVm *vm,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);

/** xm_boot_sentinel_wait_finish: the only error is G_IO_ERROR_CANCELLED. */
gboolean xm_boot_sentinel_wait_finish (GAsyncResult *result, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/**
 * xm_pv_control_async:
 * @word: what the guest's PV driver is asked for, `s3` or `s4`; xl itself has no word for these
 *
 * Writes @word to the guest's `control/shutdown`, if the guest offers it (`control/feature-<word>`
 * is `1`), and ends when the guest has taken it away, or after 60 s; then it is taken back.
 */
void xm_pv_control_async (XmVm *vm,
                          const char *word,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data);

/** xm_pv_control_finish: @offered: (out): %FALSE when nothing was done. */
gboolean xm_pv_control_finish (GAsyncResult *result, gboolean *offered, GError **error);

G_END_DECLS

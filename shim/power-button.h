/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * The ACPI power button of an HVM guest as OpenXT's QEMU offers it: it makes the node
 * `/local/domain/<device model's>/device-model/<domid>/hvm-powerbutton-enable` when the guest heeds
 * the button, and takes a `poweroff` in `hvm-shutdown` beside it for a press. Stock QEMU does
 * neither.
 */

/** xm_power_button_find_async: @vm has a domain. Of guests without a device model no node is
 * read. */
void xm_power_button_find_async (XmVm *vm,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);

/** xm_power_button_find_finish: @found: (out): whether the node is there. The only error is
 * G_IO_ERROR_CANCELLED. */
gboolean xm_power_button_find_finish (GAsyncResult *result, gboolean *found, GError **error);

/** xm_power_button_press: in the background, three times, a second apart, as long as the domain is
 * there: by the node and by `xl trigger power`. What fails is logged. */
void xm_power_button_press (XmVm *vm);

G_END_DECLS

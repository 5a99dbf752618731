/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * Whether the guest of a running VM sleeps (ACPI S3). QEMU tells by itself
 * (vm-qmp.h); where the service cannot hear it, xl is asked when an operation
 * needs to know. Guests without ACPI never sleep.
 */

XmVmPower *xm_vm_power_new (void);
void xm_vm_power_free (XmVmPower *power);

/** xm_vm_power_is_asleep: as far as is known; FALSE without a domain. */
gboolean xm_vm_power_is_asleep (const XmVm *vm);

/**
 * xm_vm_power_told: takes an ACPI event of the guest: 3 it sleeps, 0 it is awake again, 4 it
 * hibernates and will be gone. Tells the bus as the original does (`notify` with `power-state:<n>`,
 * `vm_state_changed`), wakes the guest when `auto-s3-wake` says so, and stores `hibernated` for 4.
 */
void xm_vm_power_told (XmVm *vm, int state);

/** xm_vm_power_reset: the VM has no domain, or another one. */
void xm_vm_power_reset (XmVm *vm);

/**
 * xm_vm_power_look_async: makes sure that xm_vm_power_is_asleep() is right, as far as can be known.
 * Ends in xm_vm_power_look_finish(), whose only error is G_IO_ERROR_CANCELLED.
 */
void xm_vm_power_look_async (XmVm *vm,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean xm_vm_power_look_finish (GAsyncResult *result, GError **error);

/** xm_vm_power_wait_async: waits until the guest sleeps or is awake, but at most @seconds. */
void xm_vm_power_wait_async (XmVm *vm,
                             gboolean asleep,
                             guint seconds,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);

/** xm_vm_power_wait_finish: @reached: (out): %FALSE when time was up or the domain went away. The
 * only error is G_IO_ERROR_CANCELLED. */
gboolean xm_vm_power_wait_finish (GAsyncResult *result, gboolean *reached, GError **error);

G_END_DECLS

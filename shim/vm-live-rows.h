/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm-properties.h"

G_BEGIN_DECLS

/*
 * Functions of rows of the property table whose value is more than one text of
 * the VM's own.
 */

/** xm_vm_get_autostart_pending: whether the VM still waits to be started since the host's boot. */
GVariant *xm_vm_get_autostart_pending (const XmVm *vm, const XmVmProperty *row, GError **error);

/** xm_vm_get_portica_enabled: 0 not installed in the guest, 1 in use, 2 switched off there or by
 * `seamless-traffic`. */
GVariant *xm_vm_get_portica_enabled (const XmVm *vm, const XmVmProperty *row, GError **error);

/** xm_vm_get_seamless_traffic: of user VMs only; unset it is what the host is made for. */
GVariant *xm_vm_get_seamless_traffic (const XmVm *vm, const XmVmProperty *row, GError **error);

/** xm_vm_get_stub_domid: the domain in which the VM's device model runs, -1 for none. */
GVariant *xm_vm_get_stub_domid (const XmVm *vm, const XmVmProperty *row, GError **error);

/** xm_vm_set_native_experience: no two user VMs have it: all others lose it first. */
void xm_vm_set_native_experience (XmVm *vm, const XmVmProperty *row, GVariant *value, GTask *task);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * A VM whose domain was saved, by the service or by an admin's `xl save`: what
 * its start has made for it (overlays of its disks, the OVF CD, the kernel) is
 * part of the saved state, and stays until that is resumed or given up.
 * `<run-dir>/<uuid>.saved` says so. The run directory goes with the host's
 * uptime, as does the xl.cfg in it that a resumption needs.
 */

/** xm_vm_saved_note: its domain went into a file. */
void xm_vm_saved_note (XmVm *vm);

gboolean xm_vm_saved_is (const XmVm *vm);

/** xm_vm_saved_forget: it has a domain again; what was made goes with that. */
void xm_vm_saved_forget (XmVm *vm);

/** xm_vm_saved_discard: nobody is to resume it any more: what was made for it goes now. */
void xm_vm_saved_discard (XmVm *vm);

G_END_DECLS

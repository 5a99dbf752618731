/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * A QMP monitor of an HVM guest's QEMU, beside what libxl has. It stays open
 * while the domain runs, for what QEMU tells by itself: sleep, wake-up and
 * hibernation, the guest's clock, and a CD that the guest ejects.
 *
 * A QEMU in dom0 gets one for the service alone, <run-dir>/<uuid>.qmp. One in a
 * stubdomain is reached at libxl's own socket, /var/run/xen/qmp-libxl-<domid>,
 * if `qmp-helper --mux` serves that; others would have no room for libxl then.
 */

/**
 * xm_vm_qmp_arguments: (transfer full) (array zero-terminated=1) (nullable): QEMU's arguments that
 * make the monitor, for `device_model_args_hvm`; %NULL when this VM gets none.
 */
char **xm_vm_qmp_arguments (const XmVm *vm);

/** xm_vm_qmp_follow: connects or hangs up, as the VM's domain and state demand; called when they
 * change. */
void xm_vm_qmp_follow (XmVm *vm);

/** xm_vm_qmp_is_ready: whether QEMU would be heard. */
gboolean xm_vm_qmp_is_ready (const XmVm *vm);

void xm_vm_qmp_free (XmVmQmp *qmp);

G_END_DECLS

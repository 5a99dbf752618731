/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/pci-device.h"
#include "shim/vm-properties.h"

G_BEGIN_DECLS

/** XmGpu: a graphics adapter of the host and where its screens stand beside the others'. */
typedef struct {
  char *id; /* PCI address */
  int placement;
} XmGpu;

/**
 * xm_gpus_read: (transfer full) (element-type XmGpu): the adapter of the firmware's texts first,
 * then the others by address. Placement: db /xenmgr/gpu-placement/<id>, else the place in this
 * list.
 */
GPtrArray *xm_gpus_read (const XmService *service);

/** xm_vm_set_gpu: Set of the property `gpu`. What names no adapter that guests may have changes
 * nothing and is no error. */
void xm_vm_set_gpu (XmVm *vm, const XmVmProperty *row, GVariant *value, GTask *task);

/**
 * xm_vm_get_seamless_mouse: `seamless-mouse-left` and `-right`: the slot of the nearest running VM
 * whose adapter is placed on that side of this VM's; -1 for none.
 */
GVariant *xm_vm_get_seamless_mouse (const XmVm *vm, const XmVmProperty *row, GError **error);

G_END_DECLS

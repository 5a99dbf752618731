/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/pci-rule.h"

G_BEGIN_DECLS

/** XmPassedDevice: a device of the host that a VM gets. */
typedef struct {
  XmPciDevice *device; /* owned */
  int slot;            /* in the guest; XM_PCI_ANY: xl chooses */
  guint64 memory;      /* bytes, see xm_pci_device_memory() */
} XmPassedDevice;

/**
 * xm_vm_select_pci:
 * @host: (element-type XmPciDevice): from xm_pci_devices_read()
 * @sysfs: where they were read
 * @error: (nullable): with %NULL what cannot be found is left out and nothing fails
 *
 * The devices that the VM gets: its `gpu` first; then by address those of Intel's AMT, when both
 * the VM and the host want it, and all that a rule selects. Fails when a rule cannot be read, and
 * when the device at an address is not there.
 *
 * Returns: (transfer full) (element-type XmPassedDevice)
 */
GPtrArray *xm_vm_select_pci (const XmVm *vm, GPtrArray *host, const char *sysfs, GError **error);

/** xm_vm_wants_pci: whether it has a gpu, AMT or any rule, so that looking at the host can be of
 * use. */
gboolean xm_vm_wants_pci (const XmVm *vm);

/** xm_vm_pci_methods: of com.citrix.xenclient.xenmgr.vm.pci, ends with a NULL name. */
extern const XmMethod xm_vm_pci_methods[];

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/disk-file.h"
#include "shim/vm.h"

G_BEGIN_DECLS

/** XmVmDevice: a disk or NIC of a VM, on the bus as long as its record exists. */
typedef struct {
  XmVm *vm; /* owns this */
  guint id;
  char *key; /* "disk/0" or "nic/0" */
  XmBusObject *object;
  XmDiskFile *file; /* of a disk */
} XmVmDevice;

/** xm_vm_devices_new: (transfer full): what XmVm.devices holds. */
GHashTable *xm_vm_devices_new (void);

/** xm_vm_sync_devices: exports and unexports disks and NICs so that they match the store. */
void xm_vm_sync_devices (XmVm *vm);

/** xm_vm_device_exists: whether the store has a record of @sort ("disk" or "nic") with this @id. */
gboolean xm_vm_device_exists (const XmVm *vm, const char *sort, guint id);

/** xm_vm_device_read: (nullable): text at @key of the record; NULL when unset. Valid until the
 * store changes. */
const char *xm_vm_device_read (const XmVm *vm, const char *sort, guint id, const char *key);

/** xm_vm_device_read_boolean: the same as a boolean; text that is none is @fallback. */
gboolean xm_vm_device_read_boolean (const XmVm *vm,
                                    const char *sort,
                                    guint id,
                                    const char *key,
                                    gboolean fallback);

/** xm_vm_device_write: writes @key of the record; %NULL removes it. */
gboolean xm_vm_device_write (XmVm *vm,
                             const char *sort,
                             guint id,
                             const char *key,
                             const char *value,
                             GError **error);

/**
 * xm_vm_device_blame: prefixes an error of xlwrap, whose text begins with a key of xl.cfg, with the
 * property that the value came from, the device and the VM.
 */
void xm_vm_device_blame (GError **error, const XmVm *vm, const char *sort, guint id);

G_END_DECLS

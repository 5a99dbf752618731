/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm-record.h"

G_BEGIN_DECLS

/*
 * com.citrix.xenclient.vmdisk, on /vm/<uuid>/disk/<id>: one row per property
 * drives reading and writing of the disk's record. Records that lack type, mode
 * or devtype count as a writable VHD disk.
 */

/** xm_vm_disk_kind_new: (transfer full): objects of this kind are owned by an XmVmDevice. */
XmObjectKind *xm_vm_disk_kind_new (void);

/** xm_vm_disk_record: (nullable): the row of @property, for the reference. */
const XmRecordRow *xm_vm_disk_record (const char *property);

/** xm_vm_add_disk, xm_vm_list_disks: methods of the VM; @owner: XmVm. */
void xm_vm_add_disk (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation);
void xm_vm_list_disks (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation);

/** xm_vm_disk_free_device: (transfer full) (nullable): the first of hda to hdz that no disk of the
 * VM has. */
char *xm_vm_disk_free_device (const XmVm *vm);

/** xm_vm_disk_path, xm_vm_disk_type: (transfer none): of the record, or what counts when it has
 * none: "" and vhd. Valid until the store changes. */
const char *xm_vm_disk_path (const XmVm *vm, guint id);
const char *xm_vm_disk_type (const XmVm *vm, guint id);

/** xm_vm_disk_is_empty_drive: a CD-ROM drive without a disc: path "", or null.iso, which on OpenXT
 * hosts is a file as any other. */
gboolean xm_vm_disk_is_empty_drive (const XmVm *vm, guint id, gboolean openxt);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm-properties.h"

G_BEGIN_DECLS

/*
 * Property `cd` of a VM: the image in its CD drive, which is every disk whose
 * virt-path is `hdc`, by its name in the folder /xenmgr/isos of the store (by
 * default /storage/isos). The empty name is the empty drive, stored as
 * null.iso.
 */

/** xm_vm_get_cd: name of the image of the first such disk; "" when there is none. */
GVariant *xm_vm_get_cd (const XmVm *vm, const XmVmProperty *row, GError **error);

/**
 * xm_vm_set_cd: stores the image for all such disks and changes the drives of a running domain;
 * changes of one VM happen in the order in which they were asked for. A name that leads out of the
 * folder is refused. When xl fails: `223:IO error: "Error changing cd."`, and the new image stays
 * stored, for the next start.
 */
void xm_vm_set_cd (XmVm *vm, const XmVmProperty *row, GVariant *value, GTask *task);

/** xm_vm_store_cd: only stores it: for a disc that the guest itself has ejected ("" then). */
gboolean xm_vm_store_cd (XmVm *vm, const char *name, GError **error);

/** xm_iso_dir: (transfer full): the folder. */
char *xm_iso_dir (XmService *service);

/** xm_iso_is_null: whether @path stands for no disc: "" or null.iso. */
gboolean xm_iso_is_null (const char *path);

G_END_DECLS

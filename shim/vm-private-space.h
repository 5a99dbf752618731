/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm-properties.h"

G_BEGIN_DECLS

/**
 * xm_vm_get_private_space: property of a VM: the lengths of its disks' files, each in whole MiB,
 * added up. Disks of type `phy` and files that cannot be read count nothing.
 *
 * Answers what the last look at the files told and begins the next, because the property stands
 * among many that need no look. A look is taken when a disk appears, when its path or type changes,
 * and after each question.
 */
GVariant *xm_vm_get_private_space (const XmVm *vm, const XmVmProperty *row, GError **error);

/** xm_vm_follow_disk_files: looks at the files of disks whose path or type has changed. */
void xm_vm_follow_disk_files (const XmVm *vm);

G_END_DECLS

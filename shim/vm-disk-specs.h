/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm-config.h"

G_BEGIN_DECLS

/**
 * xm_vm_disk_specs: (transfer full) (array zero-terminated=1): elements of `disk=[...]`, enabled
 * disks by id, in the form that stock xl 4.17 accepts. The image of every disk, enabled or not,
 * becomes a needed file.
 */
char **
xm_vm_disk_specs (XmVm *vm, const XmStart *start, XmVmConfig *config, gboolean hvm, GError **error);

G_END_DECLS

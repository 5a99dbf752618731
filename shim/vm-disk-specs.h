/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm-config.h"

G_BEGIN_DECLS

/**
 * xm_vm_disk_specs: (transfer full) (array zero-terminated=1): elements of `disk=[...]` in the form
 * that the xl at hand accepts: the CD with the OVF environment, enabled disks by id, for OpenXT's
 * xl the host's own drives. The image of every disk, enabled or not, becomes a needed file.
 *
 * For stock xl 4.17 a read-only hard disk of an HVM guest becomes a PV disk (hda becomes xvda),
 * because libxl emulates none; vdi images are refused.
 */
char **
xm_vm_disk_specs (XmVm *vm, const XmStart *start, XmVmConfig *config, gboolean hvm, GError **error);

G_END_DECLS

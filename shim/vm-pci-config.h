/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/start.h"

G_BEGIN_DECLS

/** xm_vm_pci_specs: (transfer full) (array zero-terminated=1): the elements of `pci=[...]` of a
 * start. @hvm: the guest's slots are its own, so that one can be chosen. */
char **xm_vm_pci_specs (const XmStart *start, gboolean hvm);

/**
 * xm_vm_pci_mmio_hole: MiB below 4 GiB that an HVM guest's devices need for their memory: 256,
 * which is also what xl takes without being told, 512, 1024 or 2048.
 */
gint64 xm_vm_pci_mmio_hole (const XmStart *start);

G_END_DECLS

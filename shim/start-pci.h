/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/start.h"

G_BEGIN_DECLS

/* The steps of a start that have to do with the host's PCI devices. Each is an XmStartStep. */

/**
 * xm_start_add_gpu_functions: all of a graphics adapter must be reset at once, so what shares its
 * bus gets a rule, once. Not bridges, which Xen gives to nobody; and beside the host's own devices
 * only functions of the same slot, because the bus would be all of the host.
 */
void xm_start_add_gpu_functions (XmStart *start, GTask *task);

/** xm_start_find_pci: fills start->pci_devices. 231 when Intel graphics are not the firmware's. */
void xm_start_find_pci (XmStart *start, GTask *task);

/** xm_start_check_amt: 219 while a running user VM has amt-pt as well. */
void xm_start_check_amt (XmStart *start, GTask *task);

/** xm_start_check_pci_free: 230 while a running user VM has one of the devices. */
void xm_start_check_pci_free (XmStart *start, GTask *task);

/** xm_start_check_oem_acpi: 233 while a running user VM has oem-acpi-features as well. */
void xm_start_check_oem_acpi (XmStart *start, GTask *task);

/** xm_start_bind_pciback: see pciback.h; when greedy-pciback-bind. */
void xm_start_bind_pciback (XmStart *start, GTask *task);

G_END_DECLS

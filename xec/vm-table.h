/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** XecVmColumn: the properties of a VM that look-ups read, in the order of the table. */
typedef enum {
  XEC_VM_DOMID, /**< "-1" when not running */
  XEC_VM_NAME,
  XEC_VM_UUID,
  XEC_VM_STATE,
  XEC_N_VM_COLUMNS,
} XecVmColumn;

/**
 * xec_vm_table_print: prints the table of all VMs on stdout: running ones first
 * by domain id, the others in the order of list_vms.
 *
 * Takes two round trips up to 25 VMs: list_vms, then all properties of all VMs
 * together. A VM that is deleted in between is left out.
 *
 * Errors: as xec_bus_call().
 */
gboolean xec_vm_table_print (GDBusConnection *connection, GError **error);

/**
 * xec_vm_find: finds a VM by one of its properties, of several the first in the
 * order of list_vms.
 * @value: the property's value as xec prints it, compared as text
 *
 * Errors: as xec_bus_call().
 * Returns: (transfer full) (nullable): the object path; %NULL without @error
 *   when there is none
 */
char *
xec_vm_find (GDBusConnection *connection, XecVmColumn column, const char *value, GError **error);

G_END_DECLS

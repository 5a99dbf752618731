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
  XEC_N_VM_COLUMNS, /**< of the plain table */
  XEC_VM_MEMORY = XEC_N_VM_COLUMNS,
  XEC_VM_VCPUS,
  XEC_N_VM_PROPERTIES,
} XecVmColumn;

/**
 * xec_vm_table_print: prints the table of all VMs on stdout: running ones first
 * by domain id, the others in the order of list_vms.
 * @with_usage: with columns for memory, processors and processor time; this is
 *   empty where the VM does not run or the service cannot tell
 *
 * Takes two round trips up to 25 VMs: list_vms, then all properties of all VMs
 * together; one more with @with_usage. A VM that is deleted in between is left
 * out.
 *
 * Errors: as xec_bus_call().
 */
gboolean xec_vm_table_print (GDBusConnection *connection, gboolean with_usage, GError **error);

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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * xec_introspect: asks an object for its introspection text and reads it.
 *
 * Errors: as xec_bus_call(); XEC_ERROR_LOCAL when the text cannot be read.
 * Returns: (transfer full): the object's node; the interfaces keep the order of the text
 */
GDBusNodeInfo *xec_introspect (GDBusConnection *connection,
                               const char *service,
                               const char *object,
                               GError **error);

/**
 * xec_find_method: where a method is called.
 * @interface: (nullable): the only interface to look at; without it the first
 *   one in the order of the text that has the method
 * @found: (out) (optional) (transfer none): the interface it is in
 *
 * Errors: XEC_ERROR_LOCAL.
 * Returns: (transfer none): the method
 */
GDBusMethodInfo *xec_find_method (GDBusNodeInfo *node,
                                  const char *interface,
                                  const char *method,
                                  GDBusInterfaceInfo **found,
                                  GError **error);

/** xec_find_property: the same for a property. */
GDBusPropertyInfo *xec_find_property (GDBusNodeInfo *node,
                                      const char *interface,
                                      const char *property,
                                      GDBusInterfaceInfo **found,
                                      GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * The listings that need nothing but an object's introspection text. Each
 * returns complete lines and covers all interfaces in the order of the text,
 * or, where @interface names one of them, only that one.
 */

/** xec_list_interfaces: one interface name per line. */
char *xec_list_interfaces (GDBusNodeInfo *node);

/** xec_list_methods: one method name per line, with - for _. */
char *xec_list_methods (GDBusNodeInfo *node, const char *interface);

/** xec_list_properties: one property name per line, as it is. */
char *xec_list_properties (GDBusNodeInfo *node, const char *interface);

/**
 * xec_list_members: what `xec` prints without a command, to be read by people.
 *
 * For each interface `/------- NAME`, then `|     -  PROPERTY access:type` and
 * `|     +  METHOD ( arg:type, OUT arg:type )` lines with the names padded to
 * 28 characters; a blank line follows each interface.
 */
char *xec_list_members (GDBusNodeInfo *node, const char *interface);

G_END_DECLS

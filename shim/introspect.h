/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * xm_introspect_to_xml:
 * @interfaces: (array length=n): the object's own interfaces, in the order they are to be listed
 * @n: how many
 * @has_properties: whether org.freedesktop.DBus.Properties follows them
 * @children: (nullable) (array zero-terminated=1): last path components of the objects below
 *
 * Writes the introspection text of one object in the form that the original
 * client reads. That client takes the first interface in the text that has a
 * member, so the order decides what an unqualified call reaches; it refuses the
 * whole text for content inside an `<arg>`, for unknown elements and the like;
 * and its `getall` asks each listed interface for its properties, so those of
 * which GLib would say "No such interface" (Introspectable, Peer) are not
 * listed. GLib's own generator breaks all three rules.
 *
 * Annotations are written for properties, where they tell whether changes are
 * signalled; all others, and documentation, are left out. An argument without a name in
 * the XML is called `arg_<index>` by GLib's parser and has no name here either.
 *
 * Returns: (transfer full): the text, ending with a newline.
 */
char *xm_introspect_to_xml (GDBusInterfaceInfo *const *interfaces,
                            gsize n,
                            gboolean has_properties,
                            const char *const *children);

G_END_DECLS

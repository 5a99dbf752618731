/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * ClientNode:
 * @interfaces: (element-type utf8): interface names, in order
 * @members: (element-type utf8): one line per member, in order, with the fields interface, kind,
 * name, in, out, type and access separated by tabs; `in` and `out` are `name:type` lists joined by
 * commas
 * @children: (element-type utf8): names of the child nodes, "" for those without a name
 *
 * What a client learns from one object's introspection text.
 */
typedef struct {
  GPtrArray *interfaces;
  GPtrArray *members;
  GPtrArray *children;
} ClientNode;

/**
 * client_node_parse:
 * @text: introspection text
 * @length: its length in bytes
 *
 * Reads introspection text as strictly as the original client does, which
 * throws away all of it for a single violation. It takes: XML and document type
 * declarations, comments, processing instructions, either kind of quotes, any
 * order of attributes, unknown attributes, the predefined and numeric entities,
 * arguments without name or direction, nested and unnamed child nodes, empty
 * interfaces, and annotations directly in an interface, method, signal or
 * property. It refuses: anything inside an argument or an annotation, even
 * white space; annotations elsewhere; unknown elements; text; CDATA; a missing
 * name, type or access; types that are none.
 *
 * Returns: (transfer full): or %NULL with an error of G_MARKUP_ERROR that names the line.
 */
ClientNode *client_node_parse (const char *text, gsize length, GError **error);

void client_node_free (ClientNode *node);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClientNode, client_node_free)

G_END_DECLS

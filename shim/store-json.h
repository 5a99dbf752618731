/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jansson.h>

#include "shim/store-tree.h"

G_BEGIN_DECLS

/**
 * xm_node_to_text: JSON text in dbd's format: two blanks per level, `{ }` and `[]` for
 * the empty ones, `/` in strings escaped, a newline at the end.
 * @base: base directory of the store; binary nodes show as strings `file:<path>`
 *
 * Returns: (transfer full).
 */
char *xm_node_to_text (const XmStoreNode *node, const char *base);

/** xm_node_to_file: the same for a file: without binary nodes, and without the first @skip
 * children. */
char *xm_node_to_file (const XmStoreNode *node, guint skip);

/**
 * xm_node_set_json: makes @node what @json describes; scalars keep their types.
 * @depth: levels of nodes that @json may have below @node
 *
 * Errors: XM_ERROR_PLAIN when @json is too deep; @node is then undefined but valid.
 */
gboolean xm_node_set_json (XmStoreNode *node, json_t *json, guint depth, GError **error);

/**
 * xm_store_parse_json:
 * @len: bytes of @text, or -1
 *
 * Returns: (transfer full): any JSON value, not only objects and arrays. Errors:
 * XM_ERROR_PLAIN `malformed JSON: <what> (line <n>, column <n>)`.
 */
json_t *xm_store_parse_json (const char *text, gssize len, GError **error);

/**
 * xm_store_parse_file: the same for the text of a file of dbd, which writes control
 * characters in strings as they are although JSON forbids it.
 */
json_t *xm_store_parse_file (const char *text, gsize len, GError **error);

G_END_DECLS

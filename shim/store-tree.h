/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * The nodes of the configuration tree. Many thousand of them are kept, most
 * with few children and short texts that repeat, so a node is small, lies in
 * its parent's array, and shares its name and text with all equal ones.
 *
 * Pointers to nodes are valid until the next change of the tree.
 */

/** XmNodeType: dbd's kinds of nodes. All but objects are leaves. */
typedef enum {
  XM_NODE_EMPTY, /* JSON null */
  XM_NODE_OBJECT,
  XM_NODE_STRING,
  XM_NODE_LITERAL, /* a number or boolean, kept as its JSON text */
  XM_NODE_ARRAY,   /* its elements are children without names */
  XM_NODE_BINARY,  /* a file; the text is its path below the base directory */
} XmNodeType;

typedef struct _XmStoreNode XmStoreNode;

/* At most this many names in a path: what walks the tree does so by recursion. */
#define XM_TREE_MAX_DEPTH 200

/** XmPathName: one name of a path, not NUL-terminated. */
typedef struct {
  const char *text;
  gsize len;
} XmPathName;

/** xm_path_next: takes the next name from *@path; %FALSE at the end. Empty names do not count. */
gboolean xm_path_next (const char **path, XmPathName *name);

/** xm_path_normal: (transfer full): `/a/b`, "/" for the root. */
char *xm_path_normal (const char *path);

/** xm_node_new: (transfer full): an object without children or name, as root of a tree. */
XmStoreNode *xm_node_new (void);
void xm_node_free (XmStoreNode *root);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XmStoreNode, xm_node_free)

XmNodeType xm_node_get_type (const XmStoreNode *node);
/** xm_node_get_name: (nullable): %NULL for the root and for elements of arrays. */
const char *xm_node_get_name (const XmStoreNode *node);
/** xm_node_get_text: (nullable): of strings, literals and binary nodes. */
const char *xm_node_get_text (const XmStoreNode *node);
/** xm_node_n_children: of objects and arrays; 0 for others. */
guint xm_node_n_children (const XmStoreNode *node);
/** xm_node_child: the child at @position. */
XmStoreNode *xm_node_child (const XmStoreNode *node, guint position);
/** xm_node_has_binary: @node or one below it is a binary node. */
gboolean xm_node_has_binary (const XmStoreNode *node);

/** xm_node_find: (nullable): child of an object by name. */
XmStoreNode *xm_node_find (const XmStoreNode *node, const char *name, gsize len);

/** xm_node_lookup: (nullable): the node at @path below @node; @node itself for an empty path. */
const XmStoreNode *xm_node_lookup (const XmStoreNode *node, const char *path);

/** xm_node_clear: makes @node an XM_NODE_EMPTY, its name stays. */
void xm_node_clear (XmStoreNode *node);
/** xm_node_make_text: makes @node a leaf of one of the types that have text. */
void xm_node_make_text (XmStoreNode *node, XmNodeType type, const char *text);
/** xm_node_make_parent: makes @node an object or array without children, with room for @n of them.
 */
void xm_node_make_parent (XmStoreNode *node, XmNodeType type, guint n);
/** xm_node_append: adds an empty child, named (objects; not yet there) or with @name %NULL
 * (arrays). */
XmStoreNode *xm_node_append (XmStoreNode *node, const char *name, gsize len);
/** xm_node_remove: removes @child, one of @node's children. */
void xm_node_remove (XmStoreNode *node, XmStoreNode *child);
/** xm_node_move: moves type and content of @from, which becomes empty, to @to, which keeps its
 * name. */
void xm_node_move (XmStoreNode *to, XmStoreNode *from);

/** xm_node_ensure: the child of that name, appended when missing; a leaf @node becomes an object.
 */
XmStoreNode *xm_node_ensure (XmStoreNode *node, const char *name, gsize len);

/** xm_node_drop_empty: removes the children that are XM_NODE_EMPTY. Returns: whether there were
 * any. */
gboolean xm_node_drop_empty (XmStoreNode *node);

G_END_DECLS

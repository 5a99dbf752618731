/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/store-tree.h"

#include <string.h>

/*
 * From this many children on they have a hash index. Comparing fewer hashes in
 * a row is fast enough, and an index for each VM's nodes would cost memory.
 */
#define INDEX_FROM 65

typedef struct _XmNodeChildren XmNodeChildren;

struct _XmStoreNode {
  const char *name; /* interned GRefString */
  union {
    char *text;               /* interned GRefString */
    XmNodeChildren *children; /* NULL: none */
  };
  guint32 hash; /* of the name */
  guint8 type;
};

struct _XmNodeChildren {
  guint32 n;
  guint32 capacity;
  guint32 *slots; /* index: positions + 1, 0 is free; NULL when there are few children */
  XmStoreNode nodes[];
};

G_STATIC_ASSERT (sizeof (XmStoreNode) <= 24);

static gboolean
is_parent (const XmStoreNode *node)
{
  return node->type == XM_NODE_OBJECT || node->type == XM_NODE_ARRAY;
}

/* FNV-1a: names are short and not hostile (only root writes them). */
static guint32
hash_name (const char *name, gsize len)
{
  guint32 hash = 2166136261u;

  for (gsize i = 0; i < len; i++)
    hash = (hash ^ (guchar)name[i]) * 16777619u;
  return hash;
}

gboolean
xm_path_next (const char **path, XmPathName *name)
{
  const char *p = *path;

  while (*p == '/')
    p++;
  name->text = p;
  p = strchrnul (p, '/');
  name->len = (gsize)(p - name->text);
  *path = p;
  return name->len > 0;
}

char *
xm_path_normal (const char *path)
{
  g_autoptr (GString) out = g_string_new (NULL);
  XmPathName name;

  while (xm_path_next (&path, &name)) {
    g_string_append_c (out, '/');
    g_string_append_len (out, name.text, (gssize)name.len);
  }
  if (!out->len)
    g_string_append_c (out, '/');
  return g_string_free (g_steal_pointer (&out), FALSE);
}

/* Index ------------------------------------------------------------------ */

static guint32
n_slots (guint32 capacity)
{
  guint32 n = 32;

  while (n < capacity * 2)
    n *= 2;
  return n;
}

static void
index_add (XmNodeChildren *children, guint32 position)
{
  guint32 mask = n_slots (children->capacity) - 1;
  guint32 slot = children->nodes[position].hash & mask;

  while (children->slots[slot])
    slot = (slot + 1) & mask;
  children->slots[slot] = position + 1;
}

static void
index_rebuild (XmNodeChildren *children)
{
  g_clear_pointer (&children->slots, g_free);
  if (children->n < INDEX_FROM)
    return;
  children->slots = g_new0 (guint32, n_slots (children->capacity));
  for (guint32 i = 0; i < children->n; i++)
    index_add (children, i);
}

/* Reading ---------------------------------------------------------------- */

XmNodeType
xm_node_get_type (const XmStoreNode *node)
{
  return (XmNodeType)node->type;
}

const char *
xm_node_get_name (const XmStoreNode *node)
{
  return node->name;
}

const char *
xm_node_get_text (const XmStoreNode *node)
{
  if (is_parent (node) || node->type == XM_NODE_EMPTY)
    return NULL;
  return node->text;
}

guint
xm_node_n_children (const XmStoreNode *node)
{
  return is_parent (node) && node->children ? node->children->n : 0;
}

XmStoreNode *
xm_node_child (const XmStoreNode *node, guint position)
{
  g_assert (position < xm_node_n_children (node));
  return &node->children->nodes[position];
}

gboolean
xm_node_has_binary (const XmStoreNode *node)
{
  guint n = xm_node_n_children (node);

  if (node->type == XM_NODE_BINARY)
    return TRUE;
  for (guint i = 0; i < n; i++)
    if (xm_node_has_binary (&node->children->nodes[i]))
      return TRUE;
  return FALSE;
}

static gboolean
has_name (const XmStoreNode *node, guint32 hash, const char *name, gsize len)
{
  return node->hash == hash && strncmp (node->name, name, len) == 0 && !node->name[len];
}

XmStoreNode *
xm_node_find (const XmStoreNode *node, const char *name, gsize len)
{
  XmNodeChildren *children;
  guint32 hash;

  if (node->type != XM_NODE_OBJECT || !node->children)
    return NULL;
  children = node->children;
  hash = hash_name (name, len);

  if (children->slots) {
    guint32 mask = n_slots (children->capacity) - 1;

    for (guint32 slot = hash & mask; children->slots[slot]; slot = (slot + 1) & mask) {
      XmStoreNode *child = &children->nodes[children->slots[slot] - 1];

      if (has_name (child, hash, name, len))
        return child;
    }
    return NULL;
  }
  for (guint32 i = 0; i < children->n; i++)
    if (has_name (&children->nodes[i], hash, name, len))
      return &children->nodes[i];
  return NULL;
}

const XmStoreNode *
xm_node_lookup (const XmStoreNode *node, const char *path)
{
  XmPathName name;

  while (node && xm_path_next (&path, &name))
    node = xm_node_find (node, name.text, name.len);
  return node;
}

/* Changing --------------------------------------------------------------- */

XmStoreNode *
xm_node_new (void)
{
  XmStoreNode *root = g_new0 (XmStoreNode, 1);

  root->type = XM_NODE_OBJECT;
  return root;
}

void
xm_node_free (XmStoreNode *root)
{
  xm_node_clear (root);
  g_free (root);
}

/* Returns an interned string; the name or text need not end with a NUL. */
static char *
intern (const char *text, gsize len)
{
  char buffer[128];
  g_autofree char *copy = NULL;

  if (!text[len])
    return g_ref_string_new_intern (text);
  if (len < sizeof buffer) {
    memcpy (buffer, text, len);
    buffer[len] = '\0';
    return g_ref_string_new_intern (buffer);
  }
  copy = g_strndup (text, len);
  return g_ref_string_new_intern (copy);
}

static void
clear_with_name (XmStoreNode *node)
{
  xm_node_clear (node);
  if (node->name)
    g_ref_string_release ((char *)node->name);
}

void
xm_node_clear (XmStoreNode *node)
{
  if (is_parent (node)) {
    guint n = xm_node_n_children (node);

    for (guint i = 0; i < n; i++)
      clear_with_name (&node->children->nodes[i]);
    if (node->children)
      g_free (node->children->slots);
    g_free (node->children);
  } else if (node->type != XM_NODE_EMPTY) {
    g_ref_string_release (node->text);
  }
  node->text = NULL;
  node->type = XM_NODE_EMPTY;
}

void
xm_node_make_text (XmStoreNode *node, XmNodeType type, const char *text)
{
  /* Before the clear: @text may be the node's own. */
  char *interned = intern (text, strlen (text));

  xm_node_clear (node);
  node->text = interned;
  node->type = (guint8)type;
}

static void
resize (XmStoreNode *node, guint32 capacity)
{
  XmNodeChildren *children = node->children;
  gboolean fresh = children == NULL;

  children = g_realloc (children, sizeof (XmNodeChildren) + capacity * sizeof (XmStoreNode));
  if (fresh) {
    children->n = 0;
    children->slots = NULL;
  }
  children->capacity = capacity;
  node->children = children;
}

void
xm_node_make_parent (XmStoreNode *node, XmNodeType type, guint n)
{
  xm_node_clear (node);
  node->type = (guint8)type;
  if (n)
    resize (node, n);
}

XmStoreNode *
xm_node_append (XmStoreNode *node, const char *name, gsize len)
{
  XmNodeChildren *children = node->children;
  XmStoreNode *child;
  gboolean grown = FALSE;

  if (!children || children->n == children->capacity) {
    resize (node, children ? children->n + MAX (2, children->n / 4) : 2);
    children = node->children;
    grown = TRUE;
  }
  child = &children->nodes[children->n++];
  memset (child, 0, sizeof *child);
  child->type = XM_NODE_EMPTY;
  if (name) {
    child->name = intern (name, len);
    child->hash = hash_name (name, len);
  }

  if (node->type == XM_NODE_ARRAY)
    return child;
  if (children->slots && !grown)
    index_add (children, children->n - 1);
  else
    index_rebuild (children);
  return child;
}

void
xm_node_remove (XmStoreNode *node, XmStoreNode *child)
{
  XmNodeChildren *children = node->children;
  guint position = (guint)(child - children->nodes);

  g_assert (position < xm_node_n_children (node));
  clear_with_name (child);
  children->n--;
  memmove (child, child + 1, (children->n - position) * sizeof (XmStoreNode));
  if (children->slots)
    index_rebuild (children);
}

void
xm_node_move (XmStoreNode *to, XmStoreNode *from)
{
  xm_node_clear (to);
  to->text = from->text; /* whichever of the two it is */
  to->type = from->type;
  from->text = NULL;
  from->type = XM_NODE_EMPTY;
}

XmStoreNode *
xm_node_ensure (XmStoreNode *node, const char *name, gsize len)
{
  XmStoreNode *child;

  if (node->type != XM_NODE_OBJECT)
    xm_node_make_parent (node, XM_NODE_OBJECT, 0);
  child = xm_node_find (node, name, len);
  return child ? child : xm_node_append (node, name, len);
}

gboolean
xm_node_drop_empty (XmStoreNode *node)
{
  guint n = xm_node_n_children (node);
  guint kept = 0;

  for (guint i = 0; i < n; i++) {
    XmStoreNode *child = &node->children->nodes[i];

    if (child->type == XM_NODE_EMPTY)
      clear_with_name (child);
    else
      node->children->nodes[kept++] = *child;
  }
  if (kept == n)
    return FALSE;
  node->children->n = kept;
  if (node->children->slots)
    index_rebuild (node->children);
  return TRUE;
}

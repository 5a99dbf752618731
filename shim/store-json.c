/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/store-json.h"

#include <string.h>

#include "shim/error.h"

/* Writing ---------------------------------------------------------------- */

static void
append_string (GString *out, const char *text)
{
  static const char escapes[256] = {
    ['\n'] = 'n', ['\t'] = 't', ['\r'] = 'r',  ['\b'] = 'b',
    ['\f'] = 'f', ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',
  };

  g_string_append_c (out, '"');
  for (const char *p = text; *p; p++) {
    guchar c = (guchar)*p;

    if (escapes[c]) {
      g_string_append_c (out, '\\');
      g_string_append_c (out, escapes[c]);
    } else if (c < 0x20)
      g_string_append_printf (out, "\\u%04x", c); /* JSON has no other way */
    else
      g_string_append_c (out, (char)c);
  }
  g_string_append_c (out, '"');
}

static void
start_line (GString *out, guint level)
{
  g_string_append_c (out, '\n');
  for (guint i = 0; i < level; i++)
    g_string_append (out, "  ");
}

/* Binary nodes, and objects of nothing else, come from directories. */
static gboolean
belongs_to_file (const XmStoreNode *node)
{
  guint n = xm_node_n_children (node);

  for (guint i = 0; i < n; i++)
    if (belongs_to_file (xm_node_child (node, i)))
      return TRUE;
  return n == 0 && xm_node_get_type (node) != XM_NODE_BINARY;
}

static void append_node (GString *out, const XmStoreNode *node, const char *base, guint level);

static void
append_children (GString *out, const XmStoreNode *node, const char *base, guint level, guint first)
{
  gboolean object = xm_node_get_type (node) == XM_NODE_OBJECT;
  guint n = xm_node_n_children (node);
  gboolean any = FALSE;

  g_string_append_c (out, object ? '{' : '[');
  for (guint i = first; i < n; i++) {
    const XmStoreNode *child = xm_node_child (node, i);

    if (!base && !belongs_to_file (child))
      continue;
    if (any)
      g_string_append_c (out, ',');
    any = TRUE;
    start_line (out, level + 1);
    if (object) {
      append_string (out, xm_node_get_name (child));
      g_string_append (out, ": ");
    }
    append_node (out, child, base, level + 1);
  }
  if (any)
    start_line (out, level);
  else if (object)
    g_string_append_c (out, ' ');
  g_string_append_c (out, object ? '}' : ']');
}

static void
append_node (GString *out, const XmStoreNode *node, const char *base, guint level)
{
  g_autofree char *file = NULL;

  switch (xm_node_get_type (node)) {
  case XM_NODE_EMPTY:
    g_string_append (out, "null");
    break;
  case XM_NODE_OBJECT:
  case XM_NODE_ARRAY:
    append_children (out, node, base, level, 0);
    break;
  case XM_NODE_STRING:
    append_string (out, xm_node_get_text (node));
    break;
  case XM_NODE_LITERAL:
    g_string_append (out, xm_node_get_text (node));
    break;
  case XM_NODE_BINARY:
    file = g_strdup_printf ("file:%s/%s", base, xm_node_get_text (node));
    append_string (out, file);
    break;
  }
}

char *
xm_node_to_text (const XmStoreNode *node, const char *base)
{
  g_autoptr (GString) out = g_string_new (NULL);

  append_node (out, node, base, 0);
  g_string_append_c (out, '\n');
  return g_string_free (g_steal_pointer (&out), FALSE);
}

char *
xm_node_to_file (const XmStoreNode *node, guint skip)
{
  g_autoptr (GString) out = g_string_sized_new (4096);

  if (skip)
    append_children (out, node, NULL, 0, skip);
  else
    append_node (out, node, NULL, 0);
  g_string_append_c (out, '\n');
  return g_string_free (g_steal_pointer (&out), FALSE);
}

/* Reading ---------------------------------------------------------------- */

static void
make_number (XmStoreNode *node, json_t *json)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE + 512]; /* %f of the largest double has 316 characters */

  if (json_is_integer (json))
    g_snprintf (text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value (json));
  else
    g_ascii_formatd (text, sizeof text, "%f", json_real_value (json));
  xm_node_make_text (node, XM_NODE_LITERAL, text);
}

gboolean
xm_node_set_json (XmStoreNode *node, json_t *json, guint depth, GError **error)
{
  const char *name;
  json_t *value;
  gsize i;

  if (depth == 0 && json_is_object (json) + json_is_array (json) &&
      json_object_size (json) + json_array_size (json)) {
    xm_error_set_plain (error, "more than %d levels of nodes", XM_TREE_MAX_DEPTH);
    return FALSE;
  }

  switch (json_typeof (json)) {
  case JSON_OBJECT:
    xm_node_make_parent (node, XM_NODE_OBJECT, (guint)json_object_size (json));
    json_object_foreach (json, name, value)
    {
      XmStoreNode *child = xm_node_append (node, name, strlen (name));

      if (!xm_node_set_json (child, value, depth - 1, error))
        return FALSE;
    }
    break;
  case JSON_ARRAY:
    xm_node_make_parent (node, XM_NODE_ARRAY, (guint)json_array_size (json));
    json_array_foreach (json, i, value)
    {
      if (!xm_node_set_json (xm_node_append (node, NULL, 0), value, depth - 1, error))
        return FALSE;
    }
    break;
  case JSON_STRING:
    xm_node_make_text (node, XM_NODE_STRING, json_string_value (json));
    break;
  case JSON_INTEGER:
  case JSON_REAL:
    make_number (node, json);
    break;
  case JSON_TRUE:
  case JSON_FALSE:
    xm_node_make_text (node, XM_NODE_LITERAL, json_is_true (json) ? "true" : "false");
    break;
  case JSON_NULL:
    xm_node_clear (node);
    break;
  default:
    g_assert_not_reached ();
  }
  return TRUE;
}

json_t *
xm_store_parse_json (const char *text, gssize len, GError **error)
{
  json_error_t why;
  json_t *json = json_loadb (text, len < 0 ? strlen (text) : (gsize)len, JSON_DECODE_ANY, &why);

  if (!json) {
    /* jansson quotes the input, which may be anything. */
    g_autofree char *what = g_utf8_make_valid (why.text, -1);

    xm_error_set_plain (error, "malformed JSON: %s (line %d, column %d)", what, why.line,
                        why.column);
  }
  return json;
}

/* Returns NULL when there is no control character in a string. */
static GString *
escape_controls (const char *text, gsize len)
{
  g_autoptr (GString) out = g_string_sized_new (len + 64);
  gboolean in_string = FALSE;
  gboolean found = FALSE;

  for (gsize i = 0; i < len; i++) {
    guchar c = (guchar)text[i];

    if (in_string && c < 0x20) {
      g_string_append_printf (out, "\\u%04x", c);
      found = TRUE;
      continue;
    }
    if (c == '"')
      in_string = !in_string;
    g_string_append_c (out, (char)c);
    if (in_string && c == '\\' && i + 1 < len)
      g_string_append_c (out, text[++i]);
  }
  return found ? g_steal_pointer (&out) : NULL;
}

json_t *
xm_store_parse_file (const char *text, gsize len, GError **error)
{
  g_autoptr (GError) why = NULL;
  g_autoptr (GString) escaped = NULL;
  json_t *json = xm_store_parse_json (text, (gssize)len, &why);

  if (!json) {
    escaped = escape_controls (text, len);
    if (escaped)
      json = xm_store_parse_json (escaped->str, (gssize)escaped->len, NULL);
  }
  if (!json)
    g_propagate_error (error, g_steal_pointer (&why));
  return json;
}

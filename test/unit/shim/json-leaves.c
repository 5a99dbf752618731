/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "json-leaves.h"

#include <jansson.h>
#include <stdlib.h>

static void
flatten (json_t *value, const char *path, GHashTable *leaves)
{
  const char *key;
  json_t *child;
  size_t i;
  if (json_is_object (value)) {
    json_object_foreach (value, key, child)
    {
      g_autofree char *deeper = *path != '\0' ? g_strjoin (".", path, key, NULL) : g_strdup (key);
      flatten (child, deeper, leaves);
    }
  } else if (json_is_array (value)) {
    json_array_foreach (value, i, child)
    {
      g_autofree char *deeper = g_strdup_printf ("%s[%zu]", path, i);
      flatten (child, deeper, leaves);
    }
  } else {
    char *text = json_dumps (value, JSON_ENCODE_ANY);
    g_hash_table_add (leaves, g_strjoin (" ", path, text, NULL));
    free (text);
  }
}

GHashTable *
json_leaves (const char *text)
{
  json_auto_t *read = json_loads (text, 0, NULL);
  if (read == NULL)
    return NULL;
  GHashTable *leaves = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  flatten (read, "", leaves);
  return leaves;
}

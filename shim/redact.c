/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/redact.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "shim/text.h"

#define REMOVED "removed"

/* A key that has one of these in it, whatever its case. */
static const char *const secret_parts[] = { "passw",      "passphrase",  "secret",    "token",
                                            "credential", "private-key", "privatekey" };

static gboolean
is_secret_key (const char *key)
{
  g_autofree char *lower = g_ascii_strdown (key, -1);
  for (gsize i = 0; i < G_N_ELEMENTS (secret_parts); i++) {
    if (strstr (lower, secret_parts[i]) != NULL)
      return TRUE;
  }
  return g_str_equal (lower, "dom-store");
}

/* Values that only say whether there is a secret. */
static gboolean
is_plain (json_t *value)
{
  gboolean boolean;
  return json_is_boolean (value) || json_is_null (value) ||
         (json_is_string (value) && (*json_string_value (value) == '\0' ||
                                     xm_text_to_boolean (json_string_value (value), &boolean)));
}

/* Product properties: {"password": "true", "value": ...} */
static gboolean
holds_password (json_t *object)
{
  json_t *flag = json_object_get (object, "password");
  return json_is_true (flag) ||
         (json_is_string (flag) && xm_text_is_true (json_string_value (flag)));
}

/* Neither the store nor xl nests deeper than the parser allows. */
static void
redact (json_t *node)
{
  const char *key;
  json_t *value;
  size_t index;
  if (json_is_array (node)) {
    json_array_foreach (node, index, value)
    {
      redact (value);
    }
    return;
  }
  if (!json_is_object (node))
    return;
  gboolean password = holds_password (node);
  json_object_foreach (node, key, value)
  {
    if ((is_secret_key (key) && !is_plain (value)) || (password && g_str_equal (key, "value")))
      json_object_set_new (node, key, json_string (REMOVED));
    else
      redact (value);
  }
}

char *
xm_redact_json (const char *text)
{
  json_auto_t *root = json_loads (text, JSON_DECODE_ANY, NULL);
  if (root == NULL)
    return NULL;
  redact (root);
  char *dump = json_dumps (root, JSON_INDENT (2) | JSON_ENCODE_ANY);
  char *copy = g_strdup (dump);
  free (dump);
  return copy;
}

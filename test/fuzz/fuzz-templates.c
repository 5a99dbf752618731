/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What create_vm_with_template_and_json is given, merged over a template. */
#include "shim/templates.h"

#include <string.h>

#include "fuzz-shim.h"

static json_t *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  json_t *json = xm_json_parse_object (text, &error);
  if (json == NULL)
    check_refusal (error);
  else
    g_assert_true (json_is_object (json));
  return json;
}

/* The input is two texts, each ended by a NUL or the end of the input. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *first = g_strndup ((const char *)data, size);
  size_t used = MIN (strlen (first) + 1, size);
  g_autofree char *second = g_strndup ((const char *)data + used, size - used);
  json_t *template = parse (first);
  json_t *overrides = parse (second);

  if (template != NULL && overrides != NULL) {
    json_t *merged = xm_json_merge (template, overrides);
    json_t *again = xm_json_merge (merged, overrides);
    const char *key;
    json_t *value;

    json_object_foreach (template, key, value) g_assert_nonnull (json_object_get (merged, key));
    json_object_foreach (overrides, key, value)
        g_assert_true (json_is_object (value) || json_equal (json_object_get (merged, key), value));
    g_assert_true (json_equal (merged, again));
    json_decref (merged);
    json_decref (again);
  }
  json_decref (template);
  json_decref (overrides);
  return 0;
}

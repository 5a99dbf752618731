/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file of the store: what is read is written so that it reads the same again. */
#include "shim/store-json.h"

#include <string.h>

#include "fuzz-shim.h"

static char *
read_and_write (json_t *json)
{
  g_autoptr (XmStoreNode) node = xm_node_new ();
  g_autoptr (GError) error = NULL;
  char *text = NULL;

  if (xm_node_set_json (node, json, XM_TREE_MAX_DEPTH, &error)) {
    g_autofree char *shown = xm_node_to_text (node, "/base");
    text = xm_node_to_file (node, 0);
    g_assert_cmpstr (shown, ==, text);
  } else {
    check_refusal (error);
  }
  json_decref (json);
  return text;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  /* Without a terminator behind it, so that reading too far is found. */
  g_autofree char *input = g_memdup2 (data, size);
  g_autoptr (GError) error = NULL;
  json_t *json = xm_store_parse_file (input != NULL ? input : "", size, &error);

  if (json == NULL) {
    check_refusal (error);
    return 0;
  }
  g_autofree char *text = read_and_write (json);
  if (text == NULL)
    return 0;
  json = xm_store_parse_json (text, -1, &error);
  g_assert_no_error (error);
  g_autofree char *again = read_and_write (json);
  g_assert_cmpstr (again, ==, text);
  return 0;
}

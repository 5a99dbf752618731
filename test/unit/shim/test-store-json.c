/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <string.h>

#include "shim/error.h"
#include "shim/store-json.h"
#include "test/unit/run-suite.h"

static XmStoreNode *
parse (const char *text)
{
  g_autoptr (XmStoreNode) node = xm_node_new ();
  g_autoptr (GError) error = NULL;
  json_t *json = xm_store_parse_json (text, -1, &error);

  ck_assert_msg (json != NULL, "%s", error ? error->message : "no error");
  ck_assert (xm_node_set_json (node, json, XM_TREE_MAX_DEPTH, &error));
  json_decref (json);
  return g_steal_pointer (&node);
}

/* Text in, text out: dbd's layout to the byte. */
START_TEST (text_is_that_of_dbd)
{
  static const struct {
    const char *in;
    const char *out;
  } cases[] = {
    { "{\"vm\":{\"name\":\"win7\",\"path\":\"/storage/disks/a.vhd\"}}",
      "{\n  \"vm\": {\n    \"name\": \"win7\",\n    \"path\": \"\\/storage\\/disks\\/a.vhd\"\n  "
      "}\n}\n" },
    { "{}", "{ }\n" },
    { "[]", "[]\n" },
    { "{\"a\":{},\"b\":[],\"c\":null}", "{\n  \"a\": { },\n  \"b\": [],\n  \"c\": null\n}\n" },
    { "{\"a\":[1,[\"x\",{\"y\":true}],false]}",
      "{\n  \"a\": [\n    1,\n    [\n      \"x\",\n      {\n        \"y\": true\n      }\n    ],\n"
      "    false\n  ]\n}\n" },
    { "\"leaf\"", "\"leaf\"\n" },
    { "-12", "-12\n" },
    { "9223372036854775807", "9223372036854775807\n" },
    { "1.5", "1.500000\n" },
    { "1e3", "1000.000000\n" },
    { "true", "true\n" },
    { "null", "null\n" },
    { "\"\\n\\t\\r\\b\\f\\\"\\\\\\/\"", "\"\\n\\t\\r\\b\\f\\\"\\\\\\/\"\n" },
    { "\"\\u00e4\xe2\x82\xac\"", "\"\xc3\xa4\xe2\x82\xac\"\n" },
    { "\"\\u001b\\u007f\"", "\"\\u001b\x7f\"\n" },
    { "{\"z\":\"1\",\"a\":\"2\",\"m/n\":\"3\"}",
      "{\n  \"z\": \"1\",\n  \"a\": \"2\",\n  \"m\\/n\": \"3\"\n}\n" },
  };
  g_autoptr (XmStoreNode) node = NULL;
  g_autofree char *file = NULL;
  g_autofree char *again = NULL;

  ck_assert_uint_eq (G_N_ELEMENTS (cases), 16);
  node = parse (cases[_i].in);
  file = xm_node_to_file (node, 0);
  ck_assert_str_eq (file, cases[_i].out);
  g_clear_pointer (&node, xm_node_free);
  node = parse (file);
  again = xm_node_to_text (node, "/base");
  ck_assert_str_eq (again, cases[_i].out);
}
END_TEST

START_TEST (binary_nodes_are_not_in_files)
{
  g_autoptr (XmStoreNode) node = parse ("{\"a\":{\"b\":\"1\"},\"c\":\"2\",\"e\":{}}");
  g_autofree char *file = NULL;
  g_autofree char *skipped = NULL;
  g_autofree char *text = NULL;

  xm_node_make_text (xm_node_find (node, "c", 1), XM_NODE_BINARY, "vms/c");
  xm_node_make_text ((XmStoreNode *)xm_node_lookup (node, "a/b"), XM_NODE_BINARY, "vms/a/b");
  file = xm_node_to_file (node, 0);
  ck_assert_str_eq (file, "{\n  \"e\": { }\n}\n");
  skipped = xm_node_to_file (node, 3);
  ck_assert_str_eq (skipped, "{ }\n");
  text = xm_node_to_text (node, "/base");
  ck_assert_str_eq (text, "{\n  \"a\": {\n    \"b\": \"file:\\/base\\/vms\\/a\\/b\"\n  },\n"
                          "  \"c\": \"file:\\/base\\/vms\\/c\",\n  \"e\": { }\n}\n");
}
END_TEST

START_TEST (bad_text_is_refused_with_its_place)
{
  static const char *const cases[] = { "",         "{",           "{\"a\":}",    "{'a':1}", "[1,]",
                                       "\"\xff\"", "{} trailing", "\"\\u0000\"", "nul" };
  g_autoptr (GError) error = NULL;

  ck_assert_uint_eq (G_N_ELEMENTS (cases), 9);
  ck_assert_ptr_null (xm_store_parse_json (cases[_i], -1, &error));
  ck_assert (g_error_matches (error, XM_ERROR, XM_ERROR_PLAIN));
  ck_assert (g_str_has_prefix (error->message, "malformed JSON: "));
  ck_assert_ptr_nonnull (strstr (error->message, "(line 1, column "));
  ck_assert (g_utf8_validate (error->message, -1, NULL));
}
END_TEST

START_TEST (depth_is_bounded)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (XmStoreNode) node = xm_node_new ();
  g_autoptr (GError) error = NULL;
  json_t *json;

  for (guint i = 0; i < 3; i++)
    g_string_append (text, "{\"a\":");
  g_string_append (text, "[]}}}");
  json = xm_store_parse_json (text->str, -1, NULL);
  ck_assert (xm_node_set_json (node, json, 3, &error));
  ck_assert (!xm_node_set_json (node, json, 2, &error));
  ck_assert (g_error_matches (error, XM_ERROR, XM_ERROR_PLAIN));
  json_decref (json);
}
END_TEST

/* dbd escapes few control characters; what it wrote must load. */
START_TEST (control_characters_in_files_are_read)
{
  static const char text[] = "{\n\t\"a\\\\\": \"x\x1by\\\"\x01\",\n\"b\": \"\"\n}";
  json_t *json = xm_store_parse_file (text, strlen (text), NULL);

  ck_assert_ptr_nonnull (json);
  ck_assert_str_eq (json_string_value (json_object_get (json, "a\\")), "x\x1by\"\x01");
  json_decref (json);
  ck_assert_ptr_null (xm_store_parse_json (text, -1, NULL));
  ck_assert_ptr_null (xm_store_parse_file ("{\x1b}", 3, NULL));
  ck_assert_ptr_null (xm_store_parse_file ("{\"a\0b\":1}", 9, NULL));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("store-json");
  TCase *tests = tcase_create ("json");

  tcase_add_loop_test (tests, text_is_that_of_dbd, 0, 16);
  tcase_add_test (tests, binary_nodes_are_not_in_files);
  tcase_add_loop_test (tests, bad_text_is_refused_with_its_place, 0, 9);
  tcase_add_test (tests, depth_is_bounded);
  tcase_add_test (tests, control_characters_in_files_are_read);
  suite_add_tcase (suite, tests);
  return run_suite (suite);
}

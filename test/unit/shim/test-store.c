/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <string.h>

#include "shim/error.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

/* The rules of the tree, as dbd has them. */

static char *base;
static XmStore *store;

static void
setup (void)
{
  base = fixture_new ();
  store = fixture_open (base);
}

static void
teardown (void)
{
  g_clear_object (&store);
  fixture_free (g_steal_pointer (&base));
}

static void
assert_read (const char *path, const char *text)
{
  g_autofree char *answer = xm_store_read_dbd (store, path);

  ck_assert_str_eq (answer, text);
}

static void
assert_list (const char *path, const char *joined)
{
  g_autofree const char **names = xm_store_list (store, path);
  g_autofree char *text = g_strjoinv (" ", (char **)names);

  ck_assert_str_eq (text, joined);
}

START_TEST (a_new_store_has_a_version)
{
  assert_read ("/db-version", "42");
  assert_dump (store, "/", "{\n  \"vm\": { },\n  \"dom-store\": { },\n  \"db-version\": \"42\"\n}");
  ck_assert (fixture_has_file (base, "db"));
  ck_assert_str_eq (xm_store_get_base (store), base);
}
END_TEST

START_TEST (write_makes_parents)
{
  fixture_write (store, "//a/b//c/", "1");
  assert_read ("a/b/c", "1");
  ck_assert_str_eq (xm_store_read (store, "/a/b/c"), "1");
  assert_list ("/a", "b");
  assert_read ("/a", "");
  ck_assert_ptr_null (xm_store_read (store, "/a"));
  ck_assert (xm_store_exists (store, "/a/b"));
  ck_assert (!xm_store_exists (store, "/a/b/c/d"));
}
END_TEST

START_TEST (what_is_missing_reads_as_nothing)
{
  assert_read ("/nope", "");
  ck_assert_ptr_null (xm_store_read (store, "/nope"));
  assert_list ("/nope", "");
  assert_dump (store, "/nope", "null");
  ck_assert (!xm_store_exists (store, "/nope"));
  fixture_remove (store, "/nope/below");
  ck_assert (!xm_store_exists (store, "/nope"));
  ck_assert (xm_store_exists (store, ""));
  ck_assert (xm_store_exists (store, "/"));
}
END_TEST

START_TEST (a_node_with_children_is_not_overwritten)
{
  fixture_write (store, "/a/b", "1");
  fixture_write (store, "/a", "x");
  assert_dump (store, "/a", "{\n  \"b\": \"1\"\n}");
  fixture_write (store, "/", "x");
  assert_read ("/db-version", "42");
}
END_TEST

START_TEST (a_node_without_children_is_overwritten)
{
  fixture_inject (store, "/a", "{\"object\":{},\"null\":null,\"array\":[1],\"number\":5}");
  fixture_write (store, "/a/object", "1");
  fixture_write (store, "/a/null", "2");
  fixture_write (store, "/a/array", "3");
  fixture_write (store, "/a/number", "5");
  assert_dump (store, "/a",
               "{\n  \"object\": \"1\",\n  \"null\": \"2\",\n  \"array\": \"3\",\n"
               "  \"number\": \"5\"\n}");
}
END_TEST

START_TEST (an_ancestor_leaf_becomes_a_subtree)
{
  fixture_write (store, "/a", "leaf");
  fixture_write (store, "/a/b/c", "1");
  assert_dump (store, "/a", "{\n  \"b\": {\n    \"c\": \"1\"\n  }\n}");
  fixture_write (store, "/s", "only here");
  fixture_write (store, "/s/t", xm_store_read (store, "/s"));
  assert_read ("/s/t", "only here");
}
END_TEST

START_TEST (children_keep_their_order)
{
  fixture_write (store, "/a/z", "1");
  fixture_write (store, "/a/b", "2");
  fixture_write (store, "/a/m", "3");
  fixture_write (store, "/a/z", "4");
  assert_list ("/a", "z b m");
  fixture_remove (store, "/a/z");
  fixture_write (store, "/a/z", "5");
  assert_list ("/a", "b m z");
}
END_TEST

START_TEST (the_last_child_leaves_an_empty_node)
{
  fixture_write (store, "/a/b/c", "1");
  fixture_remove (store, "/a/b/c");
  ck_assert (xm_store_exists (store, "/a/b"));
  assert_dump (store, "/a", "{\n  \"b\": { }\n}");
  assert_list ("/a/b", "");
  fixture_remove (store, "/a");
  ck_assert (!xm_store_exists (store, "/a"));
}
END_TEST

START_TEST (removal_drops_empty_siblings_on_its_way)
{
  fixture_inject (store, "/n", "null");
  fixture_inject (store, "/a",
                  "{\"n\":null,\"b\":{\"n\":null,\"c\":\"1\",\"d\":{\"n\":null}},\"e\":{}}");
  fixture_remove (store, "/a/missing");
  ck_assert (xm_store_exists (store, "/a/n"));
  fixture_remove (store, "/a/b/c");
  ck_assert (!xm_store_exists (store, "/n"));
  assert_dump (store, "/a",
               "{\n  \"b\": {\n    \"d\": {\n      \"n\": null\n    }\n  },\n  \"e\": { }\n}");
  fixture_remove (store, "/a/b/d/n");
  ck_assert (!xm_store_exists (store, "/a/b/d/n"));
  ck_assert (xm_store_exists (store, "/a/b/d"));
}
END_TEST

START_TEST (removing_the_root_empties_all)
{
  fixture_write (store, "/vm/x/name", "1");
  fixture_write (store, "/dom-store/x/key", "1");
  fixture_remove (store, "/");
  assert_dump (store, "/", "{\n  \"vm\": { },\n  \"dom-store\": { }\n}");
}
END_TEST

START_TEST (inject_replaces)
{
  fixture_write (store, "/a/b/c", "1");
  fixture_inject (store, "/a/b", "{\"x\":\"y\"}");
  assert_dump (store, "/a", "{\n  \"b\": {\n    \"x\": \"y\"\n  }\n}");
  fixture_inject (store, "/a", "\"leaf\"");
  assert_read ("/a", "leaf");
  fixture_inject (store, "/a/b", "{}");
  assert_dump (store, "/a", "{\n  \"b\": { }\n}");
  fixture_inject (store, "/a", "null");
  ck_assert (xm_store_exists (store, "/a"));
  assert_read ("/a", "");
  assert_dump (store, "/a", "null");
}
END_TEST

START_TEST (scalars_keep_their_types)
{
  fixture_inject (store, "/a", "{\"i\":5,\"f\":2.5,\"b\":true,\"s\":\"5\",\"l\":[\"x\"]}");
  assert_read ("/a/i", "5");
  assert_read ("/a/f", "2.500000");
  assert_read ("/a/b", "true");
  assert_read ("/a/s", "5");
  assert_read ("/a/l", "");
  assert_list ("/a/l", "");
  ck_assert (!xm_store_exists (store, "/a/l/0"));
  assert_dump (store, "/a/i", "5");
  assert_dump (store, "/a/s", "\"5\"");
}
END_TEST

START_TEST (bad_json_changes_nothing)
{
  GError *error = NULL;

  fixture_write (store, "/a/b", "1");
  ck_assert (!xm_store_inject (store, "/a", "{\"x\":", &error));
  assert_refused (&error, "malformed JSON: ");
  assert_dump (store, "/a", "{\n  \"b\": \"1\"\n}");
}
END_TEST

START_TEST (inject_of_the_root_replaces_all)
{
  fixture_write (store, "/a", "1");
  fixture_write (store, "/vm/x/name", "1");
  fixture_inject (store, "/", "{\"b\":\"2\",\"vm\":{\"y\":{\"name\":\"2\"}},\"c\":\"3\"}");
  assert_dump (store, "/",
               "{\n  \"vm\": {\n    \"y\": {\n      \"name\": \"2\"\n    }\n  },\n"
               "  \"dom-store\": { },\n  \"b\": \"2\",\n  \"c\": \"3\"\n}");
  fixture_inject (store, "/vm", "null");
  assert_dump (store, "/vm", "{ }");
}
END_TEST

START_TEST (what_no_file_can_hold_is_refused)
{
  g_autofree char *long_name = g_strnfill (236, 'x');
  g_autofree char *long_path = g_strconcat ("/vm/", long_name, "/name", NULL);
  g_autofree char *deep = g_malloc0 (2 * (XM_TREE_MAX_DEPTH + 1) + 1);
  const struct {
    const char *path;
    const char *value;
    const char *part;
  } cases[] = {
    { "/vm", "x", "'/vm' cannot have a value" },
    { "dom-store", "x", "'dom-store' cannot have a value" },
    { "/vm/./name", "x", "'.' cannot be the name of a file" },
    { "/dom-store/..", "x", "'..' cannot be the name of a file" },
    { long_path, "x", "xxx' cannot be the name of a file" },
    { deep, "x", "names in a path" },
    { "/a\xff", "x", "not UTF-8" },
    { "/a", "x\xff", "not UTF-8" },
  };
  GError *error = NULL;

  memset (deep, '/', 2 * (XM_TREE_MAX_DEPTH + 1));
  for (guint i = 0; i <= XM_TREE_MAX_DEPTH; i++)
    deep[2 * i + 1] = 'd';
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    ck_assert_msg (!xm_store_write (store, cases[i].path, cases[i].value, &error), "%zu", i);
    assert_refused (&error, cases[i].part);
  }
  ck_assert (!xm_store_exists (store, "/a"));
  ck_assert (!xm_store_exists (store, "/d"));
  assert_dump (store, "/vm", "{ }");

  deep[2 * XM_TREE_MAX_DEPTH] = '\0';
  fixture_write (store, deep, "1");
  long_path[4 + 235] = '\0';
  fixture_write (store, long_path, "1");
  ck_assert (fixture_commit (store, NULL));
}
END_TEST

START_TEST (json_that_no_file_can_hold_is_refused)
{
  static const struct {
    const char *path;
    const char *json;
    const char *part;
  } cases[] = {
    { "/", "5", "the root cannot have a value" },
    { "/", "{\"vm\":\"x\"}", "'vm' cannot have a value" },
    { "/", "{\"dom-store\":{\"\":1}}", "'' cannot be the name of a file" },
    { "/vm", "[]", "'vm' cannot have a value" },
    { "/vm", "{\"a/b\":{}}", "'a/b' cannot be the name of a file" },
    { "/vm", "{\"a\":{},\"..\":{}}", "'..' cannot be the name of a file" },
    { "/vm/..", "{}", "'..' cannot be the name of a file" },
  };
  GError *error = NULL;

  fixture_write (store, "/vm/x/name", "1");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    ck_assert_msg (!xm_store_inject (store, cases[i].path, cases[i].json, &error), "%zu", i);
    assert_refused (&error, cases[i].part);
  }
  assert_read ("/db-version", "42");
  assert_dump (store, "/vm", "{\n  \"x\": {\n    \"name\": \"1\"\n  }\n}");
}
END_TEST

START_TEST (nodes_are_read_from_a_base)
{
  const XmStoreNode *vm;

  fixture_inject (store, "/vm/x", "{\"name\":\"n\",\"config\":{\"memory\":512,\"disk\":{}}}");
  vm = xm_store_lookup (store, "/vm/x");
  ck_assert_str_eq (xm_store_node_read (store, vm, "name"), "n");
  ck_assert_str_eq (xm_store_node_read (store, vm, "config/memory"), "512");
  ck_assert_ptr_null (xm_store_node_read (store, vm, "config/disk"));
  ck_assert_ptr_null (xm_store_node_read (store, vm, "config/nope"));
  ck_assert_ptr_null (xm_store_node_read (store, xm_store_lookup (store, "/vm/y"), "name"));
}
END_TEST

static void
note_path (XmStore *source, const char *path, gpointer user_data)
{
  g_string_append_printf (user_data, "%s ", path);
}

START_TEST (changes_are_told)
{
  g_autoptr (GString) paths = g_string_new (NULL);

  g_signal_connect (store, "changed", G_CALLBACK (note_path), paths);
  fixture_write (store, "a//b/", "1");
  fixture_write (store, "a/b", "1"); /* no change */
  fixture_write (store, "a", "1");   /* ignored */
  fixture_remove (store, "a/nope");  /* nothing there */
  fixture_inject (store, "vm/x", "{}");
  fixture_remove (store, "/a/b");
  fixture_remove (store, "/");
  ck_assert (xm_store_reload (store, NULL));
  ck_assert_str_eq (paths->str, "/a/b /vm/x /a/b / / ");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("store");
  TCase *tests = tcase_create ("rules");

  tcase_add_checked_fixture (tests, setup, teardown);
  tcase_add_test (tests, a_new_store_has_a_version);
  tcase_add_test (tests, write_makes_parents);
  tcase_add_test (tests, what_is_missing_reads_as_nothing);
  tcase_add_test (tests, a_node_with_children_is_not_overwritten);
  tcase_add_test (tests, a_node_without_children_is_overwritten);
  tcase_add_test (tests, an_ancestor_leaf_becomes_a_subtree);
  tcase_add_test (tests, children_keep_their_order);
  tcase_add_test (tests, the_last_child_leaves_an_empty_node);
  tcase_add_test (tests, removal_drops_empty_siblings_on_its_way);
  tcase_add_test (tests, removing_the_root_empties_all);
  tcase_add_test (tests, inject_replaces);
  tcase_add_test (tests, scalars_keep_their_types);
  tcase_add_test (tests, bad_json_changes_nothing);
  tcase_add_test (tests, inject_of_the_root_replaces_all);
  tcase_add_test (tests, what_no_file_can_hold_is_refused);
  tcase_add_test (tests, json_that_no_file_can_hold_is_refused);
  tcase_add_test (tests, nodes_are_read_from_a_base);
  tcase_add_test (tests, changes_are_told);
  suite_add_tcase (suite, tests);
  return run_suite (suite);
}

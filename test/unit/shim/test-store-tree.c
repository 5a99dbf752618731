/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <string.h>

#include "shim/store-tree.h"
#include "test/unit/run-suite.h"

/* More than any threshold of the index. */
#define MANY 1000

static XmStoreNode *
find (const XmStoreNode *node, const char *name)
{
  return xm_node_find (node, name, strlen (name));
}

static XmStoreNode *
append (XmStoreNode *node, const char *name)
{
  return xm_node_append (node, name, strlen (name));
}

START_TEST (path_is_split_at_slashes)
{
  static const struct {
    const char *path;
    const char *normal;
  } cases[] = {
    { "", "/" },
    { "/", "/" },
    { "///", "/" },
    { "a", "/a" },
    { "/a/b", "/a/b" },
    { "//a//b//", "/a/b" },
    { "a/./../b", "/a/./../b" },
    { "/a b/\xc3\xa4", "/a b/\xc3\xa4" },
  };
  g_autofree char *normal = xm_path_normal (cases[_i].path);

  ck_assert_str_eq (normal, cases[_i].normal);
}
END_TEST

START_TEST (names_are_found_whole_only)
{
  g_autoptr (XmStoreNode) root = xm_node_new ();

  append (root, "name");
  ck_assert_ptr_nonnull (find (root, "name"));
  ck_assert_ptr_nonnull (xm_node_find (root, "name/rest", 4));
  ck_assert_ptr_null (find (root, "nam"));
  ck_assert_ptr_null (find (root, "names"));
  ck_assert_ptr_null (find (root, "Name"));
}
END_TEST

START_TEST (lookup_follows_names)
{
  g_autoptr (XmStoreNode) root = xm_node_new ();
  XmStoreNode *b = xm_node_ensure (xm_node_ensure (root, "a", 1), "b", 1);

  xm_node_make_text (b, XM_NODE_STRING, "text");
  ck_assert_ptr_eq (xm_node_lookup (root, ""), root);
  ck_assert_str_eq (xm_node_get_text (xm_node_lookup (root, "/a//b/")), "text");
  ck_assert_ptr_null (xm_node_lookup (root, "a/b/c"));
  ck_assert_ptr_null (xm_node_lookup (root, "b"));
  ck_assert_ptr_null (xm_node_lookup (NULL, "a"));
}
END_TEST

/* Children of any number are found, in order, while some are removed and others added. */
START_TEST (many_children_stay_in_order)
{
  g_autoptr (XmStoreNode) root = xm_node_new ();
  char name[16];

  for (guint i = 0; i < MANY; i++) {
    g_snprintf (name, sizeof name, "n%u", i);
    append (root, name);
  }
  for (guint i = 0; i < MANY; i += 2) {
    g_snprintf (name, sizeof name, "n%u", i);
    xm_node_remove (root, find (root, name));
  }
  ck_assert_uint_eq (xm_node_n_children (root), MANY / 2);
  for (guint i = 0; i < MANY; i++) {
    g_snprintf (name, sizeof name, "n%u", i);
    if (i % 2 == 0)
      ck_assert_ptr_null (find (root, name));
    else
      ck_assert_ptr_eq (find (root, name), xm_node_child (root, i / 2));
  }
  ck_assert_ptr_eq (append (root, "n0"), xm_node_child (root, MANY / 2));
  ck_assert_ptr_eq (find (root, "n0"), xm_node_child (root, MANY / 2));
}
END_TEST

START_TEST (empty_children_are_dropped)
{
  g_autoptr (XmStoreNode) root = xm_node_new ();
  char name[16];

  for (guint i = 0; i < MANY; i++) {
    g_snprintf (name, sizeof name, "n%u", i);
    if (i % 3 == 0)
      xm_node_make_text (append (root, name), XM_NODE_STRING, name);
    else
      append (root, name);
  }
  ck_assert (xm_node_drop_empty (root));
  ck_assert (!xm_node_drop_empty (root));
  ck_assert_uint_eq (xm_node_n_children (root), (MANY + 2) / 3);
  ck_assert_str_eq (xm_node_get_text (find (root, "n999")), "n999");
  ck_assert_ptr_null (find (root, "n1"));
}
END_TEST

START_TEST (a_leaf_becomes_an_object)
{
  g_autoptr (XmStoreNode) root = xm_node_new ();
  XmStoreNode *a = xm_node_ensure (root, "a", 1);

  xm_node_make_text (a, XM_NODE_LITERAL, "5");
  ck_assert_uint_eq (xm_node_n_children (a), 0);
  xm_node_ensure (a, "b", 1);
  ck_assert_int_eq (xm_node_get_type (a), XM_NODE_OBJECT);
  ck_assert_ptr_null (xm_node_get_text (a));
  ck_assert_str_eq (xm_node_get_name (a), "a");
}
END_TEST

START_TEST (text_may_be_the_nodes_own)
{
  g_autoptr (XmStoreNode) root = xm_node_new ();
  XmStoreNode *a = xm_node_ensure (root, "a", 1);

  xm_node_make_text (a, XM_NODE_LITERAL, "only here");
  xm_node_make_text (a, XM_NODE_STRING, xm_node_get_text (a));
  ck_assert_str_eq (xm_node_get_text (a), "only here");
}
END_TEST

START_TEST (move_keeps_the_name)
{
  g_autoptr (XmStoreNode) root = xm_node_new ();
  g_autoptr (XmStoreNode) other = xm_node_new ();
  XmStoreNode *a = xm_node_ensure (root, "a", 1);

  xm_node_make_text (xm_node_ensure (other, "x", 1), XM_NODE_BINARY, "file");
  xm_node_move (a, other);
  ck_assert_str_eq (xm_node_get_name (a), "a");
  ck_assert_str_eq (xm_node_get_text (xm_node_lookup (root, "a/x")), "file");
  ck_assert_int_eq (xm_node_get_type (other), XM_NODE_EMPTY);
  ck_assert (xm_node_has_binary (root));
  xm_node_clear (a);
  ck_assert (!xm_node_has_binary (root));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("store-tree");
  TCase *tests = tcase_create ("tree");

  tcase_add_loop_test (tests, path_is_split_at_slashes, 0, 8);
  tcase_add_test (tests, names_are_found_whole_only);
  tcase_add_test (tests, lookup_follows_names);
  tcase_add_test (tests, many_children_stay_in_order);
  tcase_add_test (tests, empty_children_are_dropped);
  tcase_add_test (tests, a_leaf_becomes_an_object);
  tcase_add_test (tests, text_may_be_the_nodes_own);
  tcase_add_test (tests, move_keeps_the_name);
  suite_add_tcase (suite, tests);
  return run_suite (suite);
}

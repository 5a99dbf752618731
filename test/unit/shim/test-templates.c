/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/error.h"
#include "shim/templates.h"
#include "test/unit/run-suite.h"

static char *directory;
static XmTemplates *templates;

static void
write_file (const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);

  ck_assert (g_file_set_contents (path, text, -1, NULL));
}

static void
setup (void)
{
  directory = g_dir_make_tmp ("xm-templates-XXXXXX", NULL);
  ck_assert_ptr_nonnull (directory);
  templates = xm_templates_new (directory);
  write_file ("new-vm",
              "{\"ui-selectable\":\"true\",\"description\":\"Windows 7\",\"n\":{\"a\":\"1\"}}");
  write_file ("new-vm-hidden.json", "{\"ui-selectable\":\"false\",\"description\":\"none\"}");
  write_file ("new-vm-bare.json", "{\"ui-selectable\":\"true\"}");
  write_file ("service-uivm", "{}");
  write_file ("child-net", "{}");
}

static int
remove_one (const char *path, const struct stat *status, int type, struct FTW *ftw)
{
  return remove (path);
}

static void
teardown (void)
{
  g_clear_pointer (&templates, xm_templates_free);
  ck_assert_int_eq (nftw (directory, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
  g_clear_pointer (&directory, g_free);
}

static void
assert_joined (char **names, const char *joined)
{
  g_autofree char *text = NULL;

  ck_assert_ptr_nonnull (names);
  text = g_strjoinv (" ", names);
  ck_assert_str_eq (text, joined);
  g_strfreev (names);
}

static void
assert_json (json_t *json, const char *text)
{
  char *compact;

  ck_assert_ptr_nonnull (json);
  compact = json_dumps (json, JSON_COMPACT);
  ck_assert_str_eq (compact, text);
  free (compact);
  json_decref (json);
}

/* Bad names and bad files: nothing is loaded, and the text says why. */
static void
assert_refused (const char *name, int code, const char *start)
{
  g_autoptr (GError) error = NULL;

  ck_assert_msg (xm_templates_load (templates, name, &error) == NULL, "%s", name);
  ck_assert_msg (g_error_matches (error, XM_ERROR, code), "%s: %s", name, error->message);
  ck_assert_msg (g_str_has_prefix (error->message, start), "%s: %s", name, error->message);
}

START_TEST (lists_are_sorted_tags)
{
  g_autofree char *inner = g_build_filename (directory, "folder", NULL);

  ck_assert_int_eq (g_mkdir_with_parents (inner, 0755), 0);
  write_file (".hidden", "{}");
  write_file ("new-vm~", "{}");
  write_file ("new-vm.orig", "{}");
  write_file ("new-vm.json", "{}");
  assert_joined (xm_templates_list (templates, NULL), "child-net new-vm new-vm-bare new-vm-hidden");
  assert_joined (xm_templates_list_child (templates, NULL), "net");
}
END_TEST

START_TEST (the_ui_list_has_selectable_ones)
{
  g_autoptr (GVariant) list = g_variant_ref_sink (xm_templates_list_ui (templates, NULL));
  g_autofree char *text = g_variant_print (list, TRUE);

  ck_assert_str_eq (text, "[{'description': 'Windows 7', 'template': 'new-vm'}, "
                          "{'description': '', 'template': 'new-vm-bare'}]");
  ck_assert_str_eq (g_variant_get_type_string (list), "aa{ss}");
}
END_TEST

START_TEST (the_ui_list_fails_with_a_bad_file)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) type = NULL;

  write_file ("bad", "{");
  ck_assert_ptr_null (xm_templates_list_ui (templates, &error));
  ck_assert (g_str_has_prefix (error->message, "malformed JSON file: "));
  write_file ("bad", "{\"ui-selectable\":true}");
  ck_assert_ptr_null (xm_templates_list_ui (templates, &type));
  ck_assert_str_eq (type->message, "string json value was expected");
}
END_TEST

START_TEST (a_missing_directory_has_no_templates)
{
  g_autoptr (XmTemplates) none = xm_templates_new ("/nonexistent/templates");
  g_autoptr (GVariant) list = g_variant_ref_sink (xm_templates_list_ui (none, NULL));

  assert_joined (xm_templates_list (none, NULL), "");
  ck_assert_uint_eq (g_variant_n_children (list), 0);
}
END_TEST

START_TEST (names_and_paths_load)
{
  static const char content[] =
      "{\"ui-selectable\":\"true\",\"description\":\"Windows 7\",\"n\":{\"a\":\"1\"}}";
  g_autofree char *path = g_build_filename (directory, "new-vm", NULL);
  g_autofree char *detour = g_strconcat (directory, "/./../", NULL);
  g_autofree char *last = g_path_get_basename (directory);
  g_autofree char *around = g_strconcat (detour, last, "//new-vm", NULL);
  g_autofree char *link = g_strconcat (directory, "-link", NULL);
  g_autofree char *linked = g_build_filename (link, "new-vm", NULL);

  assert_json (xm_templates_load (templates, "new-vm", NULL), content);
  assert_json (xm_templates_load (templates, path, NULL), content);
  assert_json (xm_templates_load (templates, around, NULL), content);
  ck_assert_int_eq (symlink (directory, link), 0);
  assert_json (xm_templates_load (templates, linked, NULL), content);
  ck_assert_int_eq (unlink (link), 0);
  assert_json (xm_templates_load (templates, "new-vm-bare", NULL), "{\"ui-selectable\":\"true\"}");
  assert_json (xm_templates_load (templates, "new-vm-bare.json", NULL),
               "{\"ui-selectable\":\"true\"}");
  assert_json (xm_templates_load (templates, "service-uivm", NULL), "{}");
  assert_json (xm_templates_load (templates, "", NULL), "{}");
  assert_json (xm_templates_load (templates, " \t\n", NULL), "{}");
}
END_TEST

START_TEST (other_names_are_refused)
{
  g_autofree char *outside = g_strconcat (directory, "/../x", NULL);
  g_autofree char *below = g_strconcat (directory, "/sub/x", NULL);
  g_autofree char *slash = g_strconcat (directory, "/", NULL);
  const char *const names[] = { "../new-vm", "./new-vm", "sub/new-vm",  ".",
                                "..",        ".hidden",  "/etc/passwd", outside,
                                below,       slash,      directory,     "/" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *start = g_strdup_printf ("'%s' does not name a template", names[i]);

    assert_refused (names[i], XM_ERROR_PLAIN, start);
  }
}
END_TEST

START_TEST (bad_files_are_refused)
{
  g_autofree char *missing = g_strdup_printf (
      "223:IO error: %s/nope: openFile: does not exist (No such file or directory)", directory);
  g_autofree char *huge = g_strnfill (1024 * 1024 + 1, ' ');
  g_autofree char *inner = g_build_filename (directory, "folder", NULL);
  g_autofree char *folder = g_strdup_printf ("223:IO error: %s/folder: ", directory);
  g_autofree char *large = g_strdup_printf ("223:IO error: %s/huge: openFile: ", directory);

  ck_assert_int_eq (g_mkdir_with_parents (inner, 0755), 0);
  write_file ("huge", huge);
  write_file ("half", "{\"a\":");
  write_file ("list", "[]");
  write_file ("blank", "");
  assert_refused ("nope", XM_ERROR_IO, missing);
  assert_refused ("folder", XM_ERROR_IO, folder);
  assert_refused ("huge", XM_ERROR_IO, large);
  assert_refused ("half", XM_ERROR_PLAIN, "malformed JSON file: ");
  assert_refused ("list", XM_ERROR_PLAIN, "malformed JSON file: not an object");
  assert_refused ("blank", XM_ERROR_PLAIN, "malformed JSON file: ");
}
END_TEST

START_TEST (users_json_is_an_object)
{
  static const char *const bad[] = { "{", "[]", "5", "null", "{\"a\":1}}", "\xff" };

  assert_json (xm_json_parse_object ("{\"b\":1,\"a\":2}", NULL), "{\"b\":1,\"a\":2}");
  assert_json (xm_json_parse_object ("", NULL), "{}");
  assert_json (xm_json_parse_object (" \n ", NULL), "{}");
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    ck_assert_msg (xm_json_parse_object (bad[i], &error) == NULL, "%s", bad[i]);
    ck_assert (g_error_matches (error, XM_ERROR, XM_ERROR_PLAIN));
    ck_assert (g_str_has_prefix (error->message, "malformed JSON: "));
  }
}
END_TEST

START_TEST (merging_is_deep)
{
  static const struct {
    const char *template;
    const char *overrides;
    const char *merged;
  } cases[] = {
    { "{}", "{}", "{}" },
    { "{\"a\":\"1\"}", "{}", "{\"a\":\"1\"}" },
    { "{\"a\":\"1\",\"b\":\"2\"}", "{\"c\":\"3\",\"a\":\"4\"}",
      "{\"a\":\"4\",\"b\":\"2\",\"c\":\"3\"}" },
    { "{\"c\":{\"x\":{\"k\":\"1\",\"l\":\"2\"},\"y\":\"3\"}}", "{\"c\":{\"x\":{\"l\":\"9\"}}}",
      "{\"c\":{\"x\":{\"k\":\"1\",\"l\":\"9\"},\"y\":\"3\"}}" },
    { "{\"a\":{\"x\":\"1\"}}", "{\"a\":\"leaf\"}", "{\"a\":\"leaf\"}" },
    { "{\"a\":\"leaf\"}", "{\"a\":{\"x\":\"1\"}}", "{\"a\":{\"x\":\"1\"}}" },
    { "{\"a\":[1,2]}", "{\"a\":[3]}", "{\"a\":[3]}" },
    { "{\"a\":{\"x\":1}}", "{\"a\":null}", "{\"a\":null}" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    json_t *template = xm_json_parse_object (cases[i].template, NULL);
    json_t *overrides = xm_json_parse_object (cases[i].overrides, NULL);
    json_t *merged = xm_json_merge (template, overrides);

    /* The result is its own. */
    json_object_clear (json_object_get (overrides, "c"));
    assert_json (template, cases[i].template);
    json_decref (overrides);
    assert_json (merged, cases[i].merged);
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("templates");
  TCase *tests = tcase_create ("templates");

  tcase_add_checked_fixture (tests, setup, teardown);
  tcase_add_test (tests, lists_are_sorted_tags);
  tcase_add_test (tests, the_ui_list_has_selectable_ones);
  tcase_add_test (tests, the_ui_list_fails_with_a_bad_file);
  tcase_add_test (tests, a_missing_directory_has_no_templates);
  tcase_add_test (tests, names_and_paths_load);
  tcase_add_test (tests, other_names_are_refused);
  tcase_add_test (tests, bad_files_are_refused);
  tcase_add_test (tests, users_json_is_an_object);
  tcase_add_test (tests, merging_is_deep);
  suite_add_tcase (suite, tests);
  return run_suite (suite);
}

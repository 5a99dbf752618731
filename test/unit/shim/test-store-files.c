/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "store-fixture.h"
#include "test/unit/run-suite.h"

/* What is in which file, and what is made of files found at start. */

static char *base;
static GString *warnings;

static void
note_warning (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
  if (level & G_LOG_LEVEL_WARNING)
    g_string_append_printf (user_data, "%s\n", message);
}

static void
setup (void)
{
  base = fixture_new ();
  warnings = g_string_new (NULL);
  g_log_set_default_handler (note_warning, warnings);
}

static void
teardown (void)
{
  g_log_set_default_handler (g_log_default_handler, NULL);
  g_string_free (g_steal_pointer (&warnings), TRUE);
  fixture_free (g_steal_pointer (&base));
}

static void
assert_file (const char *file, const char *text)
{
  g_autofree char *content = fixture_read_file (base, file);

  ck_assert_msg (content != NULL, "%s is missing", file);
  ck_assert_str_eq (content, text);
}

static void
assert_warned (const char *part)
{
  ck_assert_msg (strstr (warnings->str, part) != NULL, "%s", warnings->str);
}

START_TEST (each_vm_has_its_file)
{
  g_autoptr (XmStore) store = fixture_open (base);
  g_autofree char *path = g_build_filename (base, "vms/x.db", NULL);
  struct stat status;

  fixture_write (store, "/vm/x/name", "a/b");
  fixture_write (store, "/dom-store/x/key", "v");
  fixture_write (store, "/xenmgr/isos", "/isos");
  ck_assert (fixture_commit (store, NULL));
  assert_file ("vms/x.db", "{\n  \"name\": \"a\\/b\"\n}\n");
  assert_file ("dom-store/x.db", "{\n  \"key\": \"v\"\n}\n");
  assert_file (
      "db", "{\n  \"db-version\": \"42\",\n  \"xenmgr\": {\n    \"isos\": \"\\/isos\"\n  }\n}\n");
  ck_assert_int_eq (stat (path, &status), 0);
  ck_assert_uint_eq (status.st_mode & 07777, 0644);
}
END_TEST

START_TEST (children_of_vm_may_be_leaves)
{
  g_autoptr (XmStore) store = fixture_open (base);

  fixture_write (store, "/vm/leaf", "text");
  fixture_inject (store, "/vm/null", "null");
  fixture_inject (store, "/vm/object", "{}");
  fixture_inject (store, "/vm/list", "[1]");
  ck_assert (fixture_commit (store, NULL));
  assert_file ("vms/leaf.db", "\"text\"\n");
  assert_file ("vms/null.db", "null\n");
  assert_file ("vms/object.db", "{ }\n");
  ck_assert (xm_store_reload (store, NULL));
  assert_dump (store, "/vm",
               "{\n  \"leaf\": \"text\",\n  \"list\": [\n    1\n  ],\n  \"null\": null,\n"
               "  \"object\": { }\n}");
}
END_TEST

START_TEST (files_of_removed_nodes_go)
{
  g_autoptr (XmStore) store = fixture_open (base);

  fixture_write (store, "/vm/a/name", "1");
  fixture_write (store, "/vm/b/name", "1");
  fixture_inject (store, "/vm/n", "null");
  fixture_write (store, "/dom-store/a/key", "1");
  ck_assert (fixture_commit (store, NULL));
  fixture_remove (store, "/vm/a"); /* and the empty n on the way */
  ck_assert (fixture_commit (store, NULL));
  ck_assert (!fixture_has_file (base, "vms/a.db"));
  ck_assert (!fixture_has_file (base, "vms/n.db"));
  ck_assert (fixture_has_file (base, "vms/b.db"));
  fixture_remove (store, "/vm");
  ck_assert (fixture_commit (store, NULL));
  ck_assert (!fixture_has_file (base, "vms/b.db"));
  ck_assert (fixture_has_file (base, "dom-store/a.db"));
  fixture_inject (store, "/", "{\"dom-store\":{\"b\":{}}}");
  ck_assert (fixture_commit (store, NULL));
  ck_assert (!fixture_has_file (base, "dom-store/a.db"));
  assert_file ("dom-store/b.db", "{ }\n");
  assert_file ("db", "{ }\n");
}
END_TEST

/* Memory and disk agree: what is loaded again looks as before, order included. */
START_TEST (a_reload_changes_nothing)
{
  g_autoptr (XmStore) store = fixture_open (base);
  g_autoptr (XmStore) other = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *elsewhere = NULL;

  fixture_inject (store, "/vm/b",
                  "{\"z\":\"1\",\"a\":{\"y\":true,\"x\":1.25},\"m\":[],\"e\":{},"
                  "\"n\":null,\"t\":\"\\u0001\xc3\xa4\\n/\"}");
  fixture_write (store, "/vm/c/name", "1");
  fixture_write (store, "/z/b", "1");
  fixture_write (store, "/a/c", "1");
  fixture_remove (store, "/z/b");
  before = xm_store_dump (store, "/");
  ck_assert (xm_store_reload (store, NULL)); /* saves first */
  after = xm_store_dump (store, "/");
  ck_assert_str_eq (after, before);
  other = fixture_open (base);
  elsewhere = xm_store_dump (other, "/");
  ck_assert_str_eq (elsewhere, before);
}
END_TEST

START_TEST (a_reload_sees_what_others_wrote)
{
  g_autoptr (XmStore) store = fixture_open (base);

  fixture_write (store, "/vm/a/name", "1");
  ck_assert (fixture_commit (store, NULL));
  fixture_write_file (base, "vms/a.db", "{\"name\":\"2\"}");
  fixture_write_file (base, "vms/b.db", "{\"name\":\"3\"}");
  ck_assert (xm_store_reload (store, NULL));
  ck_assert_str_eq (xm_store_read (store, "/vm/a/name"), "2");
  ck_assert_str_eq (xm_store_read (store, "/vm/b/name"), "3");
}
END_TEST

START_TEST (an_existing_store_is_taken_as_it_is)
{
  g_autoptr (XmStore) store = NULL;

  fixture_write_file (base, "db", "{\"a\":{\"b\":\"\\/x\"},\"vm\":{\"stray\":\"1\"},\"n\":5}");
  fixture_write_file (base, "vms/two.db", "{\"name\":\"2\"}");
  fixture_write_file (base, "vms/one.db", " \n");
  fixture_write_file (base, "dom-store/one.db", "");
  store = fixture_open (base);
  assert_dump (store, "/",
               "{\n  \"vm\": {\n    \"one\": { },\n    \"two\": {\n      \"name\": \"2\"\n    }\n"
               "  },\n  \"dom-store\": {\n    \"one\": { }\n  },\n  \"a\": {\n"
               "    \"b\": \"\\/x\"\n  },\n  \"n\": 5\n}");
  assert_warned ("'vm' in the file db is ignored");
}
END_TEST

START_TEST (a_damaged_file_is_set_aside)
{
  g_autoptr (XmStore) store = NULL;

  fixture_write_file (base, "db", "{\"a\":\"1\"}");
  fixture_write_file (base, "vms/bad.db", "{\"name\":");
  fixture_write_file (base, "vms/bad.db.damaged-1", "older");
  fixture_write_file (base, "vms/good.db", "{\"name\":\"1\"}");
  store = fixture_open (base);
  assert_dump (store, "/vm", "{\n  \"good\": {\n    \"name\": \"1\"\n  }\n}");
  ck_assert_str_eq (xm_store_read (store, "/a"), "1");
  ck_assert (!fixture_has_file (base, "vms/bad.db"));
  assert_file ("vms/bad.db.damaged-1", "older");
  assert_file ("vms/bad.db.damaged-2", "{\"name\":");
  assert_warned ("vms/bad.db is damaged (malformed JSON: ");
  fixture_write (store, "/vm/bad/name", "new");
  ck_assert (fixture_commit (store, NULL));
  assert_file ("vms/bad.db.damaged-2", "{\"name\":");
}
END_TEST

START_TEST (a_damaged_main_file_is_set_aside)
{
  g_autoptr (XmStore) store = NULL;

  fixture_write_file (base, "db", "[1]");
  fixture_write_file (base, "vms/a.db", "{\"name\":\"1\"}");
  store = fixture_open (base);
  ck_assert_str_eq (xm_store_read (store, "/vm/a/name"), "1");
  ck_assert_str_eq (xm_store_read (store, "/db-version"), "42");
  assert_file ("db.damaged-1", "[1]");
  assert_warned ("it is not a JSON object");
}
END_TEST

START_TEST (what_is_no_file_is_set_aside)
{
  g_autofree char *fifo = g_build_filename (base, "vms/pipe.db", NULL);
  g_autoptr (XmStore) store = NULL;

  fixture_write_file (base, "vms/dir.db/inner", "x");
  ck_assert_int_eq (mkfifo (fifo, 0600), 0);
  store = fixture_open (base);
  ck_assert (!xm_store_exists (store, "/vm/dir"));
  ck_assert (!xm_store_exists (store, "/vm/pipe"));
  ck_assert (fixture_has_file (base, "vms/dir.db.damaged-1/inner"));
  ck_assert (fixture_has_file (base, "vms/pipe.db.damaged-1"));
}
END_TEST

START_TEST (temporary_files_are_taken_or_removed)
{
  g_autoptr (XmStore) store = NULL;

  fixture_write_file (base, "db.tmp", "{\"a\":\"1\"}");
  fixture_write_file (base, "vms/new.db.tmp", "{\"name\":\"1\"}");
  fixture_write_file (base, "vms/half.db.tmp", "{\"name\":\"");
  fixture_write_file (base, "vms/empty.db.tmp", "");
  fixture_write_file (base, "vms/old.db", "{\"name\":\"old\"}");
  fixture_write_file (base, "vms/old.db.tmp", "{\"name\":\"new\"}");
  store = fixture_open (base);
  assert_dump (store, "/",
               "{\n  \"vm\": {\n    \"old\": {\n      \"name\": \"old\"\n    },\n    \"new\": {\n"
               "      \"name\": \"1\"\n    }\n  },\n  \"dom-store\": { },\n  \"a\": \"1\"\n}");
  assert_file ("db", "{\"a\":\"1\"}");
  assert_file ("vms/new.db", "{\"name\":\"1\"}");
  ck_assert (!fixture_has_file (base, "db.tmp"));
  ck_assert (!fixture_has_file (base, "vms/new.db.tmp"));
  ck_assert (!fixture_has_file (base, "vms/half.db.tmp"));
  ck_assert (!fixture_has_file (base, "vms/empty.db.tmp"));
  ck_assert (!fixture_has_file (base, "vms/old.db.tmp"));
}
END_TEST

START_TEST (a_temporary_file_replaces_a_damaged_one)
{
  g_autoptr (XmStore) store = NULL;

  fixture_write_file (base, "vms/a.db", "");
  fixture_write_file (base, "vms/a.db", "{");
  fixture_write_file (base, "vms/a.db.tmp", "{\"name\":\"1\"}");
  store = fixture_open (base);
  ck_assert_str_eq (xm_store_read (store, "/vm/a/name"), "1");
  assert_file ("vms/a.db.damaged-1", "{");
}
END_TEST

START_TEST (other_files_are_binary_nodes)
{
  g_autoptr (XmStore) store = NULL;
  g_autofree char *file = g_build_filename (base, "vms/x/keys/disk.key", NULL);
  g_autofree char *empty = g_build_filename (base, "vms/empty", NULL);
  g_autofree char *expected = g_strconcat ("file:", file, NULL);
  g_autofree char *text = NULL;
  g_autofree char *path = NULL;
  GError *error = NULL;

  fixture_write_file (base, "vms/x.db", "{\"name\":\"1\",\"taken\":\"1\"}");
  fixture_write_file (base, "vms/x/keys/disk.key", "secret");
  fixture_write_file (base, "vms/x/taken", "x");
  fixture_write_file (base, "vms/icon.png", "png");
  ck_assert_int_eq (g_mkdir (empty, 0755), 0);
  store = fixture_open (base);

  ck_assert (xm_store_exists (store, "/vm/x/keys"));
  ck_assert (!xm_store_exists (store, "/vm/empty"));
  text = xm_store_read_dbd (store, "/vm/x/keys/disk.key");
  ck_assert_str_eq (text, expected);
  path = xm_store_binary_path (store, "/vm/x/keys/disk.key");
  ck_assert_str_eq (path, file);
  ck_assert_ptr_null (xm_store_binary_path (store, "/vm/x/name"));
  ck_assert_ptr_null (xm_store_read (store, "/vm/icon.png"));
  ck_assert_str_eq (xm_store_read (store, "/vm/x/taken"), "1");
  assert_warned ("vms/x/taken is not served");

  ck_assert (!xm_store_write (store, "/vm/icon.png", "x", &error));
  assert_refused (&error, "cannot overwrite binary file nodes");
  ck_assert (!xm_store_write (store, "/vm/icon.png/below", "x", &error));
  assert_refused (&error, "cannot overwrite binary file nodes");
  ck_assert (!xm_store_inject (store, "/vm/x", "{}", &error));
  assert_refused (&error, "cannot overwrite binary file nodes");
  ck_assert (!xm_store_remove (store, "/vm/icon.png", &error));
  assert_refused (&error, "cannot remove binary file nodes");
  ck_assert (!xm_store_remove (store, "/", &error));
  assert_refused (&error, "cannot remove binary file nodes");

  fixture_write (store, "/vm/x/name", "2");
  ck_assert (fixture_commit (store, NULL));
  assert_file ("vms/x.db", "{\n  \"name\": \"2\",\n  \"taken\": \"1\"\n}\n");
  assert_file ("vms/x/keys/disk.key", "secret");
}
END_TEST

START_TEST (a_base_that_cannot_be_made_is_an_error)
{
  g_autofree char *below = g_build_filename (base, "file/store", NULL);
  g_autoptr (GError) error = NULL;

  fixture_write_file (base, "file", "x");
  ck_assert_ptr_null (xm_store_new (below, &error));
  ck_assert_int_eq (error->domain, G_IO_ERROR);
  ck_assert_ptr_nonnull (strstr (error->message, below));
}
END_TEST

START_TEST (a_failed_reload_keeps_what_there_is)
{
  g_autoptr (XmStore) store = fixture_open (base);
  g_autofree char *directory = g_build_filename (base, "vms", NULL);
  g_autoptr (GError) error = NULL;

  fixture_write (store, "/a", "1");
  ck_assert (fixture_commit (store, NULL));
  ck_assert_int_eq (g_rmdir (directory), 0);
  fixture_write_file (base, "vms", "no directory");
  ck_assert (!xm_store_reload (store, &error));
  ck_assert_ptr_nonnull (strstr (error->message, directory));
  ck_assert_str_eq (xm_store_read (store, "/a"), "1");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("store-files");
  TCase *tests = tcase_create ("files");

  tcase_add_checked_fixture (tests, setup, teardown);
  tcase_add_test (tests, each_vm_has_its_file);
  tcase_add_test (tests, children_of_vm_may_be_leaves);
  tcase_add_test (tests, files_of_removed_nodes_go);
  tcase_add_test (tests, a_reload_changes_nothing);
  tcase_add_test (tests, a_reload_sees_what_others_wrote);
  tcase_add_test (tests, an_existing_store_is_taken_as_it_is);
  tcase_add_test (tests, a_damaged_file_is_set_aside);
  tcase_add_test (tests, a_damaged_main_file_is_set_aside);
  tcase_add_test (tests, what_is_no_file_is_set_aside);
  tcase_add_test (tests, temporary_files_are_taken_or_removed);
  tcase_add_test (tests, a_temporary_file_replaces_a_damaged_one);
  tcase_add_test (tests, other_files_are_binary_nodes);
  tcase_add_test (tests, a_base_that_cannot_be_made_is_an_error);
  tcase_add_test (tests, a_failed_reload_keeps_what_there_is);
  suite_add_tcase (suite, tests);
  return run_suite (suite);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "store-fixture.h"
#include "test/unit/run-suite.h"

/*
 * A tree as dbd leaves it, with all that a tree may hold: it is served as it is,
 * and a change rewrites one file, in which nothing else differs. The texts are
 * written here by hand, not by the code under test.
 */

#define N_VMS 24
#define DEEP  150 /* levels of nodes in one of the VMs */

static char *base;
static GHashTable *files; /* name below the base -> its text, of what dbd wrote */

static char *
uuid_of (guint i)
{
  return g_strdup_printf ("%08x-0000-4000-8000-%012x", i * 2654435761u, i);
}

static void
append_deep (GString *text)
{
  for (guint level = 1; level <= DEEP; level++)
    g_string_append_printf (text, ",\n%*s\"first\": \"%u\",\n%*s\"level %u\": {\n%*s\"leaf\": \"\"",
                            (int)level * 2, "", level, (int)level * 2, "", level,
                            (int)level * 2 + 2, "");
  for (guint level = DEEP; level >= 1; level--)
    g_string_append_printf (text, "\n%*s}", (int)level * 2, "");
}

static char *
make_vm (guint i)
{
  static const char *const odd[] = {
    /* scalars that are no strings */
    "  \"odd\": {\n    \"zero\": 0,\n    \"negative\": -12,\n"
    "    \"large\": 4611686018427387903,\n    \"float\": 1.500000,\n"
    "    \"small float\": -0.000001,\n    \"yes\": true,\n    \"no\": false,\n"
    "    \"nothing\": null\n  }",
    /* arrays */
    "  \"odd\": [\n    1,\n    \"two\",\n    [\n      [],\n      [\n        3.250000\n      ]\n    "
    "],\n"
    "    {\n      \"in\": { },\n      \"a\": null\n    },\n    true\n  ]",
    /* texts */
    "  \"odd\": {\n    \"\": \"no name\",\n    \"a\\/b c.d\": \"\\n\\t\\r\\b\\f\\\"\\\\\\/\",\n"
    "    \"\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\": \"\xc3\xa4\x7f\",\n    \"empty\": \"\"\n  }",
    /* nodes without children, and order that is nobody's */
    "  \"odd\": {\n    \"z\": { },\n    \"10\": { },\n    \"9\": [],\n    \"a\": {\n"
    "      \"b\": { }\n    }\n  }",
  };
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *uuid = uuid_of (i);

  g_string_append_printf (
      text,
      "{\n  \"uuid\": \"%s\",\n  \"type\": \"svm\",\n"
      "  \"name\": \"machine %u\",\n  \"slot\": \"%u\",\n%s,\n"
      "  \"config\": {\n    \"memory\": \"%u\",\n    \"disk\": {\n"
      "      \"1\": {\n        \"path\": \"\\/storage\\/disks\\/%s.vhd\"\n      },\n"
      "      \"0\": { }\n    }\n  }",
      uuid, i, i % 10, odd[i % G_N_ELEMENTS (odd)], 256 + i, uuid);
  if (i == 7)
    append_deep (text);
  g_string_append (text, "\n}\n");
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* @text: (transfer full) */
static void
add_file (char *name, char *text)
{
  fixture_write_file (base, name, text);
  g_hash_table_insert (files, name, text);
}

static void
setup (void)
{
  base = fixture_new ();
  files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; i < N_VMS; i++) {
    g_autofree char *uuid = uuid_of (i);

    add_file (g_strdup_printf ("vms/%s.db", uuid), make_vm (i));
    if (i % 3 == 0)
      add_file (g_strdup_printf ("dom-store/%s.db", uuid),
                g_strdup_printf ("{\n  \"key\": \"%u\",\n  \"n\": %u\n}\n", i, i));
    if (i % 5 == 0) {
      g_autofree char *name = g_strdup_printf ("vms/%s/keys/deep/er/disk.key", uuid);

      fixture_write_file (base, name, "\x01\xff not text");
    }
  }
  add_file (g_strdup ("vms/leaf.db"), g_strdup ("\"no VM\"\n"));
  add_file (g_strdup ("vms/null.db"), g_strdup ("null\n"));
  add_file (g_strdup ("vms/number.db"), g_strdup ("5\n"));
  add_file (g_strdup ("db"),
            g_strdup ("{\n  \"db-version\": \"41\",\n  \"xenmgr\": {\n    \"isos\": "
                      "\"\\/storage\\/isos\",\n    \"showMsgOnVmStart\": true\n  },\n"
                      "  \"touchpad\": {\n    \"speed\": 5,\n    \"scale\": 0.250000\n  },\n"
                      "  \"power-management\": { },\n  \"list\": [\n    \"a\",\n    \"b\"\n  ],\n"
                      "  \"nothing\": null\n}\n"));
  fixture_write_file (base, "vms/icon.png", "PNG");
}

static void
teardown (void)
{
  g_hash_table_unref (g_steal_pointer (&files));
  fixture_free (g_steal_pointer (&base));
}

static ino_t
inode_of (const char *name)
{
  g_autofree char *path = g_build_filename (base, name, NULL);
  struct stat status;

  ck_assert_msg (stat (path, &status) == 0, "%s is gone", name);
  return status.st_ino;
}

/* Notes which file is which, as a file that is written anew is another one. */
static GHashTable *
note_inodes (void)
{
  GHashTable *inodes = g_hash_table_new (g_str_hash, g_str_equal);
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, files);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_hash_table_insert (inodes, name, GSIZE_TO_POINTER (inode_of (name)));
  return inodes;
}

/* All files are as they were, but for @changed, which was replaced. */
static void
assert_files (GHashTable *inodes, const char *changed, const char *text)
{
  GHashTableIter iter;
  gpointer name;
  gpointer original;

  g_hash_table_iter_init (&iter, files);
  while (g_hash_table_iter_next (&iter, &name, &original)) {
    g_autofree char *now = fixture_read_file (base, name);
    gboolean same = GSIZE_TO_POINTER (inode_of (name)) == g_hash_table_lookup (inodes, name);

    ck_assert_ptr_nonnull (now);
    if (g_strcmp0 (name, changed) == 0) {
      ck_assert_str_eq (now, text);
      ck_assert_msg (!same, "%s was written in place", changed);
    } else {
      ck_assert_msg (g_str_equal (now, original), "%s has changed:\n%s", (char *)name, now);
      ck_assert_msg (same, "%s was written for nothing", (char *)name);
    }
  }
}

/* @text with the first @from replaced by @to. */
static char *
edited (const char *text, const char *from, const char *to)
{
  g_autoptr (GString) result = g_string_new (text);

  ck_assert_uint_eq (g_string_replace (result, from, to, 1), 1);
  return g_string_free (g_steal_pointer (&result), FALSE);
}

START_TEST (it_is_served_unchanged)
{
  g_autoptr (GHashTable) inodes = note_inodes ();
  g_autoptr (XmStore) store = fixture_open (base);
  g_autofree const char **vms = xm_store_list (store, "/vm");
  guint n_files = 0;

  for (guint i = 0; i < N_VMS; i++) {
    g_autofree char *uuid = uuid_of (i);
    g_autofree char *file = g_strdup_printf ("vms/%s.db", uuid);
    g_autofree char *path = g_strdup_printf ("/vm/%s", uuid);
    g_autofree char *key = g_strdup_printf ("/vm/%s/keys/deep/er/disk.key", uuid);
    g_autofree char *shown = NULL;

    ck_assert (g_strv_contains (vms, uuid));
    ck_assert_int_eq (xm_store_exists (store, key), i % 5 == 0);
    if (i % 5 == 0)
      continue; /* the dump shows the binary node, too */
    shown = xm_store_dump (store, path);
    ck_assert_str_eq (shown, g_hash_table_lookup (files, file));
    n_files++;
  }
  ck_assert_uint_eq (n_files, N_VMS - 5);
  assert_dump (store, "/vm/leaf", "\"no VM\"");
  assert_dump (store, "/vm/number", "5");
  ck_assert_str_eq (xm_store_read (store, "/db-version"), "41");
  ck_assert_str_eq (xm_store_read (store, "/touchpad/scale"), "0.250000");

  ck_assert (fixture_commit (store, NULL));
  ck_assert (xm_store_reload (store, NULL));
  g_clear_object (&store);
  assert_files (inodes, NULL, NULL);
  ck_assert (!fixture_has_file (base, "db.tmp"));
}
END_TEST

START_TEST (what_is_written_is_what_was_set)
{
  static const struct {
    guint vm;
    const char *key, *value; /* NULL: removed */
    const char *from, *to;   /* in the file */
  } cases[] = {
    { 0, "name", "new \"name\"/", "\"machine 0\"", "\"new \\\"name\\\"\\/\"" },
    { 1, "config/memory", "999", "\"257\"", "\"999\"" },
    { 2, "odd/empty", "x", "\"empty\": \"\"", "\"empty\": \"x\"" },
    { 3, "odd/z", "x", "\"z\": { }", "\"z\": \"x\"" },
    { 4, "odd/float", "1.5", "1.500000", "\"1.5\"" },
    { 5, "slot", NULL, "  \"slot\": \"5\",\n", "" },
    { 6, "config/new", "1", "    }\n  }\n}\n", "    },\n    \"new\": \"1\"\n  }\n}\n" },
    { 7, "level 1/level 2/first", "x", "      \"first\": \"3\"", "      \"first\": \"x\"" },
    { 8, "odd", NULL, NULL, NULL },
  };
  g_autofree char *uuid = uuid_of (cases[_i].vm);
  g_autofree char *file = g_strdup_printf ("vms/%s.db", uuid);
  g_autofree char *path = g_strdup_printf ("/vm/%s/%s", uuid, cases[_i].key);
  const char *text = g_hash_table_lookup (files, file);
  g_autoptr (GHashTable) inodes = note_inodes ();
  g_autoptr (XmStore) store = fixture_open (base);
  g_autofree char *expected = NULL;

  if (cases[_i].from != NULL) {
    expected = edited (text, cases[_i].from, cases[_i].to);
  } else { /* all of the node, which ends with a line of its own */
    const char *start = strstr (text, "  \"odd\": ");
    const char *end = strstr (start, "\n  },\n");
    g_autofree char *before = g_strndup (text, (gsize)(start - text));

    expected = g_strconcat (before, end + strlen ("\n  },\n"), NULL);
  }
  if (cases[_i].value != NULL)
    fixture_write (store, path, cases[_i].value);
  else
    fixture_remove (store, path);
  ck_assert (fixture_commit (store, NULL));
  if (cases[_i].value == NULL) { /* dbd's habit: the removal drops the empty nodes on its way */
    ck_assert (!fixture_has_file (base, "vms/null.db"));
    g_hash_table_remove (inodes, "vms/null.db"); /* its keys belong to the other */
    g_hash_table_remove (files, "vms/null.db");
    g_autofree char *main_text =
        edited (g_hash_table_lookup (files, "db"), ",\n  \"nothing\": null", "");
    g_autofree char *now = fixture_read_file (base, "db");
    ck_assert_str_eq (now, main_text);
    g_hash_table_remove (files, "db");
  }
  assert_files (inodes, file, expected);
}
END_TEST

START_TEST (the_main_file_is_written_alone)
{
  g_autoptr (GHashTable) inodes = note_inodes ();
  g_autoptr (XmStore) store = fixture_open (base);
  g_autofree char *expected =
      edited (g_hash_table_lookup (files, "db"), "\"speed\": 5", "\"speed\": \"6\"");

  fixture_write (store, "/touchpad/speed", "6");
  ck_assert (fixture_commit (store, NULL));
  assert_files (inodes, "db", expected);
}
END_TEST

START_TEST (binary_nodes_stay)
{
  g_autoptr (XmStore) store = fixture_open (base);
  g_autofree char *uuid = uuid_of (5);
  g_autofree char *path = g_strdup_printf ("/vm/%s/name", uuid);
  g_autofree char *file = g_strdup_printf ("vms/%s.db", uuid);
  g_autofree char *key = g_strdup_printf ("vms/%s/keys/deep/er/disk.key", uuid);
  g_autoptr (GHashTable) inodes = note_inodes ();
  g_autofree char *expected = edited (g_hash_table_lookup (files, file), "\"machine 5\"", "\"x\"");
  g_autofree char *content = NULL;

  fixture_write (store, path, "x");
  ck_assert (fixture_commit (store, NULL));
  assert_files (inodes, file, expected);
  content = fixture_read_file (base, key);
  ck_assert_str_eq (content, "\x01\xff not text");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("store-dbd");
  TCase *tests = tcase_create ("tree");

  tcase_add_checked_fixture (tests, setup, teardown);
  tcase_set_timeout (tests, 60);
  tcase_add_test (tests, it_is_served_unchanged);
  tcase_add_loop_test (tests, what_is_written_is_what_was_set, 0, 9);
  tcase_add_test (tests, the_main_file_is_written_alone);
  tcase_add_test (tests, binary_nodes_stay);
  suite_add_tcase (suite, tests);
  return run_suite (suite);
}

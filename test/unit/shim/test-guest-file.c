/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/error.h"
#include "shim/guest-file.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

static char *base, *root, *to; /* the guest's file system is a folder of the fixture's */

static void
set_up (void)
{
  base = fixture_new ();
  root = g_build_filename (base, "root", NULL);
  to = g_build_filename (base, "copy", NULL);
  fixture_write_file (base, "secret", "of the host");
  fixture_write_file (base, "root/boot/kernel", "the kernel");
}

static void
tear_down (void)
{
  g_free (root);
  g_free (to);
  fixture_free (base);
}

static void
link_to (const char *target, const char *name)
{
  g_autofree char *path = g_build_filename (root, name, NULL);
  ck_assert_int_eq (symlink (target, path), 0);
}

static void
copies (const char *path, const char *text)
{
  g_autoptr (GError) error = NULL;
  gboolean copied = xm_guest_file_copy (root, path, to, 100, NULL, &error);
  ck_assert_msg (copied, "%s: %s", path, error != NULL ? error->message : "");
  g_autofree char *copy = fixture_read_file (base, "copy");
  ck_assert_str_eq (copy, text);
}

/* Nothing is copied, and nothing left. */
static void
refuses (const char *path, const char *part)
{
  g_autoptr (GError) error = NULL;
  ck_assert_msg (!xm_guest_file_copy (root, path, to, 100, NULL, &error), "%s", path);
  ck_assert (g_error_matches (error, XM_ERROR, XM_ERROR_IO));
  ck_assert_msg (strstr (error->message, part) != NULL, "%s", error->message);
  g_autoptr (GDir) dir = g_dir_open (base, 0, NULL);
  const char *name;
  while ((name = g_dir_read_name (dir)) != NULL)
    ck_assert_msg (!g_str_has_prefix (name, "copy"), "%s", name);
}

START_TEST (files_are_copied)
{
  struct stat status;
  copies ("/boot/kernel", "the kernel");
  ck_assert_int_eq (stat (to, &status), 0);
  ck_assert_uint_eq (status.st_mode & 0777, 0600);
  copies ("boot/kernel", "the kernel");
  copies ("boot/../boot//kernel", "the kernel");
  fixture_write_file (base, "root/empty", "");
  copies ("/empty", "");
}
END_TEST

START_TEST (links_stay_within)
{
  link_to ("/boot/kernel", "absolute");
  link_to ("boot/kernel", "relative");
  link_to ("../../../../boot/kernel", "climbing");
  copies ("/absolute", "the kernel");
  copies ("/relative", "the kernel");
  copies ("/climbing", "the kernel");

  g_autofree char *secret = g_build_filename (base, "secret", NULL);
  link_to (secret, "secret");
  link_to ("../secret", "up");
  link_to ("loop", "loop");
  link_to ("./..//../boot", "dir");
  copies ("dir/kernel", "the kernel");
  copies ("dir/../dir/../boot/kernel", "the kernel");
  unlink (to);
  refuses ("/secret", "does not exist");
  refuses ("/up", "does not exist");
  refuses ("/../secret", "does not exist");
  refuses ("/loop", "/loop: openFile: ");
}
END_TEST

START_TEST (deep_paths_are_refused)
{
  g_autoptr (GString) path = g_string_new (NULL);
  for (int i = 0; i < 128; i++)
    g_string_append (path, "d/");
  g_autofree char *deepest = g_strconcat ("root/", path->str, "file", NULL);
  fixture_write_file (base, deepest, "deep");
  g_string_append (path, "file");
  copies (path->str, "deep");

  g_autofree char *deeper = g_strconcat ("root/d/", path->str, NULL);
  fixture_write_file (base, deeper, "too deep");
  unlink (to);
  g_string_prepend (path, "d/");
  refuses (path->str, "invalid argument");
}
END_TEST

START_TEST (only_regular_files)
{
  g_autofree char *fifo = g_build_filename (root, "fifo", NULL);
  ck_assert_int_eq (mkfifo (fifo, 0600), 0);
  refuses ("/fifo", "/fifo: openFile: ");
  refuses ("/boot", "inappropriate type");
  refuses ("/missing", "does not exist");
  refuses ("", "inappropriate type");
  refuses ("/boot/kernel/x", "inappropriate type");
  copies ("/boot/./kernel/", "the kernel");
}
END_TEST

START_TEST (large_files_are_refused)
{
  g_autofree char *text = g_strnfill (101, 'x');
  fixture_write_file (base, "root/large", text);
  refuses ("/large", "/large: openFile: ");
  text[100] = '\0';
  fixture_write_file (base, "root/large", text);
  copies ("/large", text);
}
END_TEST

START_TEST (what_is_there_is_replaced)
{
  fixture_write_file (base, "copy", "of another kernel, and longer");
  copies ("/boot/kernel", "the kernel");

  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_cancellable_cancel (cancellable);
  fixture_write_file (base, "root/boot/kernel", "another");
  ck_assert (!xm_guest_file_copy (root, "/boot/kernel", to, 100, cancellable, &error));
  ck_assert (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  g_autofree char *copy = fixture_read_file (base, "copy");
  ck_assert_str_eq (copy, "the kernel");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("guest-file");
  TCase *tcase = tcase_create ("guest-file");
  tcase_set_timeout (tcase, 60);
  tcase_add_checked_fixture (tcase, set_up, tear_down);
  tcase_add_test (tcase, files_are_copied);
  tcase_add_test (tcase, links_stay_within);
  tcase_add_test (tcase, deep_paths_are_refused);
  tcase_add_test (tcase, only_regular_files);
  tcase_add_test (tcase, large_files_are_refused);
  tcase_add_test (tcase, what_is_there_is_replaced);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

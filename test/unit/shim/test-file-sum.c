/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <string.h>
#include <sys/stat.h>

#include "shim/error.h"
#include "shim/file-sum.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

#define MIB (1024 * 1024)

static char *base;

static void
set_up (void)
{
  base = fixture_new ();
}

static void
tear_down (void)
{
  fixture_free (base);
}

static char *
make_file (const char *name, gsize len)
{
  g_autofree char *text = g_strnfill (len, 'a');
  fixture_write_file (base, name, text);
  return g_build_filename (base, name, NULL);
}

START_TEST (known_sums)
{
  static const struct {
    gsize len;
    const char *sum;
  } files[] = {
    { 0, "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
    { 1, "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8" },
    { 1000000, "34aa973cd4c4daa4f61eeb2bdbad27316534016f" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++) {
    GError *error = NULL;
    g_autofree char *path = make_file ("file", files[i].len);
    g_autofree char *sum = xm_file_sha1 (path, NULL, NULL, NULL, &error);
    ck_assert_ptr_null (error);
    ck_assert_str_eq (sum, files[i].sum);
  }
}
END_TEST

static void
on_progress (goffset done, goffset size, gpointer user_data)
{
  guint *calls = user_data;
  ck_assert_int_eq (size, 2 * MIB + 1);
  (*calls)++;
  ck_assert_int_eq (done, MIN ((goffset)*calls * MIB, size));
}

START_TEST (progress_is_told)
{
  guint calls = 0;
  g_autofree char *path = make_file ("file", 2 * MIB + 1);
  g_autofree char *sum = xm_file_sha1 (path, on_progress, &calls, NULL, NULL);
  ck_assert_ptr_nonnull (sum);
  ck_assert_uint_eq (calls, 3);
}
END_TEST

START_TEST (sizes)
{
  g_autofree char *path = make_file ("file", 12345);
  ck_assert_int_eq (xm_file_size (path), 12345);
  ck_assert_int_eq (xm_file_size ("/nowhere"), 0);
  ck_assert_int_eq (xm_file_size ("/dev/null"), 0);
}
END_TEST

static void
cancel (goffset done, goffset size, gpointer user_data)
{
  ck_assert_int_eq (done, MIB);
  g_cancellable_cancel (user_data);
}

START_TEST (it_can_be_cancelled)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *path = make_file ("file", 4 * MIB);
  ck_assert_ptr_null (xm_file_sha1 (path, cancel, cancellable, cancellable, &error));
  ck_assert (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
}
END_TEST

START_TEST (what_is_no_file)
{
  g_autofree char *fifo = g_build_filename (base, "fifo", NULL);
  g_autofree char *missing = g_build_filename (base, "missing", NULL);
  ck_assert_int_eq (mkfifo (fifo, 0600), 0);
  const char *const paths[] = { fifo, missing, base };
  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++) {
    g_autoptr (GError) error = NULL;
    ck_assert_ptr_null (xm_file_sha1 (paths[i], NULL, NULL, NULL, &error));
    ck_assert (g_error_matches (error, XM_ERROR, XM_ERROR_IO));
    ck_assert_ptr_nonnull (strstr (error->message, paths[i]));
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("file-sum");
  TCase *tcase = tcase_create ("file-sum");
  tcase_set_timeout (tcase, 60);
  tcase_add_checked_fixture (tcase, set_up, tear_down);
  tcase_add_test (tcase, known_sums);
  tcase_add_test (tcase, progress_is_told);
  tcase_add_test (tcase, sizes);
  tcase_add_test (tcase, it_can_be_cancelled);
  tcase_add_test (tcase, what_is_no_file);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

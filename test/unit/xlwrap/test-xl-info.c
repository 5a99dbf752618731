/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-info.h"

#include "xl-test.h"

START_TEST (recorded)
{
  gsize len;
  g_autofree char *text = fixture ("pv1/xl-info.out", &len);
  g_autoptr (GError) error = NULL;
  g_autoptr (XlInfo) info = xl_info_parse (text, (gssize)len, &error);

  ck_assert_ptr_nonnull (info);
  ck_assert_uint_eq (info->nr_cpus, 2);
  ck_assert_uint_eq (info->total_memory, 3071);
  ck_assert_uint_eq (info->free_memory, 2270);
  ck_assert_str_eq (xl_info_get (info, "xen_version"), "4.17.7");
  ck_assert_str_eq (xl_info_get (info, "virt_caps"), "pv hvm gnttab-v1 gnttab-v2");
  ck_assert_str_eq (xl_info_get (info, "xen_changeset"), "");
  ck_assert_str_eq (xl_info_get (info, "cc_compile_date"), "Wed Nov  4 16:52:28 UTC 2026");
  ck_assert (g_str_has_prefix (xl_info_get (info, "hw_caps"), "178bf3fd:c0002001:"));
  ck_assert_ptr_null (xl_info_get (info, "no_such_key"));
}
END_TEST

#define NUMBERS "nr_cpus : 2\ntotal_memory : 3071\nfree_memory : 5000000000\n"

START_TEST (other_texts)
{
  g_autoptr (XlInfo) info =
      xl_info_parse (NUMBERS "new key of a later xl  :  a: b : c  \nbad:\xff\n", -1, NULL);

  ck_assert_ptr_nonnull (info);
  ck_assert_uint_eq (info->free_memory, 5000000000);
  ck_assert_str_eq (xl_info_get (info, "new key of a later xl"), "a: b : c");
  ck_assert_str_eq (xl_info_get (info, "bad"), "\xef\xbf\xbd");
}
END_TEST

static const struct {
  const char *text;
  const char *message;
} bad[] = {
  { "", "nr_cpus is missing" },
  { NUMBERS "no key here\n", "line 4 is not" },
  { NUMBERS " : value\n", "line 4 is not" },
  { NUMBERS "x : cut", "line 4 is cut off" },
  { "nr_cpus : 2\ntotal_memory : 3071\n", "free_memory is missing" },
  { "nr_cpus : two\n", "nr_cpus is not a number" },
  { "nr_cpus : -2\n", "nr_cpus is not a number" },
  { "nr_cpus : 99999999999\n", "nr_cpus is not a number" },
};

START_TEST (bad_texts)
{
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (xl_info_parse (bad[_i].text, -1, &error));
  ck_assert (g_error_matches (error, XL_ERROR, XL_ERROR_PARSE));
  ck_assert_msg (strstr (error->message, bad[_i].message) != NULL, "%s", error->message);
}
END_TEST

START_TEST (runs_and_parses)
{
  g_autofree char *base = g_build_filename (FIXTURES, "xl", "pv1/xl-info", NULL);
  g_autoptr (XlRunner) runner = xl_runner_new (FAKE_XL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (XlInfo) info = NULL;

  g_setenv ("FAKE_XL_REPLAY", base, TRUE);
  xl_info_async (runner, NULL, keep_result, &result);
  info = xl_info_finish (runner, wait_result (&result), NULL);
  ck_assert_ptr_nonnull (info);
  ck_assert_uint_eq (info->nr_cpus, 2);
}
END_TEST

START_TEST (failure_carries_the_command)
{
  g_autofree char *base = g_build_filename (FIXTURES, "xl", "pv1/xl-uptime-s", NULL);
  g_autoptr (XlRunner) runner = xl_runner_new (FAKE_XL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_setenv ("FAKE_XL_REPLAY", base, TRUE);
  xl_info_async (runner, NULL, keep_result, &result);
  ck_assert_ptr_null (xl_info_finish (runner, wait_result (&result), &error));
  ck_assert (g_str_has_prefix (error->message, "xl info: nr_cpus is missing"));
  ck_assert_str_eq (xl_error_get_argv (error)[1], "info");
}
END_TEST

int
main (void)
{
  TCase *tcase = tcase_create ("info");

  tcase_add_test (tcase, recorded);
  tcase_add_test (tcase, other_texts);
  tcase_add_loop_test (tcase, bad_texts, 0, G_N_ELEMENTS (bad));
  tcase_add_test (tcase, runs_and_parses);
  tcase_add_test (tcase, failure_carries_the_command);
  return run_case ("xl-info", tcase);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-uptime.h"

#include "xl-test.h"

#define HEADER "Name                                ID Uptime\n"

static GPtrArray *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *uptimes = xl_uptime_parse (text, -1, &error);

  if (uptimes == NULL)
    ck_abort_msg ("%s", error->message);
  return uptimes;
}

START_TEST (recorded)
{
  g_autofree char *text = fixture ("pv1/uptime-3.out", NULL);
  g_autoptr (GPtrArray) uptimes = parse (text);
  static const struct {
    guint domid;
    const char *name;
    guint64 seconds;
  } expected[] = { { 0, "Domain-0", 105 }, { 9, "g2", 13 }, { 10, "g3", 12 } };

  ck_assert_uint_eq (uptimes->len, G_N_ELEMENTS (expected));
  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++) {
    XlUptime *uptime = uptimes->pdata[i];

    ck_assert_uint_eq (uptime->domid, expected[i].domid);
    ck_assert_str_eq (uptime->name, expected[i].name);
    ck_assert_uint_eq (uptime->seconds, expected[i].seconds);
  }
}
END_TEST

START_TEST (times_and_names)
{
  static const struct {
    const char *name, *time;
    guint64 seconds;
  } cases[] = {
    { "a b", " 0:00:00", 0 },
    { "1 day,", "23:59:59", 86399 },
    { "", "1 day,  0:00:01", 86401 },
    { "12 days,  1:02:03", "100 days, 10:00:00", 8676000 },
    { "  a name that is longer than thirty-three bytes ", " 1:01:01", 3661 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    /* xl's own format for a line. */
    g_autofree char *text =
        g_strdup_printf (HEADER "%-33s %4d %s\n", cases[i].name, 77, cases[i].time);
    g_autoptr (GPtrArray) uptimes = parse (text);
    XlUptime *uptime = uptimes->pdata[0];

    ck_assert_str_eq (uptime->name, cases[i].name);
    ck_assert_uint_eq (uptime->domid, 77);
    ck_assert_uint_eq (uptime->seconds, cases[i].seconds);
  }
}
END_TEST

static const char *const bad[] = {
  "x    1 0:00\n",       "x    1 0:60:00\n",  "x    1 24:00:00\n", "x    1 days,  0:00:00\n",
  "x    y  0:00:00\n",   "0:00:00\n",         "1 day, 0:00:00\n",  "\n",
  "x    1  0:00:00:0\n", "x    1  a:00:00\n",
};

START_TEST (bad_lines)
{
  g_autofree char *text = g_strconcat (HEADER, bad[_i], NULL);
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (xl_uptime_parse (text, -1, &error));
  ck_assert (g_error_matches (error, XL_ERROR, XL_ERROR_PARSE));
  ck_assert_ptr_nonnull (strstr (error->message, "line 2"));
}
END_TEST

/* For one domain xl could not tell and said so; the others are there. */
START_TEST (missing_domain_is_no_failure)
{
  g_autofree char *base = g_build_filename (FIXTURES, "xl", "pv1/uptime-3", NULL);
  g_autoptr (XlRunner) runner = xl_runner_new (FAKE_XL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) uptimes = NULL;

  g_setenv ("FAKE_XL_REPLAY", base, TRUE);
  xl_uptime_async (runner, NULL, keep_result, &result);
  uptimes = xl_uptime_finish (runner, wait_result (&result), NULL);
  ck_assert_ptr_nonnull (uptimes);
  ck_assert_uint_eq (uptimes->len, 3);
}
END_TEST

int
main (void)
{
  TCase *tcase = tcase_create ("uptime");

  tcase_add_test (tcase, recorded);
  tcase_add_test (tcase, times_and_names);
  tcase_add_loop_test (tcase, bad_lines, 0, G_N_ELEMENTS (bad));
  tcase_add_test (tcase, missing_domain_is_no_failure);
  return run_case ("xl-uptime", tcase);
}

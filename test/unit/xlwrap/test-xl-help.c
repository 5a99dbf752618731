/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-help.h"

#include "xl-test.h"

START_TEST (recorded)
{
  gsize len;
  g_autofree char *text = fixture ("pv1/xl-help.out", &len);
  g_autoptr (GError) error = NULL;
  g_autoptr (XlHelp) help = xl_help_parse (text, (gssize)len, &error);
  static const char *const present[] = { "create", "list",
                                         "pause",  "pci-assignable-remove",
                                         "uptime", "psr-cmt-attach" };
  static const char *const absent[] = {
    "acpi-state", "uuid-to-domid", "hibernate", "sleep", "Usage", "WARNING",
    "xl",         "full",          "Remove",    ""
  };

  ck_assert_ptr_nonnull (help);
  for (gsize i = 0; i < G_N_ELEMENTS (present); i++)
    ck_assert_msg (xl_help_has (help, present[i]), "%s", present[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (absent); i++)
    ck_assert_msg (!xl_help_has (help, absent[i]), "%s", absent[i]);
}
END_TEST

/* Each line that begins with one blank is a subcommand, and nothing else is. */
START_TEST (recorded_names_are_sorted_and_complete)
{
  g_autofree char *text = fixture ("pv1/xl-help.out", NULL);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (XlHelp) help = xl_help_parse (text, -1, NULL);
  g_autofree const char **names = xl_help_get_subcommands (help);
  guint n = 0;

  for (gsize i = 0; lines[i] != NULL; i++)
    n += lines[i][0] == ' ' && lines[i][1] != ' ';
  ck_assert_uint_gt (n, 50);
  ck_assert_uint_eq (g_strv_length ((char **)names), n);
  for (guint i = 1; i < n; i++)
    ck_assert_int_lt (strcmp (names[i - 1], names[i]), 0);
}
END_TEST

#define HEADER "xl full list of subcommands:\n\n"

static const struct {
  const char *text;
  const char *message;
} bad[] = {
  { "", "there is no line" },
  { "command \"--long\" not implemented\n", "there is no line" },
  { " create   Create\n", "there is no line" },
  { HEADER, "empty" },
  { HEADER "no blank before it\n  two blanks\n (x)\n", "empty" },
  { HEADER " create   Create\n li", "line 4 is cut off" },
};

START_TEST (bad_texts)
{
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (xl_help_parse (bad[_i].text, -1, &error));
  ck_assert (g_error_matches (error, XL_ERROR, XL_ERROR_PARSE));
  ck_assert_msg (strstr (error->message, bad[_i].message) != NULL, "%s", error->message);
}
END_TEST

START_TEST (runs_and_parses)
{
  g_autofree char *base = g_build_filename (FIXTURES, "xl", "pv1/xl-help", NULL);
  g_autoptr (XlRunner) runner = xl_runner_new (FAKE_XL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (XlHelp) help = NULL;

  g_setenv ("FAKE_XL_REPLAY", base, TRUE);
  xl_help_async (runner, NULL, keep_result, &result);
  help = xl_help_finish (runner, wait_result (&result), NULL);
  ck_assert_ptr_nonnull (help);
  ck_assert (xl_help_has (help, "trigger"));
}
END_TEST

int
main (void)
{
  TCase *tcase = tcase_create ("help");

  tcase_add_test (tcase, recorded);
  tcase_add_test (tcase, recorded_names_are_sorted_and_complete);
  tcase_add_loop_test (tcase, bad_texts, 0, G_N_ELEMENTS (bad));
  tcase_add_test (tcase, runs_and_parses);
  return run_case ("xl-help", tcase);
}

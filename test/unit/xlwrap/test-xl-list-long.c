/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-list-long.h"

#include "xl-test.h"

static GPtrArray *problems;

static void
teardown (void)
{
  g_clear_pointer (&problems, g_ptr_array_unref);
}

static GPtrArray *
parse_len (const char *text, gssize len)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *domains = xl_list_long_parse (text, len, &problems, &error);

  if (domains == NULL)
    ck_abort_msg ("%s", error->message);
  return domains;
}

static GPtrArray *
parse (const char *text)
{
  return parse_len (text, -1);
}

START_TEST (recorded_guests)
{
  g_autofree char *text = fixture ("pv1/list-l-3guests.out", NULL);
  g_autoptr (GPtrArray) domains = parse (text);

  ck_assert_uint_eq (domains->len, 4);
  ck_assert_uint_eq (problems->len, 0);

  XlDomainConfig *dom0 = domains->pdata[0], *g1 = domains->pdata[1];
  ck_assert_uint_eq (dom0->domid, 0);
  ck_assert_str_eq (dom0->name, "Domain-0");
  ck_assert_ptr_null (dom0->uuid);
  ck_assert_uint_eq (g1->domid, 6);
  ck_assert_str_eq (g1->name, "g1");
  ck_assert_str_eq (g1->uuid, "11111111-2222-3333-4444-555555555501");

  /* All keys are there, and numbers beyond 2^31 are exact. */
  json_t *c_info = json_object_get (g1->config, "c_info");
  json_t *b_info = json_object_get (g1->config, "b_info");
  ck_assert_int_eq (json_integer_value (json_object_get (c_info, "domid")), 4294967295);
  ck_assert_int_eq (json_integer_value (json_object_get (b_info, "max_memkb")), 131072);
  ck_assert_str_eq (json_string_value (json_object_get (g1->config, "on_reboot")), "restart");
}
END_TEST

START_TEST (recorded_all)
{
  static const char *const files[] = {
    "hvm/list-l-h1.out",
    "kill-and-parallel/list-l-after-kill-KILL-0.85.out",
    "pv1/list-l-g1-blocked.out",
    "pv1/list-l-g1-paused.out",
    "pv1/list-l-one-g1.out",
    "pv1/xl-list-l-dom0only.out",
    "pv2/list-l-after-mem-set.out",
    "pv2/list-l-crashed.out",
    "pv2/list-l-with-disk.out",
    "pv3/list-l-g1-disk-vif.out",
    "pv3/list-l-pvh.out",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autofree char *text = fixture (files[i], NULL);
    g_autoptr (GPtrArray) domains = parse (text);
    json_auto_t *whole = json_loads (text, 0, NULL);

    ck_assert_uint_eq (problems->len, 0);
    ck_assert_uint_eq (domains->len, json_array_size (whole));
    for (guint j = 0; j < domains->len; j++) {
      XlDomainConfig *domain = domains->pdata[j];

      ck_assert (
          json_equal (domain->config, json_object_get (json_array_get (whole, j), "config")));
    }
    g_clear_pointer (&problems, g_ptr_array_unref);
  }
}
END_TEST

START_TEST (no_domains)
{
  g_autoptr (GPtrArray) domains = parse ("[\n\n]\n\n");

  ck_assert_uint_eq (domains->len, 0);
}
END_TEST

/* ------------------------------------------------------------- bad elements */

#define GOOD(domid)                                                                                \
  "{\"domid\": " #domid ", \"config\": {\"c_info\": {\"name\": \"g" #domid                         \
  "\", \"uuid\": \"AAAAAAAA-2222-3333-4444-55555555555" #domid "\"}}}"

static const struct {
  const char *element;
  const char *problem;
} bad[] = {
  { "{\"domid\": 2}", "config" },
  { "{\"domid\": 2, \"config\": []}", "config" },
  { "{\"domid\": -1, \"config\": {}}", "domid" },
  { "{\"domid\": 4294967295, \"config\": {}}", "domid" },
  { "{\"domid\": 1.5, \"config\": {}}", "domid" },
  { "{\"domid\": \"2\", \"config\": {}}", "domid" },
  { "{\"config\": {}}", "domid" },
  { "[]", "domid" },
  { "null", "" },
  { "{\"domid\": 2, \"config\": {\"a\" 1}}", "" },
  { "{\"domid\": 2, \"config\": {\"a\": 01}}", "" },
  { "{\"domid\": 2, \"config\": {\"a\": [1,]}}", "" },
  { "libxl: what is this", "" },
  { "", "" },
};

START_TEST (bad_element_does_not_hide_others)
{
  g_autofree char *text =
      g_strconcat ("[\n" GOOD (1) ",\n", bad[_i].element, ",\n" GOOD (3) "]\n", NULL);
  g_autoptr (GPtrArray) domains = parse (text);

  ck_assert_uint_eq (domains->len, 2);
  ck_assert_uint_eq (((XlDomainConfig *)domains->pdata[0])->domid, 1);
  ck_assert_uint_eq (((XlDomainConfig *)domains->pdata[1])->domid, 3);
  ck_assert_str_eq (((XlDomainConfig *)domains->pdata[1])->uuid,
                    "aaaaaaaa-2222-3333-4444-555555555553");
  ck_assert_uint_eq (problems->len, 1);
  ck_assert_ptr_nonnull (strstr (problems->pdata[0], bad[_i].problem));
  ck_assert_ptr_nonnull (strstr (problems->pdata[0], "line "));
}
END_TEST

START_TEST (problems_need_not_be_asked_for)
{
  g_autoptr (GPtrArray) domains = xl_list_long_parse ("[1]", -1, NULL, NULL);

  ck_assert_uint_eq (domains->len, 0);
}
END_TEST

START_TEST (domain_without_names)
{
  g_autoptr (GPtrArray) domains =
      parse ("[{\"domid\": 5, \"config\": {\"c_info\": {\"name\": 3, \"uuid\": \"short\"}}},"
             " {\"domid\": 6, \"config\": {}}]");

  for (guint i = 0; i < 2; i++) {
    XlDomainConfig *domain = domains->pdata[i];

    ck_assert_uint_eq (domain->domid, 5 + i);
    ck_assert_ptr_null (domain->name);
    ck_assert_ptr_null (domain->uuid);
  }
}
END_TEST

START_TEST (brackets_and_commas_in_strings)
{
  g_autoptr (GPtrArray) domains =
      parse ("[{\"domid\": 5, \"config\": {\"c_info\": {\"name\": \"a],\\\"}{[\\\\\"}}}]");

  ck_assert_str_eq (((XlDomainConfig *)domains->pdata[0])->name, "a],\"}{[\\");
}
END_TEST

START_TEST (integers_beyond_64_bits)
{
  g_autoptr (GPtrArray) domains =
      parse ("[{\"domid\": 5, \"config\": {\"big\": 18446744073709551615, \"max\": "
             "9223372036854775807}}, {\"domid\": 6, \"config\": {\"max\": 9223372036854775807}}]");
  XlDomainConfig *first = domains->pdata[0], *second = domains->pdata[1];

  ck_assert_uint_eq (problems->len, 0);
  ck_assert (json_number_value (json_object_get (first->config, "big")) > 1.8e19);
  ck_assert_uint_eq (first->domid, 5);
  ck_assert_int_eq (json_integer_value (json_object_get (second->config, "max")), G_MAXINT64);
}
END_TEST

START_TEST (bytes_that_are_not_utf8)
{
  g_autoptr (GPtrArray) domains =
      parse ("[{\"domid\": 5, \"config\": {\"c_info\": {\"name\": \"caf\xe9\"}}}]");

  ck_assert_str_eq (((XlDomainConfig *)domains->pdata[0])->name, "caf\xef\xbf\xbd");
}
END_TEST

/* -------------------------------------------------------------- no array */

static const struct {
  const char *text;
  const char *message;
} broken[] = {
  { "", "line 1 ends before" },
  { "  \n ", "line 2 ends before" },
  { "Error: Domain '77' does not exist.\n", "line 1" },
  { "{}", "line 1" },
  { "[", "line 1 ends before" },
  { "[\n" GOOD (1), "line 2 ends before" },
  { "[\n" GOOD (1) ",\n", "line 3 ends before" },
  { "[\n{\"domid\": 1, \"config\": {\"a\": \"[", "line 2 ends before" },
  { "[\n{\"domid\": 1, \"config\": {\"a\": \"\\", "line 2 ends before" },
  { "[]\n\n[]", "line 3" },
  { "[]}", "line 1" },
};

START_TEST (no_whole_array_is_an_error)
{
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (xl_list_long_parse (broken[_i].text, -1, &problems, &error));
  ck_assert (g_error_matches (error, XL_ERROR, XL_ERROR_PARSE));
  ck_assert_msg (strstr (error->message, broken[_i].message) != NULL, "%s", error->message);
  ck_assert_ptr_null (problems);
}
END_TEST

START_TEST (every_truncation_is_refused)
{
  gsize len;
  g_autofree char *text = fixture ("pv1/list-l-3guests.out", &len);

  for (gsize i = 0; i < len; i++) {
    g_autofree char *part = g_memdup2 (text, i + 1);
    g_autoptr (GPtrArray) domains = xl_list_long_parse (part, (gssize)i, NULL, NULL);

    /* Whole as soon as the last bracket is in. */
    ck_assert ((domains != NULL) == (memchr (text + i, ']', len - i) == NULL));
  }
}
END_TEST

START_TEST (deep_nesting_is_survived)
{
  g_autofree char *open = g_strnfill (100000, '[');
  g_autofree char *close = g_strnfill (100000, ']');
  g_autofree char *text = g_strconcat ("[" GOOD (1) ",", open, close, "]", NULL);
  g_autoptr (GPtrArray) domains = parse (text);

  ck_assert_uint_eq (domains->len, 1);
  ck_assert_uint_eq (problems->len, 1);
}
END_TEST

START_TEST (nul_does_not_hide_the_rest)
{
  static const char text[] = "[{\"domid\": \0 1}," GOOD (3) "]";
  g_autoptr (GPtrArray) domains = parse_len (text, sizeof text - 1);

  ck_assert_uint_eq (domains->len, 1);
  ck_assert_uint_eq (problems->len, 1);
}
END_TEST

/* ------------------------------------------------------------------ running */

START_TEST (domains_xl_cannot_describe_are_reported)
{
  g_autofree char *base =
      g_build_filename (FIXTURES, "xl", "kill-and-parallel/list-l-after-kill-KILL-0.25", NULL);
  g_autoptr (XlRunner) runner = xl_runner_new (FAKE_XL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) domains = NULL;
  g_autoptr (GError) error = NULL;

  g_setenv ("FAKE_XL_REPLAY", base, TRUE);
  xl_list_long_async (runner, NULL, keep_result, &result);
  domains = xl_list_long_finish (runner, wait_result (&result), &problems, &error);
  ck_assert_ptr_nonnull (domains);
  ck_assert_uint_eq (domains->len, 1);
  ck_assert_uint_eq (problems->len, 1);
  ck_assert_str_eq (problems->pdata[0], "Domain 14:Fail to get domain configuration");
}
END_TEST

int
main (void)
{
  TCase *tcase = tcase_create ("list-long");

  tcase_add_checked_fixture (tcase, NULL, teardown);
  tcase_add_test (tcase, recorded_guests);
  tcase_add_test (tcase, recorded_all);
  tcase_add_test (tcase, no_domains);
  tcase_add_loop_test (tcase, bad_element_does_not_hide_others, 0, G_N_ELEMENTS (bad));
  tcase_add_test (tcase, problems_need_not_be_asked_for);
  tcase_add_test (tcase, domain_without_names);
  tcase_add_test (tcase, brackets_and_commas_in_strings);
  tcase_add_test (tcase, integers_beyond_64_bits);
  tcase_add_test (tcase, bytes_that_are_not_utf8);
  tcase_add_loop_test (tcase, no_whole_array_is_an_error, 0, G_N_ELEMENTS (broken));
  tcase_add_test (tcase, every_truncation_is_refused);
  tcase_add_test (tcase, deep_nesting_is_survived);
  tcase_add_test (tcase, nul_does_not_hide_the_rest);
  tcase_add_test (tcase, domains_xl_cannot_describe_are_reported);
  return run_case ("xl-list-long", tcase);
}

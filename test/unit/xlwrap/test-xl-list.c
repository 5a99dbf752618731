/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-list.h"

#include "xl-test.h"

/* The headers of xl 4.17, and its formats for a line. */
#define HEADER         "Name                                        ID   Mem VCPUs\tState\tTime(s)"
#define HEADER_VERBOSE HEADER "   UUID                            Reason-Code\tSecurity Label"
#define LINE           "%-40s %5d %5lu %5d     %s  %8.1f"
#define UUID           "11111111-2222-3333-4444-555555555501"

static GPtrArray *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *domains = xl_list_parse (text, -1, &error);

  if (domains == NULL)
    ck_abort_msg ("%s", error->message);
  return domains;
}

static GPtrArray *
parse_fixture (const char *name)
{
  gsize len;
  g_autofree char *text = fixture (name, &len);

  return parse (text);
}

static void
check_domain (const XlDomain *domain,
              guint domid,
              const char *name,
              guint64 memory,
              guint vcpus,
              guint state,
              int reason)
{
  ck_assert_uint_eq (domain->domid, domid);
  ck_assert_str_eq (domain->name, name);
  ck_assert_uint_eq (domain->memory, memory);
  ck_assert_uint_eq (domain->vcpus, vcpus);
  ck_assert_uint_eq (domain->state, state);
  ck_assert_int_eq (domain->shutdown_reason, reason);
}

/* One line of `xl list` for a domain named NAME, parsed. */
static XlDomain *
parse_named (const char *name)
{
  g_autofree char *text = g_strdup_printf (HEADER "\n" LINE "\n", name, 3, 128UL, 1, "-b----", 4.3);
  g_autoptr (GPtrArray) domains = parse (text);

  ck_assert_uint_eq (domains->len, 1);
  check_domain (domains->pdata[0], 3, ((XlDomain *)domains->pdata[0])->name, 128, 1,
                XL_DOMAIN_BLOCKED, XL_SHUTDOWN_REASON_NONE);
  return xl_domain_copy (domains->pdata[0]);
}

/* ---------------------------------------------------------------- recorded */

START_TEST (recorded_verbose)
{
  g_autoptr (GPtrArray) domains = parse_fixture ("pv1/list-v-3.out");

  ck_assert_uint_eq (domains->len, 4);

  XlDomain *dom0 = domains->pdata[0], *g1 = domains->pdata[1], *g2 = domains->pdata[2];
  check_domain (dom0, 0, "Domain-0", 768, 1, XL_DOMAIN_RUNNING, XL_SHUTDOWN_REASON_NONE);
  check_domain (g1, 6, "g1", 128, 1, XL_DOMAIN_BLOCKED, XL_SHUTDOWN_REASON_NONE);
  check_domain (g2, 9, "g2", 128, 1, XL_DOMAIN_SHUTDOWN, XL_SHUTDOWN_REASON_POWEROFF);
  ck_assert_str_eq (dom0->uuid, "00000000-0000-0000-0000-000000000000");
  ck_assert_str_eq (g1->uuid, UUID);
  ck_assert_ptr_null (g1->label);
  ck_assert (g1->cpu_seconds > 4.2 && g1->cpu_seconds < 4.4);
}
END_TEST

START_TEST (recorded_crash)
{
  g_autoptr (GPtrArray) domains = parse_fixture ("pv2/list-crashed-preserve.out");

  check_domain (domains->pdata[1], 7, "gc", 128, 1, XL_DOMAIN_SHUTDOWN, XL_SHUTDOWN_REASON_CRASH);
}
END_TEST

START_TEST (recorded_half_built)
{
  g_autoptr (GPtrArray) domains = parse_fixture ("kill-and-parallel/list-after-kill-KILL-0.25.out");

  check_domain (domains->pdata[1], 14, "(null)", 0, 0, XL_DOMAIN_PAUSED, XL_SHUTDOWN_REASON_NONE);
  ck_assert_ptr_null (((XlDomain *)domains->pdata[1])->uuid);
}
END_TEST

/* Every recorded list of this kind is understood, line by line. */
START_TEST (recorded_all)
{
  static const char *const groups[] = { "hvm", "kill-and-parallel", "pv1", "pv2", "pv3" };
  guint n = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (groups); i++) {
    g_autofree char *path = g_build_filename (FIXTURES, "xl", groups[i], NULL);
    g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
    const char *file;

    while ((file = g_dir_read_name (dir)) != NULL) {
      g_autofree char *name = g_strconcat (groups[i], "/", file, NULL);
      g_autofree char *text = g_str_has_suffix (file, ".out") ? fixture (name, NULL) : NULL;
      g_autoptr (GPtrArray) domains = NULL;

      if (text == NULL ||
          (!g_str_has_prefix (text, HEADER "\n") && !g_str_has_prefix (text, HEADER_VERBOSE "\n")))
        continue;

      g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
      domains = parse (text);
      ck_assert_uint_eq (domains->len, g_strv_length (lines) - 2);
      for (guint j = 0; j < domains->len; j++) {
        XlDomain *domain = domains->pdata[j];

        ck_assert_msg (g_str_has_prefix (lines[j + 1], domain->name) &&
                           lines[j + 1][strlen (domain->name)] == ' ',
                       "%s: %s", name, lines[j + 1]);
      }
      n++;
    }
  }
  ck_assert_uint_gt (n, 80);
}
END_TEST

/* ------------------------------------------------------------------- names */

static const char *const names[] = {
  "a b",
  "  two before",
  "7",
  "1 2 3",
  "Domain-0",
  "",
  "(null)",
  "x     5   128     1     r-----       1.0",
  "r-----",
  "-",
  "Stra\303\237e \346\227\245\346\234\254",
  "tab\there",
  "12 days,",
  "exactly forty bytes of name, no padding.",
  "a name that is longer than the forty bytes xl reserves for it",
  "a name longer than forty bytes, numbers at its end 12345 1",
  "a name longer than forty bytes, with blanks at its end   ",
};

START_TEST (names_of_any_content)
{
  g_autoptr (XlDomain) domain = parse_named (names[_i]);

  ck_assert_str_eq (domain->name, names[_i]);
}
END_TEST

START_TEST (name_that_is_not_utf8)
{
  g_autoptr (XlDomain) domain = parse_named ("caf\xe9");

  ck_assert_str_eq (domain->name, "caf\xef\xbf\xbd");
}
END_TEST

START_TEST (wide_numbers)
{
  g_autofree char *text = g_strdup_printf (HEADER "\n" LINE "\n", "wide 99", 1234567,
                                           18446744073709551615UL, 1000000, "r-----", 1234567890.1);
  g_autoptr (GPtrArray) domains = parse (text);

  check_domain (domains->pdata[0], 1234567, "wide 99", G_MAXUINT64, 1000000, XL_DOMAIN_RUNNING,
                XL_SHUTDOWN_REASON_NONE);
}
END_TEST

/* ------------------------------------------------------- states and reasons */

static const struct {
  const char *column;
  guint state;
  int reason;
} states[] = {
  { "------", 0, XL_SHUTDOWN_REASON_NONE },
  { "r-----", XL_DOMAIN_RUNNING, XL_SHUTDOWN_REASON_NONE },
  { "-b----", XL_DOMAIN_BLOCKED, XL_SHUTDOWN_REASON_NONE },
  { "--p---", XL_DOMAIN_PAUSED, XL_SHUTDOWN_REASON_NONE },
  { "-bp---", XL_DOMAIN_BLOCKED | XL_DOMAIN_PAUSED, XL_SHUTDOWN_REASON_NONE },
  { "---s--", XL_DOMAIN_SHUTDOWN, XL_SHUTDOWN_REASON_POWEROFF },
  { "---sr-", XL_DOMAIN_SHUTDOWN, XL_SHUTDOWN_REASON_REBOOT },
  { "---ss-", XL_DOMAIN_SHUTDOWN, XL_SHUTDOWN_REASON_SUSPEND },
  { "---sc-", XL_DOMAIN_SHUTDOWN, XL_SHUTDOWN_REASON_CRASH },
  { "---sw-", XL_DOMAIN_SHUTDOWN, XL_SHUTDOWN_REASON_WATCHDOG },
  { "---s?-", XL_DOMAIN_SHUTDOWN, XL_SHUTDOWN_REASON_UNKNOWN },
  { "--ps-d", XL_DOMAIN_PAUSED | XL_DOMAIN_SHUTDOWN | XL_DOMAIN_DYING,
    XL_SHUTDOWN_REASON_POWEROFF },
  { "-----d", XL_DOMAIN_DYING, XL_SHUTDOWN_REASON_NONE },
};

START_TEST (state_letters)
{
  g_autofree char *text =
      g_strdup_printf (HEADER "\n" LINE "\n", "x", 1, 1UL, 1, states[_i].column, 0.0);
  g_autoptr (GPtrArray) domains = parse (text);

  check_domain (domains->pdata[0], 1, "x", 1, 1, states[_i].state, states[_i].reason);
}
END_TEST

static const struct {
  const char *column, *code;
  int reason;
} reasons[] = {
  { "r-----", "-", XL_SHUTDOWN_REASON_NONE },
  { "---s--", "0", XL_SHUTDOWN_REASON_POWEROFF },
  { "---sr-", "1", XL_SHUTDOWN_REASON_REBOOT },
  { "---s?-", "5", XL_SHUTDOWN_REASON_SOFT_RESET },
  { "---s?-", "1f", 31 },
  { "---s?-", "ffffffff", XL_SHUTDOWN_REASON_UNKNOWN },
};

START_TEST (reason_codes_are_hexadecimal)
{
  g_autofree char *text =
      g_strdup_printf (HEADER_VERBOSE "\n" LINE " %s %8s %16s\n", "x y", 1, 1UL, 1,
                       reasons[_i].column, 0.0, UUID, reasons[_i].code, "system_u:system_r:domU_t");
  g_autoptr (GPtrArray) domains = parse (text);
  XlDomain *domain = domains->pdata[0];

  ck_assert_str_eq (domain->name, "x y");
  ck_assert_int_eq (domain->shutdown_reason, reasons[_i].reason);
  ck_assert_str_eq (domain->label, "system_u:system_r:domU_t");
}
END_TEST

/* ------------------------------------------------------------- not understood */

#define GOOD_TAIL "     3   128     1     -b----       4.3"

static const struct {
  const char *text;
  const char *message;
} bad[] = {
  { "", "header" },
  { "\n", "line 1" },
  { "Name\n", "line 1" },
  { "[\n]\n", "line 1" },
  { HEADER, "line 1 is cut off" },
  { HEADER "         Cpupool\nx" GOOD_TAIL "          Pool-0\n", "line 1" },
  { HEADER "\n\n", "line 2" },
  { HEADER "\nx" GOOD_TAIL, "line 2 is cut off" },
  { HEADER "\nx" GOOD_TAIL "\nrubbish\n", "line 3 cannot be understood: \"rubbish\"" },
  { HEADER "\nx     3   128     1     -b----\n", "line 2" },
  { HEADER "\nx     3   128     1     -b----       4.\n", "line 2" },
  { HEADER "\nx     3   128     1     -b----       nan\n", "line 2" },
  { HEADER "\nx     3   128     1     -b---       4.3\n", "line 2" },
  { HEADER "\nx     3   128     1     -b-----       4.3\n", "line 2" },
  { HEADER "\nx     3   128     1     b-----       4.3\n", "line 2" },
  { HEADER "\nx     3   128     1     ---sx-       4.3\n", "line 2" },
  { HEADER "\nx     3   128    -1     -b----       4.3\n", "line 2" },
  { HEADER "\nx     3   12M     1     -b----       4.3\n", "line 2" },
  { HEADER "\nx    -3   128     1     -b----       4.3\n", "line 2" },
  { HEADER "\nx 99999999999   128     1     -b----       4.3\n", "line 2" },
  { HEADER "\n   128     1     -b----       4.3\n", "line 2" },
  { HEADER_VERBOSE "\nx" GOOD_TAIL "\n", "line 2" },
  { HEADER_VERBOSE "\nx" GOOD_TAIL " " UUID "        z                -\n", "line 2" },
  { HEADER_VERBOSE "\nx" GOOD_TAIL " 11111111-2222        -                -\n", "line 2" },
  { HEADER_VERBOSE "\n-\n", "line 2" },
};

START_TEST (bad_lines_are_named)
{
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (xl_list_parse (bad[_i].text, -1, &error));
  ck_assert (g_error_matches (error, XL_ERROR, XL_ERROR_PARSE));
  ck_assert_msg (strstr (error->message, bad[_i].message) != NULL, "%s", error->message);
}
END_TEST

START_TEST (bytes_of_a_bad_line_are_escaped)
{
  g_autofree char *filler = g_strnfill (1000, 'y');
  g_autofree char *text = g_strconcat (HEADER "\n\xff\x01", filler, "\n", NULL);
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (xl_list_parse (text, -1, &error));
  ck_assert (g_utf8_validate (error->message, -1, NULL));
  ck_assert_uint_lt (strlen (error->message), 400);
}
END_TEST

START_TEST (nul_is_refused)
{
  static const char text[] = HEADER "\nx\0y" GOOD_TAIL "\n";
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (xl_list_parse (text, sizeof text - 1, &error));
  ck_assert_ptr_nonnull (strstr (error->message, "line 2 holds a NUL"));
}
END_TEST

/* A text that ends anywhere is refused, never half believed. */
START_TEST (every_truncation_is_refused)
{
  gsize len;
  g_autofree char *text = fixture ("pv1/list-v-3.out", &len);

  for (gsize i = 0; i < len; i++) {
    g_autofree char *part = g_memdup2 (text, i + 1);
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) domains = xl_list_parse (part, (gssize)i, &error);

    /* Only behind a newline does the text look whole. */
    ck_assert ((domains == NULL) == (i == 0 || text[i - 1] != '\n'));
  }
}
END_TEST

START_TEST (copy_is_complete)
{
  g_autoptr (GPtrArray) domains = parse_fixture ("pv2/list-crashed-preserve.out");
  g_autoptr (XlDomain) copy = xl_domain_copy (domains->pdata[1]);

  g_clear_pointer (&domains, g_ptr_array_unref);
  check_domain (copy, 7, "gc", 128, 1, XL_DOMAIN_SHUTDOWN, XL_SHUTDOWN_REASON_CRASH);
  ck_assert_str_eq (copy->uuid, "fe4e83ed-1a46-4e0f-b151-a90207e04ef8");
}
END_TEST

int
main (void)
{
  TCase *tcase = tcase_create ("list");

  tcase_add_test (tcase, recorded_verbose);
  tcase_add_test (tcase, recorded_crash);
  tcase_add_test (tcase, recorded_half_built);
  tcase_add_test (tcase, recorded_all);
  tcase_add_loop_test (tcase, names_of_any_content, 0, G_N_ELEMENTS (names));
  tcase_add_test (tcase, name_that_is_not_utf8);
  tcase_add_test (tcase, wide_numbers);
  tcase_add_loop_test (tcase, state_letters, 0, G_N_ELEMENTS (states));
  tcase_add_loop_test (tcase, reason_codes_are_hexadecimal, 0, G_N_ELEMENTS (reasons));
  tcase_add_loop_test (tcase, bad_lines_are_named, 0, G_N_ELEMENTS (bad));
  tcase_add_test (tcase, bytes_of_a_bad_line_are_escaped);
  tcase_add_test (tcase, nul_is_refused);
  tcase_add_test (tcase, every_truncation_is_refused);
  tcase_add_test (tcase, copy_is_complete);
  return run_case ("xl-list", tcase);
}

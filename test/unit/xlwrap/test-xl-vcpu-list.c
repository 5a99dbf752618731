/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-vcpu-list.h"

#include "xl-test.h"

#define HEADER                                                                                     \
  "Name                                ID  VCPU   CPU State   Time(s) Affinity (Hard / Soft)\n"

static GPtrArray *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *vcpus = xl_vcpu_list_parse (text, -1, &error);

  if (vcpus == NULL)
    ck_abort_msg ("%s", error->message);
  return vcpus;
}

START_TEST (recorded_guests)
{
  g_autofree char *text = fixture ("pv1/vcpu-list-3.out", NULL);
  g_autoptr (GPtrArray) vcpus = parse (text);

  ck_assert_uint_eq (vcpus->len, 5);

  XlVcpu *dom0 = vcpus->pdata[0], *g2 = vcpus->pdata[2], *second = vcpus->pdata[4];
  ck_assert_uint_eq (dom0->domid, 0);
  ck_assert_str_eq (dom0->name, "Domain-0");
  ck_assert_int_eq (dom0->cpu, 0);
  ck_assert (dom0->online && dom0->running && !dom0->blocked);
  ck_assert_str_eq (dom0->hard_affinity, "0");
  ck_assert_str_eq (dom0->soft_affinity, "all");
  ck_assert (g2->online && !g2->running && !g2->blocked);
  ck_assert_uint_eq (second->domid, 10);
  ck_assert_uint_eq (second->vcpu, 1);
  ck_assert (second->blocked);
  ck_assert (second->cpu_seconds > 1.7 && second->cpu_seconds < 1.9);
}
END_TEST

START_TEST (recorded_offline)
{
  g_autofree char *text = fixture ("pv2/vcpu-list-after-set-1.out", NULL);
  g_autoptr (GPtrArray) vcpus = parse (text);
  XlVcpu *first = vcpus->pdata[0], *second = vcpus->pdata[1];

  ck_assert (first->online);
  ck_assert_int_eq (first->cpu, 1);
  ck_assert (!second->online);
  ck_assert_int_eq (second->cpu, -1);
  ck_assert_uint_eq (second->vcpu, 1);
}
END_TEST

START_TEST (names_of_any_content)
{
  static const char *const names[] = {
    "a b",
    "",
    "  x",
    "g1     6     0    1   -b-       4.1  all / all",
    "a name that is longer than thirty-two bytes, with blanks  ",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    /* xl's own format for a line. */
    g_autofree char *text = g_strdup_printf (HEADER "%-32s %5u %5u%5u %3s %9.1f  %s / %s\n",
                                             names[i], 7, 2, 3, "r--", 1.5, "0-1,3", "none");
    g_autoptr (GPtrArray) vcpus = NULL;

    /* xl puts a blank in front of the CPU only as part of its width. */
    vcpus = parse (text);
    XlVcpu *vcpu = vcpus->pdata[0];
    ck_assert_str_eq (vcpu->name, names[i]);
    ck_assert_uint_eq (vcpu->domid, 7);
    ck_assert_uint_eq (vcpu->vcpu, 2);
    ck_assert_int_eq (vcpu->cpu, 3);
    ck_assert_str_eq (vcpu->hard_affinity, "0-1,3");
    ck_assert_str_eq (vcpu->soft_affinity, "none");
  }
}
END_TEST

static const char *const bad[] = {
  "x     0     0    0   r--      94.8  0 - all\n",
  "x     0     0    0   r--      94.8  / all\n",
  "x     0     0    0   r-       94.8  0 / all\n",
  "x     0     0    0   x--      94.8  0 / all\n",
  "x     0     0    -   r--      94.8  0 / all\n",
  "x     0     0    0   r--      long  0 / all\n",
  "0    0   r--      94.8  0 / all\n",
  "all\n",
  "\n",
};

START_TEST (bad_lines)
{
  g_autofree char *text = g_strconcat (HEADER, bad[_i], NULL);
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (xl_vcpu_list_parse (text, -1, &error));
  ck_assert (g_error_matches (error, XL_ERROR, XL_ERROR_PARSE));
  ck_assert_ptr_nonnull (strstr (error->message, "line 2"));
}
END_TEST

START_TEST (runs_and_parses)
{
  g_autofree char *base = g_build_filename (FIXTURES, "xl", "pv1/vcpu-list-3", NULL);
  g_autoptr (XlRunner) runner = xl_runner_new (FAKE_XL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) vcpus = NULL;

  g_setenv ("FAKE_XL_REPLAY", base, TRUE);
  xl_vcpu_list_async (runner, NULL, keep_result, &result);
  vcpus = xl_vcpu_list_finish (runner, wait_result (&result), NULL);
  ck_assert_ptr_nonnull (vcpus);
  ck_assert_uint_eq (vcpus->len, 5);
}
END_TEST

int
main (void)
{
  TCase *tcase = tcase_create ("vcpu-list");

  tcase_add_test (tcase, recorded_guests);
  tcase_add_test (tcase, recorded_offline);
  tcase_add_test (tcase, names_of_any_content);
  tcase_add_loop_test (tcase, bad_lines, 0, G_N_ELEMENTS (bad));
  tcase_add_test (tcase, runs_and_parses);
  return run_case ("xl-vcpu-list", tcase);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>

#include "shim/error.h"
#include "shim/extract-spec.h"
#include "test/unit/run-suite.h"

START_TEST (what_is_named)
{
  static const struct {
    const char *text, *path;
    guint disk, partition;
  } specs[] = {
    { "/boot/vmlinuz", "/boot/vmlinuz", 0, 0 },
    { "vmlinuz", "vmlinuz", 0, 0 },
    { "0:/k", "/k", 0, 0 },
    { "12:/k", "/k", 12, 0 },
    { "3,1:/k", "/k", 3, 1 },
    { "0,255:/a,b", "/a,b", 0, 255 },
    { "/a,b", "/a,b", 0, 0 },
    { "1:", "", 1, 0 },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (specs); i++) {
    XmExtractSpec spec;
    GError *error = NULL;
    ck_assert_msg (xm_extract_spec_parse (specs[i].text, &spec, &error), "%s", specs[i].text);
    ck_assert_str_eq (spec.path, specs[i].path);
    ck_assert_uint_eq (spec.disk, specs[i].disk);
    ck_assert_uint_eq (spec.partition, specs[i].partition);
  }
}
END_TEST

START_TEST (what_is_refused)
{
  static const char *const specs[][2] = {
    { "0:1:/k", "incorrect kernel-extract syntax" },
    { "0:/k:", "incorrect kernel-extract syntax" },
    { "x:y:", "incorrect kernel-extract syntax" },
    { ":/k", "bad disk number in kernel-extract" },
    { ",1:/k", "bad disk number in kernel-extract" },
    { "a:/k", "bad disk number in kernel-extract" },
    { "-1:/k", "bad disk number in kernel-extract" },
    { " 1:/k", "bad disk number in kernel-extract" },
    { "99999999999:/k", "bad disk number in kernel-extract" },
    { "0,:/k", "bad partition number in kernel-extract" },
    { "0,0:/k", "bad partition number in kernel-extract" },
    { "0,256:/k", "bad partition number in kernel-extract" },
    { "0,p1:/k", "bad partition number in kernel-extract" },
    { "0,1,2:/k", "incorrect disk & partition specification in kernel-extract" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (specs); i++) {
    XmExtractSpec spec;
    g_autoptr (GError) error = NULL;
    ck_assert_msg (!xm_extract_spec_parse (specs[i][0], &spec, &error), "%s", specs[i][0]);
    ck_assert (g_error_matches (error, XM_ERROR, XM_ERROR_PLAIN));
    ck_assert_str_eq (error->message, specs[i][1]);
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("extract-spec");
  TCase *tcase = tcase_create ("extract-spec");
  tcase_set_timeout (tcase, 60);
  tcase_add_test (tcase, what_is_named);
  tcase_add_test (tcase, what_is_refused);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-error.h"

#include "xl-test.h"

static const char *const argv[] = { "xl", "pause", "77", NULL };

START_TEST (command_is_attached_and_copied)
{
  GError *first = g_error_new (XL_ERROR, XL_ERROR_EXIT, "text");
  g_autoptr (GError) copy = NULL;

  xl_error_set_command (first, argv, 3, "  two\nlines \n");
  copy = g_error_copy (first);
  g_error_free (first);
  ck_assert_str_eq (xl_error_get_argv (copy)[2], "77");
  ck_assert_ptr_null (xl_error_get_argv (copy)[3]);
  ck_assert_int_eq (xl_error_get_exit_status (copy), 3);
  ck_assert_str_eq (xl_error_get_message (copy), "two\nlines");
}
END_TEST

START_TEST (command_can_be_replaced)
{
  g_autoptr (GError) error = g_error_new (XL_ERROR, XL_ERROR_EXIT, "text");

  xl_error_set_command (error, argv, 3, "first");
  xl_error_set_command (error, argv + 1, -1, NULL);
  ck_assert_str_eq (xl_error_get_argv (error)[0], "pause");
  ck_assert_int_eq (xl_error_get_exit_status (error), -1);
  ck_assert_str_eq (xl_error_get_message (error), "");
}
END_TEST

START_TEST (message_becomes_utf8)
{
  g_autoptr (GError) error = g_error_new (XL_ERROR, XL_ERROR_EXIT, "text");

  xl_error_set_command (error, argv, 1, "name \xff\xfe is bad");
  ck_assert (g_utf8_validate (xl_error_get_message (error), -1, NULL));
}
END_TEST

START_TEST (other_errors_have_no_command)
{
  g_autoptr (GError) ours = g_error_new (XL_ERROR, XL_ERROR_CONFIG, "text");
  g_autoptr (GError) foreign = g_error_new (G_FILE_ERROR, G_FILE_ERROR_NOENT, "text");
  const GError *errors[] = { ours, foreign, NULL };

  for (gsize i = 0; i < G_N_ELEMENTS (errors); i++) {
    ck_assert_ptr_null (xl_error_get_argv (errors[i]));
    ck_assert_int_eq (xl_error_get_exit_status (errors[i]), -1);
    ck_assert_str_eq (xl_error_get_message (errors[i]), "");
  }
}
END_TEST

int
main (void)
{
  TCase *tcase = tcase_create ("error");

  tcase_add_test (tcase, command_is_attached_and_copied);
  tcase_add_test (tcase, command_can_be_replaced);
  tcase_add_test (tcase, message_becomes_utf8);
  tcase_add_test (tcase, other_errors_have_no_command);
  return run_case ("xl-error", tcase);
}

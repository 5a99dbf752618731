/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-message.h"

#include "xl-test.h"

static const struct {
  const char *fixture;
  const char *message;
} recorded[] = {
  { "pv1/create-g1-again.err", "Domain with name \"g1\" already exists." },
  { "pv1/create-bad-type.err", "Invalid domain type frob." },
  { "pv1/nx-pause.err", "nosuch is an invalid domain identifier (rc=-6)" },
  { "pv1/nx-pause-id.err", "Pausing domain: No such process" },
  { "pv1/nx-shutdown-id.err", "unable to get domain type for domid=77" },
  { "pv1/openxt-acpi-state.err", "command not implemented" },
  { "pv1/create-missing-kernel.err",
    "panic: xg_dom_core.c:205: failed to open file '/nope/vmlinuz': No such file or directory: "
    "Internal error" },
  { "pv1/nx-button-press.err", "nosuch is an invalid domain identifier (rc=-6)" },
  { "hvm/create-h2-dm-missing.err",
    "device model /nope/qemu is not executable: No such file or directory" },
  { "hvm/cd-insert-none.err", "Cannot stat file: /root/none.iso" },
  { "noxen/list.err",
    "xencall: error: Could not obtain handle on privileged command interface: No such file or "
    "directory" },
  { "pv1/create-g1-paused.err", NULL },
  { "pv2/shutdown-w-g1.err", NULL },
  { "pv2/reboot-g1.err", NULL },
  { "pv2/restore.err", NULL },
  { "pv2/config-update.err", NULL },
  { "pv3/save.err", NULL },
  { "pv1/vvv-list.err", NULL },
  { "hvm/save-h1.err", NULL },
};

START_TEST (recorded_texts)
{
  g_autofree char *text = fixture (recorded[_i].fixture, NULL);
  g_autofree char *message = xl_message_first_error (text);

  ck_assert_pstr_eq (message, recorded[_i].message);
}
END_TEST

START_TEST (nothing_is_no_error)
{
  g_autofree char *none = xl_message_first_error (NULL);
  g_autofree char *empty = xl_message_first_error ("");
  g_autofree char *blank = xl_message_first_error (" \n\t\r\n\n");

  ck_assert_ptr_null (none);
  ck_assert_ptr_null (empty);
  ck_assert_ptr_null (blank);
}
END_TEST

/* What begins like libxl's texts but stops short must not lead beyond its end. */
START_TEST (cut_off_texts)
{
  static const struct {
    const char *text, *message;
  } cases[] = {
    { "libxl: error: ", "" },
    { "libxl: error: x.c:1:f: ", "x.c:1:f:" },
    { "libxl: error: x.c:1:f: Domain 4:", "Domain 4:" },
    { "libxl: error: no place: here", "no place: here" },
    { "libxl: error: x.c:1:f: Domain :x", "Domain :x" },
    { "Domain 3 has died", "Domain 3 has died" },
    { "\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *message = xl_message_first_error (cases[i].text);

    ck_assert_str_eq (message, cases[i].message);
  }
}
END_TEST

START_TEST (all_errors_name_their_domain)
{
  g_autofree char *text = fixture ("kill-and-parallel/list-l-after-kill-KILL-0.25.err", NULL);
  g_auto (GStrv) errors = xl_message_find_errors (text);

  ck_assert_uint_eq (g_strv_length (errors), 1);
  ck_assert_str_eq (errors[0], "Domain 14:Fail to get domain configuration");
}
END_TEST

START_TEST (command_is_one_readable_line)
{
  static const char *const argv[] = { "/usr/sbin/xl", "rename", "3", "a b", "", "x\ny\xff", NULL };
  g_autofree char *text = xl_message_format_command (argv);

  ck_assert_str_eq (text, "xl rename 3 'a b' '' 'x y\xef\xbf\xbd'");
}
END_TEST

START_TEST (long_commands_are_shortened)
{
  g_autofree char *word = g_strnfill (5000, 'x');
  const char *const argv[] = { "xl", word, word, NULL };
  g_autofree char *text = xl_message_format_command (argv);

  ck_assert_uint_lt (strlen (text), 500);
  ck_assert (g_str_has_suffix (text, "xxx..."));
}
END_TEST

int
main (void)
{
  TCase *tcase = tcase_create ("message");

  tcase_add_loop_test (tcase, recorded_texts, 0, G_N_ELEMENTS (recorded));
  tcase_add_test (tcase, nothing_is_no_error);
  tcase_add_test (tcase, cut_off_texts);
  tcase_add_test (tcase, all_errors_name_their_domain);
  tcase_add_test (tcase, command_is_one_readable_line);
  tcase_add_test (tcase, long_commands_are_shortened);
  return run_case ("xl-message", tcase);
}

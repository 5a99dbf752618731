/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-commands.h"

#include "xl-test.h"

#include <glib/gstdio.h>

static XlRunner *runner;
static GAsyncResult *result;

static void
setup (void)
{
  runner = xl_runner_new (FAKE_XL);
  result = NULL;
}

static void
teardown (void)
{
  g_clear_object (&result);
  g_object_unref (runner);
}

/*
 * Waits for the command started last and compares the words that xl got.
 * WORDS stand between blanks; one of theirs is a `_`.
 */
static void
expect (const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (XlOutput) output = xl_command_finish_output (runner, wait_result (&result), &error);
  g_auto (GStrv) expected = g_strsplit (words, " ", -1);
  g_autofree char *text = g_strjoinv ("\n", expected);
  g_autofree char *lines = g_strconcat (g_strdelimit (text, "_", ' '), "\n", NULL);

  if (output == NULL)
    ck_abort_msg ("%s", error->message);
  ck_assert_str_eq (output->out, lines);
  g_clear_object (&result);
}

#define EXPECT(words, name, ...)                                                                   \
  G_STMT_START                                                                                     \
  {                                                                                                \
    xl_##name##_async (runner, __VA_ARGS__, NULL, keep_result, &result);                           \
    expect (words);                                                                                \
  }                                                                                                \
  G_STMT_END

START_TEST (words_of_each_command)
{
  static const char *const settings[] = { "bridge=xenbr0", "backend=3", NULL };

  g_setenv ("FAKE_XL_ARGV", "", TRUE);
  EXPECT ("create /c.cfg", create, "/c.cfg", XL_CREATE_NONE, NULL);
  EXPECT ("create -e -p /c.cfg", create, "/c.cfg", XL_CREATE_PAUSED | XL_CREATE_DETACHED, NULL);
  EXPECT ("-N create /c.cfg", create_dry_run, "/c.cfg");
  EXPECT ("pause 7", pause, 7);
  EXPECT ("unpause 7", unpause, 7);
  EXPECT ("destroy 7", destroy, 7);
  EXPECT ("shutdown 7", shutdown, 7, XL_SHUTDOWN_PV);
  EXPECT ("shutdown -F 7", shutdown, 7, XL_SHUTDOWN_ACPI_FALLBACK);
  EXPECT ("reboot 7", reboot, 7, XL_SHUTDOWN_PV);
  EXPECT ("reboot -F 7", reboot, 7, XL_SHUTDOWN_ACPI_FALLBACK);
  EXPECT ("save 7 /f /c.cfg", save, 7, "/f", "/c.cfg");
  EXPECT ("save 7 /f", save, 7, "/f", NULL);
  EXPECT ("restore -e -p /c.cfg /f", restore, "/c.cfg", "/f",
          XL_CREATE_PAUSED | XL_CREATE_DETACHED);
  EXPECT ("restore /f", restore, NULL, "/f", XL_CREATE_NONE);
  EXPECT ("trigger 7 nmi", trigger, 7, XL_TRIGGER_NMI);
  EXPECT ("trigger 7 reset", trigger, 7, XL_TRIGGER_RESET);
  EXPECT ("trigger 7 init", trigger, 7, XL_TRIGGER_INIT);
  EXPECT ("trigger 7 power", trigger, 7, XL_TRIGGER_POWER);
  EXPECT ("trigger 7 sleep", trigger, 7, XL_TRIGGER_SLEEP);
  EXPECT ("trigger 7 s3resume", trigger, 7, XL_TRIGGER_S3RESUME);
  EXPECT ("sysrq 7 c", sysrq, 7, 'c');
  EXPECT ("rename 7 a_b", rename, 7, "a b");
  EXPECT ("rename -- 7 -x", rename, 7, "-x");
  EXPECT ("rename 7 ", rename, 7, "");
  EXPECT ("mem-set 7 5000000000m", mem_set, 7, G_GUINT64_CONSTANT (5000000000));
  EXPECT ("qemu-monitor-command 7 info_status", qemu_monitor_command, 7, "info status");
  EXPECT ("cd-insert 7 hdc /a.iso", cd_insert, 7, "hdc", "/a.iso");
  EXPECT ("cd-eject 7 hdc", cd_eject, 7, "hdc");
  EXPECT ("network-attach 7 bridge=xenbr0 backend=3", network_attach, 7, settings);
  EXPECT ("network-detach 7 2", network_detach, 7, 2);
  EXPECT ("block-attach 7 format=raw,vdev=xvdb,target=/a_b", block_attach, 7,
          "format=raw,vdev=xvdb,target=/a b");
  EXPECT ("block-detach 7 xvdb", block_detach, 7, "xvdb");
  EXPECT ("acpi-state 7", acpi_state, 7);
  EXPECT ("uuid-to-domid 11111111-2222-3333-4444-555555555555", uuid_to_domid,
          "11111111-2222-3333-4444-555555555555");
  EXPECT ("hibernate 7", hibernate, 7);
  EXPECT ("sleep 7", sleep, 7);
}
END_TEST

START_TEST (create_gets_its_environment)
{
  static const char *const envp[] = { "FAKE_XL_ARGV=", NULL };

  xl_create_async (runner, "/c.cfg", XL_CREATE_NONE, envp, NULL, keep_result, &result);
  expect ("create /c.cfg");
}
END_TEST

/* Has the next command end as the recorded one NAME did. */
static void
replay (const char *name)
{
  g_autofree char *base = g_build_filename (FIXTURES, "xl", name, NULL);

  g_setenv ("FAKE_XL_REPLAY", base, TRUE);
}

START_TEST (pause_of_no_domain_fails)
{
  g_autoptr (GError) error = NULL;

  replay ("pv1/nx-pause-id");
  xl_pause_async (runner, 77, NULL, keep_result, &result);
  ck_assert (!xl_command_finish (runner, wait_result (&result), &error));
  ck_assert (g_error_matches (error, XL_ERROR, XL_ERROR_REPORTED));
  ck_assert_str_eq (error->message, "xl pause 77: Pausing domain: No such process");
}
END_TEST

START_TEST (list_is_parsed)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) domains = NULL;

  replay ("pv1/list-v-3");
  xl_list_async (runner, NULL, keep_result, &result);
  domains = xl_list_finish (runner, wait_result (&result), &error);
  ck_assert_ptr_nonnull (domains);
  ck_assert_uint_eq (domains->len, 4);
}
END_TEST

START_TEST (list_of_another_kind_is_refused)
{
  g_autoptr (GError) error = NULL;

  replay ("pv1/xl-list-c");
  xl_list_async (runner, NULL, keep_result, &result);
  ck_assert_ptr_null (xl_list_finish (runner, wait_result (&result), &error));
  ck_assert (g_error_matches (error, XL_ERROR, XL_ERROR_PARSE));
  ck_assert (g_str_has_prefix (error->message, "xl list -v: line 1 "));
  ck_assert_str_eq (xl_error_get_argv (error)[2], "-v");
}
END_TEST

/* What a patched xl prints is not recorded; it is a number and a newline. */
START_TEST (numbers_of_patched_commands)
{
  static const struct {
    const char *text;
    gboolean valid;
    int number;
  } cases[] = {
    { "3\n", TRUE, 3 }, { "-1\n", TRUE, -1 },  { "0", TRUE, 0 },
    { "\n", FALSE, 0 }, { "3 4\n", FALSE, 0 }, { "99999999999\n", FALSE, 0 },
  };
  g_autofree char *folder = g_dir_make_tmp ("xl-commands-XXXXXX", NULL);
  g_autofree char *base = g_build_filename (folder, "number", NULL);
  g_autofree char *out = g_strconcat (base, ".out", NULL);
  g_autofree char *err = g_strconcat (base, ".err", NULL);
  g_autofree char *rc = g_strconcat (base, ".rc", NULL);

  g_file_set_contents (err, "", 0, NULL);
  g_file_set_contents (rc, "0", 1, NULL);
  g_setenv ("FAKE_XL_REPLAY", base, TRUE);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    int number = 4711;

    g_file_set_contents (out, cases[i].text, -1, NULL);
    xl_acpi_state_async (runner, 7, NULL, keep_result, &result);
    ck_assert_int_eq (xl_acpi_state_finish (runner, wait_result (&result), &number, &error),
                      cases[i].valid);
    ck_assert_int_eq (number, cases[i].valid ? cases[i].number : 4711);
    if (!cases[i].valid)
      ck_assert (g_error_matches (error, XL_ERROR, XL_ERROR_PARSE));
    g_clear_object (&result);
  }
  g_unlink (out);
  g_unlink (err);
  g_unlink (rc);
  g_rmdir (folder);
}
END_TEST

START_TEST (patched_commands_are_missing_from_stock_xl)
{
  g_autoptr (GError) error = NULL;
  int domid;

  replay ("pv1/openxt-uuid-to-domid");
  xl_uuid_to_domid_async (runner, "0", NULL, keep_result, &result);
  ck_assert (!xl_uuid_to_domid_finish (runner, wait_result (&result), &domid, &error));
  ck_assert (g_error_matches (error, XL_ERROR, XL_ERROR_EXIT));
  ck_assert_str_eq (xl_error_get_message (error), "command not implemented");
}
END_TEST

START_TEST (monitor_answer_is_returned)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (XlOutput) output = NULL;

  replay ("hvm/qmp-info-status");
  xl_qemu_monitor_command_async (runner, 1, "info status", NULL, keep_result, &result);
  output = xl_command_finish_output (runner, wait_result (&result), &error);
  ck_assert_ptr_nonnull (output);
  ck_assert_ptr_nonnull (strstr (output->out, "VM status: running"));
}
END_TEST

int
main (void)
{
  TCase *tcase = tcase_create ("commands");

  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, words_of_each_command);
  tcase_add_test (tcase, create_gets_its_environment);
  tcase_add_test (tcase, pause_of_no_domain_fails);
  tcase_add_test (tcase, list_is_parsed);
  tcase_add_test (tcase, list_of_another_kind_is_refused);
  tcase_add_test (tcase, numbers_of_patched_commands);
  tcase_add_test (tcase, patched_commands_are_missing_from_stock_xl);
  tcase_add_test (tcase, monitor_answer_is_returned);
  return run_case ("xl-commands", tcase);
}

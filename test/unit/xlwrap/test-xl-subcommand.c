/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every recorded command, run again: what the library makes of it. */
#include "xlwrap/xl-subcommand.h"

#include "xl-test.h"

/*
 * Status 0, but an error on stderr, and the domain was indeed not changed. In
 * `pv2/network-detach-0` there is an error on stderr as well, of a hotplug
 * script, but the device was gone afterwards: not listed, so a success.
 */
static const char *const reported[] = {
  "hvm/trigger-init-h1",      "hvm/trigger-reset-h1",
  "hvm/trigger-s3resume-h1",  "pv1/nx-block-list",
  "pv1/nx-pause-id",          "pv1/unpause-g1-again",
  "pv2/button-power-pv",      "pv2/trigger-pv-init",
  "pv2/trigger-pv-power",     "pv2/trigger-pv-reset",
  "pv2/trigger-pv-s3resume",  "pv2/trigger-pv-sleep",
  "pv2/unpause-after-save-p", "pv3/trigger-pvh-reset",
  "pv3/trigger-pvh-s3resume", NULL,
};

static const char *const groups[] = { "hvm", "kill-and-parallel", "noxen", "pv1", "pv2", "pv3" };

/* The words after `xl` in the recorded command line; NULL when it runs something else. */
static char **
read_words (const char *name)
{
  g_autofree char *file = g_strconcat (name, ".cmd", NULL);
  g_autofree char *line = fixture (file, NULL);
  g_auto (GStrv) argv = NULL;
  g_autoptr (GError) error = NULL;
  gsize i = 0;

  if (!g_shell_parse_argv (line, NULL, &argv, &error))
    ck_abort_msg ("%s: %s", name, error->message);
  while (argv[i] != NULL && strcmp (argv[i], "xl") != 0)
    i++;
  return argv[i] != NULL ? g_strdupv (argv + i + 1) : NULL;
}

static int
read_status (const char *name)
{
  g_autofree char *file = g_strconcat (name, ".rc", NULL);
  g_autofree char *text = fixture (file, NULL);

  return atoi (text);
}

static void
check_failure (const char *name, const GError *error, XlErrorCode code, int status)
{
  g_autofree char *file = g_strconcat (name, ".err", NULL);
  gsize len;

  g_free (fixture (file, &len));

  ck_assert_msg (g_error_matches (error, XL_ERROR, code), "%s: %s", name, error->message);
  ck_assert_int_eq (xl_error_get_exit_status (error), status);
  ck_assert_ptr_nonnull (xl_error_get_argv (error));
  ck_assert (g_utf8_validate (error->message, -1, NULL));
  ck_assert_msg ((len > 1) == (strlen (xl_error_get_message (error)) > 0), "%s", name);
  /* Text that was there must not give way to a bare status. 124: ended by the recorder. */
  ck_assert_msg (len <= 1 || status == 124 || strstr (error->message, "ended with status") == NULL,
                 "%s: %s", name, error->message);
}

static gboolean
check_command (XlRunner *runner, const char *name)
{
  g_autofree char *file = g_strconcat (name, ".out", NULL);
  g_autofree char *base = g_build_filename (FIXTURES, "xl", name, NULL);
  g_autofree char *expected = NULL;
  g_auto (GStrv) words = read_words (name);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (XlOutput) output = NULL;
  g_autoptr (GError) error = NULL;
  gsize expected_len;
  int status = read_status (name);
  gboolean is_reported = g_strv_contains (reported, name);

  /* `xl` alone has no subcommand to look up. */
  if (words == NULL || words[0] == NULL)
    return FALSE;

  g_setenv ("FAKE_XL_REPLAY", base, TRUE);
  xl_command_run_async (runner, (const char *const *)words, NULL, NULL, keep_result, &result);
  output = xl_command_finish_output (runner, wait_result (&result), &error);

  if (status != 0 || is_reported) {
    ck_assert_msg (output == NULL, "%s should have failed", name);
    check_failure (name, error, is_reported ? XL_ERROR_REPORTED : XL_ERROR_EXIT, status);
  } else {
    ck_assert_msg (output != NULL, "%s: %s", name, error != NULL ? error->message : "");
    expected = fixture (file, &expected_len);
    ck_assert_uint_eq (output->out_len, expected_len);
    ck_assert_mem_eq (output->out, expected, expected_len);
  }
  return is_reported;
}

START_TEST (recorded_commands)
{
  g_autoptr (XlRunner) runner = xl_runner_new (FAKE_XL);
  const char *group = groups[_i];
  g_autofree char *path = g_build_filename (FIXTURES, "xl", group, NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  g_autofree char *prefix = g_strconcat (group, "/", NULL);
  guint n = 0, n_reported = 0, n_expected = 0;
  const char *file;

  ck_assert_ptr_nonnull (dir);
  while ((file = g_dir_read_name (dir)) != NULL) {
    if (!g_str_has_suffix (file, ".cmd"))
      continue;

    g_autofree char *base = g_strndup (file, strlen (file) - strlen (".cmd"));
    g_autofree char *name = g_strconcat (prefix, base, NULL);

    n_reported += check_command (runner, name);
    n++;
  }

  for (gsize i = 0; reported[i] != NULL; i++)
    n_expected += g_str_has_prefix (reported[i], prefix);
  ck_assert_uint_gt (n, 0);
  ck_assert_uint_eq (n_reported, n_expected);
}
END_TEST

/* Runs a command that ends with status 0 and says TEXT on stderr. */
static XlOutput *
run_saying (const char *word, const char *text, GError **error)
{
  g_autoptr (XlRunner) runner = xl_runner_new (FAKE_XL);
  g_autoptr (GAsyncResult) result = NULL;
  const char *const argv[] = { word, "4", NULL };

  g_setenv ("FAKE_XL_ARGV", text, TRUE);
  xl_command_run_async (runner, argv, NULL, NULL, keep_result, &result);
  return xl_command_finish_output (runner, wait_result (&result), error);
}

START_TEST (error_names_command_and_message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (XlOutput) output =
      run_saying ("pause", "libxl: error: a.c:7:f: Domain 4:Gone\n", &error);

  ck_assert_ptr_null (output);
  ck_assert_str_eq (error->message, "xl pause 4: Gone");
  ck_assert_str_eq (xl_error_get_argv (error)[0], "xl");
  ck_assert_str_eq (xl_error_get_message (error), "libxl: error: a.c:7:f: Domain 4:Gone");
}
END_TEST

START_TEST (harmless_text_is_no_error)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (XlOutput) output = run_saying ("unpause", "libxl: warning: x\nWARNING: y\n", &error);

  ck_assert_ptr_nonnull (output);
}
END_TEST

START_TEST (unknown_subcommand_is_not_trusted)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (XlOutput) output = run_saying ("frobnicate", "cannot frobnicate\n", &error);

  ck_assert_ptr_null (output);
  ck_assert (g_error_matches (error, XL_ERROR, XL_ERROR_REPORTED));
}
END_TEST

START_TEST (cancelled_by_the_caller)
{
  g_autoptr (XlRunner) runner = xl_runner_new (FAKE_XL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  const char *const argv[] = { "sleep", NULL };

  xl_command_run_async (runner, argv, NULL, cancellable, keep_result, &result);
  g_cancellable_cancel (cancellable);
  ck_assert (!xl_command_finish (runner, wait_result (&result), &error));
  ck_assert (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
}
END_TEST

int
main (void)
{
  TCase *tcase = tcase_create ("subcommand");

  tcase_add_loop_test (tcase, recorded_commands, 0, G_N_ELEMENTS (groups));
  tcase_add_test (tcase, error_names_command_and_message);
  tcase_add_test (tcase, harmless_text_is_no_error);
  tcase_add_test (tcase, unknown_subcommand_is_not_trusted);
  tcase_add_test (tcase, cancelled_by_the_caller);
  return run_case ("xl-subcommand", tcase);
}

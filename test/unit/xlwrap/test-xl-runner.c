/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "runner-fixture.h"
#include "xl-test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* ------------------------------------------------------------------ output */

START_TEST (keeps_both_streams_apart)
{
  g_autoptr (XlOutput) output = finish_well (run (ARGV ("print", "200000", "300000")));

  ck_assert_uint_eq (output->out_len, 200000);
  ck_assert_uint_eq (output->err_len, 300000);
  ck_assert_int_eq (output->out[200000], '\0');
  ck_assert_uint_eq (strlen (output->err), 300000);
}
END_TEST

START_TEST (keeps_any_byte)
{
  g_autoptr (XlOutput) output = finish_well (run (ARGV ("nul")));

  ck_assert_uint_eq (output->out_len, 4);
  ck_assert_mem_eq (output->out, "a\0b\xff", 5);
  ck_assert_str_eq (output->err, "");
}
END_TEST

START_TEST (output_may_reach_the_limit)
{
  xl_runner_set_output_limit (runner, 100000);

  g_autoptr (XlOutput) output = finish_well (run (ARGV ("print", "100000", "100000")));

  ck_assert_uint_eq (output->out_len, 100000);
  ck_assert_uint_eq (output->err_len, 100000);
}
END_TEST

START_TEST (output_may_not_pass_the_limit)
{
  static const char *const streams[][3] = { { "print", "100001", "0" },
                                            { "print", "0", "100001" } };
  const char *const *words = streams[_i];

  xl_runner_set_output_limit (runner, 100000);

  g_autoptr (GError) error =
      finish_badly (run (ARGV (words[0], words[1], words[2])), XL_ERROR, XL_ERROR_OUTPUT_LIMIT);

  ck_assert_ptr_nonnull (strstr (error->message, "100000"));
}
END_TEST

START_TEST (endless_output_is_stopped)
{
  xl_runner_set_timeout (runner, XL_TIMEOUT_QUICK, 0);

  g_autoptr (GError) error = finish_badly (run (ARGV ("endless", _i == 0 ? "out" : "err")),
                                           XL_ERROR, XL_ERROR_OUTPUT_LIMIT);

  ck_assert_str_eq (xl_error_get_argv (error)[1], "endless");
}
END_TEST

/* ------------------------------------------------------------ how it ended */

START_TEST (exit_status_and_message_are_kept)
{
  g_autoptr (GError) error = finish_badly (
      run (ARGV ("exit", "3", "Parsing config from /x\nlibxl: error: a.c:1:f: Domain 4:No room\n")),
      XL_ERROR, XL_ERROR_EXIT);

  ck_assert_int_eq (xl_error_get_exit_status (error), 3);
  ck_assert_str_eq (xl_error_get_argv (error)[0], FAKE_XL);
  ck_assert_str_eq (xl_error_get_argv (error)[2], "3");
  ck_assert_str_eq (xl_error_get_message (error),
                    "Parsing config from /x\nlibxl: error: a.c:1:f: Domain 4:No room");
  ck_assert (g_str_has_prefix (error->message, "fake-xl exit 3 "));
  ck_assert (g_str_has_suffix (error->message, ": No room"));
}
END_TEST

START_TEST (silent_failure_tells_the_status)
{
  g_autoptr (GError) error = finish_badly (run (ARGV ("exit", "253", "")), XL_ERROR, XL_ERROR_EXIT);

  ck_assert_int_eq (xl_error_get_exit_status (error), 253);
  ck_assert (g_str_has_suffix (error->message, ": ended with status 253"));
}
END_TEST

static GString *lines; /* while they are kept */

static GLogWriterOutput
keep_fields (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  gboolean is_kept = lines != NULL && level != G_LOG_LEVEL_DEBUG;
  for (gsize i = 0; i < n_fields && is_kept; i++) {
    if (g_str_equal (fields[i].key, "MESSAGE") || g_str_equal (fields[i].key, "PROGRAM_ARGV") ||
        g_str_equal (fields[i].key, "EXIT_STATUS"))
      g_string_append_printf (lines, "%s=%s\n", fields[i].key, (const char *)fields[i].value);
  }
  return G_LOG_WRITER_HANDLED;
}

START_TEST (what_changes_something_is_logged)
{
  lines = g_string_new (NULL);
  g_log_set_writer_func (keep_fields, NULL, NULL);

  xl_output_free (finish_well (run_as (XL_TIMEOUT_QUERY, ARGV ("nul"))));
  xl_output_free (finish_well (run_as (XL_TIMEOUT_QUICK, ARGV ("nul"))));
  g_autoptr (GError) failed =
      finish_badly (run_as (XL_TIMEOUT_BUILD, ARGV ("exit", "3", "")), XL_ERROR, XL_ERROR_EXIT);
  g_autoptr (GError) killed =
      finish_badly (run_as (XL_TIMEOUT_QUICK, ARGV ("signal", "9")), XL_ERROR, XL_ERROR_SIGNAL);
  ck_assert_int_eq (xl_error_get_exit_status (failed), 3);
  ck_assert_int_eq (xl_error_get_exit_status (killed), -1);
  ck_assert_str_eq (lines->str,
                    "MESSAGE=fake-xl nul: done\nPROGRAM_ARGV=fake-xl nul\nEXIT_STATUS=0\n"
                    "MESSAGE=fake-xl exit 3 '': ended with status 3\n"
                    "PROGRAM_ARGV=fake-xl exit 3 ''\nEXIT_STATUS=3\n"
                    "MESSAGE=fake-xl signal 9: ended by signal 9 (Killed)\n"
                    "PROGRAM_ARGV=fake-xl signal 9\n");
  g_string_free (g_steal_pointer (&lines), TRUE);
}
END_TEST

START_TEST (signal_is_named)
{
  g_autoptr (GError) error = finish_badly (run (ARGV ("signal", "15")), XL_ERROR, XL_ERROR_SIGNAL);

  ck_assert_int_eq (xl_error_get_exit_status (error), -1);
  ck_assert_ptr_nonnull (strstr (error->message, "signal 15"));
  ck_assert_str_eq (xl_error_get_message (error), "before the end");
}
END_TEST

START_TEST (missing_program_is_an_error_of_the_call)
{
  g_object_unref (runner);
  runner = xl_runner_new ("/nonexistent/xl");

  g_autoptr (GError) error = finish_badly (run (ARGV ("list")), XL_ERROR, XL_ERROR_SPAWN);

  ck_assert_str_eq (xl_error_get_argv (error)[0], "/nonexistent/xl");
  ck_assert_uint_eq (xl_runner_get_spawned (runner), 0);

  /* The place it took in the bound is free again. */
  xl_runner_set_max_parallel (runner, 1);
  g_clear_error (&error);
  error = finish_badly (run (ARGV ("list")), XL_ERROR, XL_ERROR_SPAWN);
}
END_TEST

START_TEST (bare_name_is_looked_up)
{
  g_autofree char *bin = g_path_get_dirname (FAKE_XL);

  g_setenv ("PATH", bin, TRUE);
  g_object_unref (runner);
  runner = xl_runner_new ("fake-xl");

  g_autoptr (XlOutput) output = finish_well (run (ARGV ("group")));

  ck_assert_str_eq (output->out, "leader\n");
}
END_TEST

START_TEST (time_limit_ends_the_whole_group)
{
  int status = 0;

  /* Orphans become our children, so that their end can be waited for. */
  ck_assert_int_eq (prctl (PR_SET_CHILD_SUBREAPER, 1), 0);
  xl_runner_set_timeout (runner, XL_TIMEOUT_QUICK, 1);

  GAsyncResult **result = run (ARGV ("stubborn", notify_path));
  int child = wait_notify (NULL, 0);
  g_autoptr (GError) error = finish_badly (result, XL_ERROR, XL_ERROR_TIMEOUT);

  ck_assert_ptr_nonnull (strstr (error->message, "within 1 s"));
  ck_assert_int_eq (waitpid (child, &status, 0), child);
  ck_assert (WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL);
}
END_TEST

/* A process that the kernel cannot end must not hold up its call, nor those in the queue. */
START_TEST (stuck_process_is_given_up)
{
  xl_runner_set_max_parallel (runner, 1);
  xl_runner_set_timeout (runner, XL_TIMEOUT_QUICK, 1);

  GAsyncResult **result = run (ARGV ("stuck", notify_path));
  GAsyncResult **behind = run (ARGV ("group"));
  int tracer = wait_notify (NULL, 0);
  siginfo_t info;
  int status;

  g_error_free (finish_badly (result, XL_ERROR, XL_ERROR_TIMEOUT));
  xl_output_free (finish_well (behind));

  /* Neither has it ended yet; without its tracer it does, and is reaped. */
  ck_assert_int_eq (waitpid (-1, &status, WNOHANG), 0);
  kill (tracer, SIGKILL);
  while (waitid (P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
    g_main_context_iteration (NULL, FALSE);
  ck_assert_int_eq (errno, ECHILD);
}
END_TEST

START_TEST (time_limit_keeps_what_was_said)
{
  xl_runner_set_timeout (runner, XL_TIMEOUT_QUICK, 1);

  g_autoptr (GError) error = finish_badly (run (ARGV ("sleep")), XL_ERROR, XL_ERROR_TIMEOUT);

  ck_assert_str_eq (xl_error_get_message (error), "half a word");
  ck_assert_str_eq (xl_error_get_argv (error)[1], "sleep");
  ck_assert_int_eq (xl_error_get_exit_status (error), -1);
}
END_TEST

START_TEST (time_limits_have_defaults)
{
  ck_assert_uint_eq (xl_runner_get_timeout (runner, XL_TIMEOUT_QUERY), 10);
  ck_assert_uint_eq (xl_runner_get_timeout (runner, XL_TIMEOUT_QUICK), 30);
  ck_assert_uint_eq (xl_runner_get_timeout (runner, XL_TIMEOUT_SHUTDOWN), 90);
  ck_assert_uint_eq (xl_runner_get_timeout (runner, XL_TIMEOUT_BUILD), 300);
  xl_runner_set_timeout (runner, XL_TIMEOUT_BUILD, 7);
  ck_assert_uint_eq (xl_runner_get_timeout (runner, XL_TIMEOUT_BUILD), 7);
  ck_assert_uint_eq (xl_runner_get_timeout (runner, XL_TIMEOUT_SHUTDOWN), 90);
}
END_TEST

START_TEST (process_left_behind_does_not_hold_the_call)
{
  xl_runner_set_timeout (runner, XL_TIMEOUT_QUICK, 0);

  g_autoptr (XlOutput) output = finish_well (run (ARGV ("background")));
  int pid = atoi (output->out);

  /* It lives on: an xl in the background watches over its domain. */
  ck_assert_int_gt (pid, 1);
  ck_assert_int_eq (kill (pid, 0), 0);
  kill (pid, SIGKILL);
}
END_TEST

/* -------------------------------------------------------- what it inherits */

START_TEST (environment_is_added_to)
{
  g_setenv ("KEPT", "yes", TRUE);
  g_setenv ("LC_ALL", "de_DE.UTF-8", TRUE);

  g_autoptr (XlOutput) output =
      finish_well (run_with (ARGV ("env"), ARGV ("KEY_DIR=/a=b", "LC_ALL=fr_FR", "nothing"), NULL));
  g_auto (GStrv) words = g_strsplit (output->out, "\n", -1);

  ck_assert (g_strv_contains ((const char *const *)words, "KEPT=yes"));
  ck_assert (g_strv_contains ((const char *const *)words, "KEY_DIR=/a=b"));
  ck_assert (g_strv_contains ((const char *const *)words, "LC_ALL=C"));
  ck_assert (!g_strv_contains ((const char *const *)words, "LC_ALL=fr_FR"));
}
END_TEST

START_TEST (no_file_descriptor_is_inherited)
{
  int fd = open ("/dev/null", O_RDONLY); /* without O_CLOEXEC */
  g_autoptr (XlOutput) output = finish_well (run (ARGV ("fds")));

  ck_assert_str_eq (output->out, "0\n1\n2\nstdin /dev/null\n");
  close (fd);
}
END_TEST

START_TEST (child_leads_its_group)
{
  g_autoptr (XlOutput) output = finish_well (run (ARGV ("group")));

  ck_assert_str_eq (output->out, "leader\n");
}
END_TEST

START_TEST (no_signal_stays_blocked)
{
  sigset_t set;

  sigemptyset (&set);
  sigaddset (&set, SIGTERM);
  sigprocmask (SIG_BLOCK, &set, NULL);

  g_autoptr (XlOutput) output = finish_well (run (ARGV ("signals")));

  ck_assert_str_eq (output->out, "");
}
END_TEST

/* ------------------------------------------------------------ nothing left */

static guint
count_fds (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static void
run_every_kind_of_end (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GAsyncResult **cancelled = run_with (ARGV ("sleep"), NULL, cancellable);

  xl_output_free (finish_well (run (ARGV ("print", "10", "10"))));
  g_error_free (finish_badly (run (ARGV ("exit", "1", "")), XL_ERROR, XL_ERROR_EXIT));
  g_error_free (finish_badly (run (ARGV ("signal", "9")), XL_ERROR, XL_ERROR_SIGNAL));
  g_error_free (finish_badly (run (ARGV ("endless", "out")), XL_ERROR, XL_ERROR_OUTPUT_LIMIT));
  g_cancellable_cancel (cancellable);
  g_error_free (finish_badly (cancelled, G_IO_ERROR, G_IO_ERROR_CANCELLED));
}

START_TEST (leaves_no_file_descriptor_and_no_process)
{
  int status;

  xl_runner_set_output_limit (runner, 200000);
  run_every_kind_of_end ();

  guint before = count_fds ();
  for (int i = 0; i < 10; i++)
    run_every_kind_of_end ();
  ck_assert_uint_eq (count_fds (), before);
  ck_assert_int_eq (waitpid (-1, &status, WNOHANG), -1);
  ck_assert_int_eq (errno, ECHILD);
}
END_TEST

START_TEST (runner_lives_until_its_commands_end)
{
  GAsyncResult **result = run (ARGV ("print", "3", "0"));
  XlRunner *same = runner;
  g_autoptr (GError) error = NULL;

  g_object_add_weak_pointer (G_OBJECT (same), (gpointer *)&same);
  g_clear_object (&runner);
  wait_result (result);
  ck_assert_ptr_nonnull (same);

  g_autoptr (XlOutput) output = xl_runner_run_finish (same, *result, &error);
  ck_assert_ptr_nonnull (output);
  g_object_unref (*result);
  g_free (result);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  ck_assert_ptr_null (same);
  runner = xl_runner_new (FAKE_XL);
}
END_TEST

int
main (void)
{
  TCase *tcase = tcase_create ("runner");

  tcase_add_checked_fixture (tcase, runner_setup, runner_teardown);
  tcase_add_test (tcase, keeps_both_streams_apart);
  tcase_add_test (tcase, keeps_any_byte);
  tcase_add_test (tcase, output_may_reach_the_limit);
  tcase_add_loop_test (tcase, output_may_not_pass_the_limit, 0, 2);
  tcase_add_loop_test (tcase, endless_output_is_stopped, 0, 2);
  tcase_add_test (tcase, exit_status_and_message_are_kept);
  tcase_add_test (tcase, silent_failure_tells_the_status);
  tcase_add_test (tcase, what_changes_something_is_logged);
  tcase_add_test (tcase, signal_is_named);
  tcase_add_test (tcase, missing_program_is_an_error_of_the_call);
  tcase_add_test (tcase, bare_name_is_looked_up);
  tcase_add_test (tcase, time_limit_ends_the_whole_group);
  tcase_add_test (tcase, stuck_process_is_given_up);
  tcase_add_test (tcase, time_limit_keeps_what_was_said);
  tcase_add_test (tcase, time_limits_have_defaults);
  tcase_add_test (tcase, process_left_behind_does_not_hold_the_call);
  tcase_add_test (tcase, environment_is_added_to);
  tcase_add_test (tcase, no_file_descriptor_is_inherited);
  tcase_add_test (tcase, child_leads_its_group);
  tcase_add_test (tcase, no_signal_stays_blocked);
  tcase_add_test (tcase, leaves_no_file_descriptor_and_no_process);
  tcase_add_test (tcase, runner_lives_until_its_commands_end);
  return run_case ("xl-runner", tcase);
}

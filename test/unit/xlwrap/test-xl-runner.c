/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-runner.h"

#include "xl-test.h"

#include <glib-unix.h>

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })

static XlRunner *runner;
static char *folder;
static char *notify_path;
static int notify_fd;

static void
setup (void)
{
  runner = xl_runner_new (FAKE_XL);
  folder = g_dir_make_tmp ("xl-runner-XXXXXX", NULL);
  notify_path = g_build_filename (folder, "notify", NULL);
  ck_assert_int_eq (mkfifo (notify_path, 0600), 0);
  /* Both ends, so that it never is at its end and opening does not wait. */
  notify_fd = open (notify_path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
  ck_assert_int_ge (notify_fd, 0);
}

static void
teardown (void)
{
  close (notify_fd);
  g_unlink (notify_path);
  g_rmdir (folder);
  g_free (notify_path);
  g_free (folder);
  g_object_unref (runner);
  prctl (PR_SET_CHILD_SUBREAPER, 0);
}

static GAsyncResult **
run_with (const char *const *argv, const char *const *envp, GCancellable *cancellable)
{
  GAsyncResult **result = g_new0 (GAsyncResult *, 1);

  xl_runner_run_async (runner, argv, envp, XL_TIMEOUT_QUICK, cancellable, keep_result, result);
  return result;
}

static GAsyncResult **
run (const char *const *argv)
{
  return run_with (argv, NULL, NULL);
}

static GAsyncResult **
run_as (XlTimeout timeout, const char *const *argv)
{
  GAsyncResult **result = g_new0 (GAsyncResult *, 1);

  xl_runner_run_async (runner, argv, NULL, timeout, NULL, keep_result, result);
  return result;
}

static XlOutput *
finish (GAsyncResult **result, GError **error)
{
  XlOutput *output = xl_runner_run_finish (runner, wait_result (result), error);

  g_object_unref (*result);
  g_free (result);
  return output;
}

static XlOutput *
finish_well (GAsyncResult **result)
{
  g_autoptr (GError) error = NULL;
  XlOutput *output = finish (result, &error);

  if (output == NULL)
    ck_abort_msg ("%s", error->message);
  return output;
}

static GError *
finish_badly (GAsyncResult **result, GQuark domain, int code)
{
  GError *error = NULL;
  g_autoptr (XlOutput) output = finish (result, &error);

  ck_assert_ptr_null (output);
  if (!g_error_matches (error, domain, code))
    ck_abort_msg ("not the expected error: %s", error->message);
  return error;
}

static gboolean
on_notify (int fd, GIOCondition condition, gpointer data)
{
  return G_SOURCE_CONTINUE;
}

/* Waits until a command has said `NAME PID` on the FIFO, and returns PID. */
static int
wait_notify (char *name, gsize size)
{
  guint source = g_unix_fd_add (notify_fd, G_IO_IN, on_notify, NULL);
  g_autoptr (GString) line = g_string_new (NULL);
  char c = '\0';

  while (c != '\n') {
    if (read (notify_fd, &c, 1) == 1)
      g_string_append_c (line, c);
    else
      g_main_context_iteration (NULL, TRUE);
  }
  g_source_remove (source);

  char *blank = strchr (line->str, ' ');
  ck_assert_ptr_nonnull (blank);
  *blank = '\0';
  if (name != NULL)
    g_strlcpy (name, line->str, size);
  return atoi (blank + 1);
}

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

/* --------------------------------------------------- parallel and in order */

#define N_GATES 5

static char *
make_gate (guint i)
{
  g_autofree char *name = g_strdup_printf ("gate%u", i);
  char *path = g_build_filename (folder, name, NULL);

  ck_assert_int_eq (mkfifo (path, 0600), 0);
  return path;
}

/* Lets the command behind the gate end; returns once it has noticed. */
static void
open_gate (const char *path)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC);

  ck_assert_int_ge (fd, 0);
  close (fd);
  g_unlink (path);
}

START_TEST (at_most_n_run_in_order)
{
  char *gates[N_GATES];
  GAsyncResult **results[N_GATES];
  char name[8];

  xl_runner_set_max_parallel (runner, 2);
  for (guint i = 0; i < N_GATES; i++) {
    g_autofree char *number = g_strdup_printf ("%u", i);

    gates[i] = make_gate (i);
    results[i] = run (ARGV ("gate", number, notify_path, gates[i]));
  }

  /* The first two start by themselves, in either order of speaking up. */
  gboolean started[2] = { FALSE, FALSE };
  for (int i = 0; i < 2; i++) {
    wait_notify (name, sizeof name);
    ck_assert_int_lt (atoi (name), 2);
    started[atoi (name)] = TRUE;
  }
  ck_assert (started[0] && started[1]);
  ck_assert_uint_eq (xl_runner_get_spawned (runner), 2);

  /* Each end lets the next in line start, and no other. */
  for (guint i = 0; i < N_GATES; i++) {
    open_gate (gates[i]);

    g_autoptr (XlOutput) output = finish_well (results[i]);
    g_autofree char *number = g_strdup_printf ("%u\n", i);

    ck_assert_str_eq (output->out, number);
    ck_assert_uint_eq (xl_runner_get_spawned (runner), MIN (i + 3, N_GATES));
    if (i + 2 < N_GATES) {
      wait_notify (name, sizeof name);
      ck_assert_uint_eq (atoi (name), i + 2);
    }
    g_free (gates[i]);
  }
}
END_TEST

/* Were all places taken by what waits for minutes, nothing could be looked at or destroyed. */
START_TEST (slow_commands_leave_a_place)
{
  static const XlTimeout slow[] = { XL_TIMEOUT_BUILD, XL_TIMEOUT_SHUTDOWN };
  GAsyncResult **results[G_N_ELEMENTS (slow)];
  char *gates[G_N_ELEMENTS (slow)];
  char name[8];

  xl_runner_set_max_parallel (runner, 2);
  for (guint i = 0; i < G_N_ELEMENTS (slow); i++) {
    g_autofree char *number = g_strdup_printf ("%u", i);

    gates[i] = make_gate (i);
    results[i] = run_as (slow[i], ARGV ("gate", number, notify_path, gates[i]));
  }
  wait_notify (name, sizeof name);
  ck_assert_str_eq (name, "0");
  ck_assert_uint_eq (xl_runner_get_spawned (runner), 1);

  /* What came later, but is quick, does not wait for them. */
  xl_output_free (finish_well (run (ARGV ("group"))));
  ck_assert_uint_eq (xl_runner_get_spawned (runner), 2);

  for (guint i = 0; i < G_N_ELEMENTS (slow); i++) {
    open_gate (gates[i]);
    xl_output_free (finish_well (results[i]));
    g_free (gates[i]);
  }
}
END_TEST

START_TEST (bound_can_be_raised)
{
  g_autofree char *first = make_gate (0);
  g_autofree char *second = make_gate (1);

  xl_runner_set_max_parallel (runner, 0); /* counts as 1 */
  GAsyncResult **a = run (ARGV ("gate", "a", notify_path, first));
  GAsyncResult **b = run (ARGV ("gate", "b", notify_path, second));

  ck_assert_uint_eq (xl_runner_get_spawned (runner), 1);
  xl_runner_set_max_parallel (runner, 2);
  ck_assert_uint_eq (xl_runner_get_spawned (runner), 2);
  open_gate (second);
  xl_output_free (finish_well (b));
  open_gate (first);
  xl_output_free (finish_well (a));
}
END_TEST

START_TEST (waiting_costs_no_time_limit)
{
  g_autofree char *path = make_gate (0);
  g_autoptr (GError) error = NULL;

  xl_runner_set_max_parallel (runner, 1);
  xl_runner_set_timeout (runner, XL_TIMEOUT_QUERY, 0);
  xl_runner_set_timeout (runner, XL_TIMEOUT_QUICK, 1);

  /* The first blocks the line for as long as the limit of a third, which runs elsewhere. */
  g_autoptr (XlRunner) clock = xl_runner_new (FAKE_XL);
  GAsyncResult **blocker = g_new0 (GAsyncResult *, 1);
  GAsyncResult **tick = g_new0 (GAsyncResult *, 1);
  xl_runner_run_async (runner, ARGV ("gate", "a", notify_path, path), NULL, XL_TIMEOUT_QUERY, NULL,
                       keep_result, blocker);
  GAsyncResult **waiting = run (ARGV ("print", "1", "0"));
  xl_runner_set_timeout (clock, XL_TIMEOUT_QUERY, 2);
  xl_runner_run_async (clock, ARGV ("sleep"), NULL, XL_TIMEOUT_QUERY, NULL, keep_result, tick);
  ck_assert_ptr_null (xl_runner_run_finish (clock, wait_result (tick), &error));
  ck_assert (g_error_matches (error, XL_ERROR, XL_ERROR_TIMEOUT));
  g_object_unref (*tick);
  g_free (tick);

  ck_assert_ptr_null (*waiting);
  open_gate (path);
  xl_output_free (finish_well (blocker));
  xl_output_free (finish_well (waiting));
}
END_TEST

/* ------------------------------------------------------------ cancellation */

START_TEST (cancelled_before_the_call)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_cancellable_cancel (cancellable);
  g_error_free (finish_badly (run_with (ARGV ("print", "1", "0"), NULL, cancellable), G_IO_ERROR,
                              G_IO_ERROR_CANCELLED));
  ck_assert_uint_eq (xl_runner_get_spawned (runner), 0);
}
END_TEST

START_TEST (cancelled_in_the_queue)
{
  g_autofree char *path = make_gate (0);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  xl_runner_set_max_parallel (runner, 1);
  GAsyncResult **running = run (ARGV ("gate", "a", notify_path, path));
  GAsyncResult **cancelled = run_with (ARGV ("print", "1", "0"), NULL, cancellable);
  GAsyncResult **behind = run (ARGV ("print", "2", "0"));

  g_cancellable_cancel (cancellable);
  g_error_free (finish_badly (cancelled, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  ck_assert_ptr_null (*running);
  ck_assert_uint_eq (xl_runner_get_spawned (runner), 1);

  open_gate (path);
  xl_output_free (finish_well (running));
  g_autoptr (XlOutput) output = finish_well (behind);
  ck_assert_str_eq (output->out, "xx");
  ck_assert_uint_eq (xl_runner_get_spawned (runner), 2);
}
END_TEST

START_TEST (cancelled_while_running)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  int status;

  ck_assert_int_eq (prctl (PR_SET_CHILD_SUBREAPER, 1), 0);
  xl_runner_set_timeout (runner, XL_TIMEOUT_QUICK, 0);

  GAsyncResult **result = run_with (ARGV ("stubborn", notify_path), NULL, cancellable);
  int child = wait_notify (NULL, 0);
  g_cancellable_cancel (cancellable);
  g_error_free (finish_badly (result, G_IO_ERROR, G_IO_ERROR_CANCELLED));

  ck_assert_int_eq (waitpid (child, &status, 0), child);
  ck_assert (WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL);
  /* Its parent has been reaped before the call ended, so no child is left. */
  ck_assert_int_eq (waitpid (-1, &status, WNOHANG), -1);
}
END_TEST

START_TEST (cancelling_afterwards_changes_nothing)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GAsyncResult **result = run_with (ARGV ("print", "1", "0"), NULL, cancellable);

  wait_result (result);
  g_cancellable_cancel (cancellable);
  xl_output_free (finish_well (result));
}
END_TEST

/* ------------------------------------------------------------ nothing left */

/* How many file descriptors are open; *BUSY tells whether one of them still watches a process. */
static guint
count_fds (gboolean *busy)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  const char *name;
  guint n = 0;

  *busy = FALSE;
  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename ("/proc/self/fd", name, NULL);
    g_autofree char *target = g_file_read_link (path, NULL);

    *busy = *busy || g_strcmp0 (target, "anon_inode:[pidfd]") == 0;
    n++;
  }
  return n;
}

/* GLib closes what it watched a process with in a thread of its own, soon after the end. */
static guint
count_settled_fds (void)
{
  gboolean busy = TRUE;
  guint n = 0;

  while (busy) {
    while (g_main_context_iteration (NULL, FALSE))
      ;
    n = count_fds (&busy);
    g_thread_yield ();
  }
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

  guint before = count_settled_fds ();
  for (int i = 0; i < 10; i++)
    run_every_kind_of_end ();
  ck_assert_uint_eq (count_settled_fds (), before);
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

  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, keeps_both_streams_apart);
  tcase_add_test (tcase, keeps_any_byte);
  tcase_add_test (tcase, output_may_reach_the_limit);
  tcase_add_loop_test (tcase, output_may_not_pass_the_limit, 0, 2);
  tcase_add_loop_test (tcase, endless_output_is_stopped, 0, 2);
  tcase_add_test (tcase, exit_status_and_message_are_kept);
  tcase_add_test (tcase, silent_failure_tells_the_status);
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
  tcase_add_test (tcase, at_most_n_run_in_order);
  tcase_add_test (tcase, slow_commands_leave_a_place);
  tcase_add_test (tcase, bound_can_be_raised);
  tcase_add_test (tcase, waiting_costs_no_time_limit);
  tcase_add_test (tcase, cancelled_before_the_call);
  tcase_add_test (tcase, cancelled_in_the_queue);
  tcase_add_test (tcase, cancelled_while_running);
  tcase_add_test (tcase, cancelling_afterwards_changes_nothing);
  tcase_add_test (tcase, leaves_no_file_descriptor_and_no_process);
  tcase_add_test (tcase, runner_lives_until_its_commands_end);
  return run_case ("xl-runner", tcase);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "runner-fixture.h"
#include "xl-test.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* --------------------------------------------------- parallel and in order */

#define N_GATES 5

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

int
main (void)
{
  TCase *tcase = tcase_create ("queue");

  tcase_add_checked_fixture (tcase, runner_setup, runner_teardown);
  tcase_add_test (tcase, at_most_n_run_in_order);
  tcase_add_test (tcase, slow_commands_leave_a_place);
  tcase_add_test (tcase, bound_can_be_raised);
  tcase_add_test (tcase, waiting_costs_no_time_limit);
  tcase_add_test (tcase, cancelled_before_the_call);
  tcase_add_test (tcase, cancelled_in_the_queue);
  tcase_add_test (tcase, cancelled_while_running);
  tcase_add_test (tcase, cancelling_afterwards_changes_nothing);
  return run_case ("xl-runner-queue", tcase);
}

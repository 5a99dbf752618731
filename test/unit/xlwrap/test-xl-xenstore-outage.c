/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* XlXenstore when xenstored goes, hangs and comes back, and when the object itself goes. */
#include "test/unit/xlwrap/xenstore-test.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "xlwrap/xl-xenstore-calls.h"

static void
reopen_other (void)
{
  xs_close (other);
  other = xs_open (0);
  ck_assert_ptr_nonnull (other);
}

static void
restart (void)
{
  standin_host_kill_xenstored (host);
  standin_host_start_xenstored (host);
  reopen_other ();
}

static guint
count_entries (const char *path)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir))
    n++;
  g_dir_close (dir);
  return n;
}

START_TEST (test_restart)
{
  g_autoptr (Watch) node = watch_new ("/t/w", NULL);
  g_autoptr (Watch) release = watch_new ("@releaseDomain", NULL);
  guint fds = 0;

  for (int i = 0; i < 5; i++) {
    expect_event (node, "/t/w");
    expect_event (release, "@releaseDomain");
    apply ("/t/w", "1", NULL);
    expect_event (node, "/t/w");
    expect_value ("/t/w", "1");
    standin_host_introduce (host, 4);
    standin_host_destroy (host, 4);
    expect_event (release, "@releaseDomain");
    if (i == 0)
      fds = count_entries ("/proc/self/fd");
    restart ();
  }
  expect_event (node, "/t/w");
  expect_missing ("/t/w");
  ck_assert_uint_eq (count_entries ("/proc/self/fd"), fds);
}
END_TEST

START_TEST (test_requests_while_it_is_away)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *read = NULL;

  apply ("/t/a", "1", NULL);
  standin_host_kill_xenstored (host);
  for (int i = 0; i < 20; i++) {
    g_clear_error (&error);
    read = try_read ("/t/a", &error);
    ck_assert_ptr_null (read);
    expect_error (error, XL_ERROR, XL_ERROR_XENSTORE, "");
  }
  standin_host_start_xenstored (host);
  reopen_other ();
  /* At once, whatever the pause between attempts has grown to. */
  expect_missing ("/t/a");
}
END_TEST

START_TEST (test_it_comes_later)
{
  g_autoptr (Watch) watch = NULL;

  g_clear_object (&store);
  standin_host_kill_xenstored (host);
  store = xl_xenstore_new ();
  watch = watch_new ("/t/w", NULL);
  standin_host_start_xenstored (host);
  reopen_other ();
  expect_event (watch, "/t/w");
}
END_TEST

START_TEST (test_it_dies_during_a_request)
{
  const XlXenstoreChange change = { "/t/a", "1", NULL };
  g_autoptr (GAsyncResult) read = NULL, write = NULL;
  g_autoptr (GError) read_error = NULL, write_error = NULL;

  expect_missing ("/t/a");
  standin_host_signal_xenstored (host, SIGSTOP);
  xl_xenstore_read_async (store, "/t/a", NULL, keep_result, &read);
  xl_xenstore_apply_async (store, &change, 1, NULL, keep_result, &write);
  standin_host_kill_xenstored (host);
  ck_assert_ptr_null (xl_xenstore_read_finish (store, wait_result (&read), &read_error));
  expect_error (read_error, XL_ERROR, XL_ERROR_XENSTORE, "");
  ck_assert (!xl_xenstore_apply_finish (store, wait_result (&write), &write_error));
  expect_error (write_error, XL_ERROR, XL_ERROR_XENSTORE, "");
}
END_TEST

START_TEST (test_calls_tell_a_broken_connection)
{
  XlXenstoreLink link = { .handle = other };
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (xl_xenstore_call_read (&link, "/t/none", &error));
  ck_assert (!link.broken);
  g_clear_error (&error);
  standin_host_kill_xenstored (host);
  ck_assert_ptr_null (xl_xenstore_call_read (&link, "/t/none", &error));
  expect_error (error, XL_ERROR, XL_ERROR_XENSTORE, "/t/none");
  ck_assert (link.broken);
}
END_TEST

static gboolean
on_tick (gpointer user_data)
{
  ++*(int *)user_data;
  return G_SOURCE_CONTINUE;
}

START_TEST (test_hanging_xenstored)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GAsyncResult *results[3] = { NULL };
  int ticks = 0;
  guint timer;

  apply ("/t/a", "1", NULL);
  standin_host_signal_xenstored (host, SIGSTOP);
  for (int i = 0; i < 3; i++)
    xl_xenstore_read_async (store, "/t/a", i < 2 ? cancellable : NULL, keep_result, &results[i]);

  /* The main loop runs on. */
  timer = g_timeout_add (1, on_tick, &ticks);
  while (ticks < 20)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timer);
  for (int i = 0; i < 3; i++)
    ck_assert_ptr_null (results[i]);

  /* The one in progress and the queued one return at once, though xenstored still hangs. */
  g_cancellable_cancel (cancellable);
  for (int i = 0; i < 2; i++) {
    g_autoptr (GError) error = NULL;

    ck_assert_ptr_null (xl_xenstore_read_finish (store, wait_result (&results[i]), &error));
    expect_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
    g_object_unref (results[i]);
  }

  standin_host_signal_xenstored (host, SIGCONT);
  g_free (xl_xenstore_read_finish (store, wait_result (&results[2]), NULL));
  g_object_unref (results[2]);
  expect_value ("/t/a", "1");
}
END_TEST

/* GLib has threads of its own. */
static guint
count_workers (void)
{
  GDir *dir = g_dir_open ("/proc/self/task", 0, NULL);
  const char *name;
  guint n = 0;

  while ((name = g_dir_read_name (dir))) {
    g_autofree char *path = g_build_filename ("/proc/self/task", name, "comm", NULL), *comm = NULL;

    if (g_file_get_contents (path, &comm, NULL, NULL) && g_str_equal (comm, "xenstore\n"))
      n++;
  }
  g_dir_close (dir);
  return n;
}

START_TEST (test_close_while_it_hangs)
{
  g_autoptr (GAsyncResult) first = NULL, second = NULL;
  g_autoptr (Watch) watch = watch_new ("/t/w", NULL);
  g_autoptr (GError) error = NULL;
  gint64 begin;

  expect_event (watch, "/t/w");
  standin_host_signal_xenstored (host, SIGSTOP);
  xl_xenstore_read_async (store, "/t/a", NULL, keep_result, &first);
  xl_xenstore_list_async (store, "/t/a", NULL, keep_result, &second);
  begin = g_get_monotonic_time ();
  xl_xenstore_close (store);
  ck_assert_int_lt (g_get_monotonic_time () - begin, 20 * G_TIME_SPAN_SECOND);
  ck_assert_ptr_null (xl_xenstore_read_finish (store, wait_result (&first), &error));
  expect_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
  g_clear_error (&error);
  ck_assert_ptr_null (xl_xenstore_list_finish (store, wait_result (&second), &error));
  expect_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "");

  /* The thread that was left behind ends when the call does. */
  standin_host_kill_xenstored (host);
  while (count_workers () > 0)
    g_usleep (1000);
}
END_TEST

START_TEST (test_close)
{
  g_autoptr (GAsyncResult) pending = NULL, later = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *read = NULL;

  apply ("/t/a", "1", NULL);
  ck_assert_uint_eq (count_workers (), 1);
  xl_xenstore_read_async (store, "/t/a", NULL, keep_result, &pending);
  xl_xenstore_close (store);
  while (count_workers () > 0)
    g_usleep (1000);
  /* It was answered before or not at all. */
  read = xl_xenstore_read_finish (store, wait_result (&pending), &error);
  if (read)
    ck_assert_str_eq (read, "1");
  else
    expect_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
  g_clear_error (&error);

  xl_xenstore_read_async (store, "/t/a", NULL, keep_result, &later);
  ck_assert_ptr_null (xl_xenstore_read_finish (store, wait_result (&later), &error));
  expect_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
  xl_xenstore_close (store);
}
END_TEST

START_TEST (test_dropped_with_requests_in_flight)
{
  for (int i = 0; i < 50; i++) {
    XlXenstore *dropped = xl_xenstore_new ();
    g_autoptr (GCancellable) cancellable = g_cancellable_new ();
    g_autoptr (GAsyncResult) first = NULL, second = NULL;

    xl_xenstore_read_async (dropped, "/t/a", cancellable, keep_result, &first);
    xl_xenstore_read_async (dropped, "/t/a", cancellable, keep_result, &second);
    if (i % 2)
      g_cancellable_cancel (cancellable);
    g_object_unref (dropped);
    wait_result (&first);
    wait_result (&second);
  }
}
END_TEST

/* Descriptors that a program started now would get. */
static guint
count_inheritable (void)
{
  GDir *dir = g_dir_open ("/proc/self/fd", 0, NULL);
  const char *name;
  guint n = 0;

  while ((name = g_dir_read_name (dir))) {
    int flags = fcntl (atoi (name), F_GETFD);

    n += flags >= 0 && !(flags & FD_CLOEXEC);
  }
  g_dir_close (dir);
  return n;
}

START_TEST (test_descriptors_close_on_exec)
{
  g_autoptr (Watch) watch = NULL;
  guint before, all_before;

  g_clear_object (&store);
  before = count_inheritable ();
  all_before = count_entries ("/proc/self/fd");
  store = xl_xenstore_new ();
  watch = watch_new ("/t/w", NULL);
  expect_event (watch, "/t/w");
  ck_assert_uint_eq (count_inheritable (), before);
  ck_assert_uint_ge (count_entries ("/proc/self/fd"), all_before + 3);
}
END_TEST

int
main (void)
{
  TCase *tcase = tcase_create ("xl-xenstore-outage");

  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, test_restart);
  tcase_add_test (tcase, test_requests_while_it_is_away);
  tcase_add_test (tcase, test_it_comes_later);
  tcase_add_test (tcase, test_it_dies_during_a_request);
  tcase_add_test (tcase, test_calls_tell_a_broken_connection);
  tcase_add_test (tcase, test_hanging_xenstored);
  tcase_add_test (tcase, test_close_while_it_hangs);
  tcase_add_test (tcase, test_close);
  tcase_add_test (tcase, test_dropped_with_requests_in_flight);
  tcase_add_test (tcase, test_descriptors_close_on_exec);
  return run_case ("xl-xenstore-outage", tcase);
}

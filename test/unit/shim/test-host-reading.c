/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading on a thread that answers when the test lets it. */
#include <check.h>
#include <string.h>

#include "shim/host-reading.h"
#include "test/unit/run-suite.h"

static GAsyncQueue *leaves; /* one for each reading */
static const char *path;
static GString *events; /* what happened on the main thread, in order */
static gint forgotten;  /* results that nobody took */

static const char *
get_path (gpointer owner)
{
  ck_assert_ptr_eq (owner, &events);
  return path;
}

/* On either thread. */
static void
forget (gpointer result)
{
  g_free (result);
  g_atomic_int_inc (&forgotten);
  g_main_context_wakeup (NULL);
}

static void
read_on_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_async_queue_pop (leaves);
  g_task_return_pointer (task, g_strdup (data), forget);
}

static void
take (gpointer owner, gpointer result)
{
  g_autofree char *text = result;
  g_string_append_printf (events, " %s", text);
}

static const XmHostReadingKind kind = { get_path, read_on_thread, take, "the test" };

static void
note (gpointer user_data)
{
  g_string_append_printf (events, " told-%s", (const char *)user_data);
}

static void
let_one_end (void)
{
  g_async_queue_push (leaves, &leaves);
}

/* Runs the main context until all of @expected has happened. */
static void
expect (const char *expected)
{
  while (events->len < strlen (expected))
    g_main_context_iteration (NULL, TRUE);
  ck_assert_str_eq (events->str, expected);
  g_string_truncate (events, 0);
}

static void
set_up (void)
{
  leaves = g_async_queue_new ();
  events = g_string_new (NULL);
  path = "/a";
}

static void
tear_down (void)
{
  g_string_free (events, TRUE);
  g_async_queue_unref (leaves);
}

START_TEST (who_comes_meanwhile_is_told_after_the_next)
{
  XmHostReading *reading = xm_host_reading_new (&kind, &events);
  xm_host_reading_refresh (reading, note, (gpointer) "1");
  path = "/b";
  xm_host_reading_refresh (reading, note, (gpointer) "2");
  xm_host_reading_refresh (reading, NULL, NULL);
  xm_host_reading_refresh (reading, note, (gpointer) "3");
  let_one_end ();
  expect (" /a told-1");
  let_one_end ();
  expect (" /b told-2 told-3");
  xm_host_reading_refresh (reading, note, (gpointer) "4");
  let_one_end ();
  expect (" /b told-4");
  xm_host_reading_free (reading);
}
END_TEST

START_TEST (freed_while_it_reads)
{
  XmHostReading *reading = xm_host_reading_new (&kind, &events);
  xm_host_reading_refresh (reading, note, (gpointer) "1");
  xm_host_reading_refresh (reading, note, (gpointer) "2");
  xm_host_reading_free (reading);
  expect (" told-1 told-2");
  let_one_end ();
  while (g_atomic_int_get (&forgotten) == 0)
    g_main_context_iteration (NULL, TRUE);
  ck_assert_str_eq (events->str, "");
}
END_TEST

/* What waits is told after 5 s, who comes then at once, until there is an answer. */
START_TEST (a_file_system_that_does_not_answer)
{
  XmHostReading *reading = xm_host_reading_new (&kind, &events);
  xm_host_reading_refresh (reading, note, (gpointer) "1");
  xm_host_reading_refresh (reading, note, (gpointer) "2");
  expect (" told-1 told-2");
  xm_host_reading_refresh (reading, note, (gpointer) "3");
  expect (" told-3");
  let_one_end ();
  expect (" /a");
  xm_host_reading_refresh (reading, note, (gpointer) "4");
  ck_assert_uint_eq (events->len, 0);
  let_one_end ();
  expect (" /a told-4");
  xm_host_reading_free (reading);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("host-reading");
  TCase *tcase = tcase_create ("host-reading");
  tcase_set_timeout (tcase, 60);
  tcase_add_checked_fixture (tcase, set_up, tear_down);
  tcase_add_test (tcase, who_comes_meanwhile_is_told_after_the_next);
  tcase_add_test (tcase, freed_while_it_reads);
  tcase_add_test (tcase, a_file_system_that_does_not_answer);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

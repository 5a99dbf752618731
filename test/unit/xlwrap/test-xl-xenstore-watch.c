/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Watches of XlXenstore. */
#include "test/unit/xlwrap/xenstore-test.h"

#include <xen/io/xs_wire.h>

START_TEST (test_watch_node)
{
  g_autoptr (Watch) watch = watch_new ("/t/w", NULL);

  expect_event (watch, "/t/w");
  write_other ("/t/w", "1");
  expect_event (watch, "/t/w");
  write_other ("/t/w/below", "1");
  expect_event (watch, "/t/w/below");
  write_other ("/t/elsewhere", "1");
  ck_assert (xs_rm (other, XBT_NULL, "/t/w"));
  expect_event (watch, "/t/w");
}
END_TEST

START_TEST (test_watch_domains)
{
  g_autoptr (Watch) introduce = watch_new ("@introduceDomain", NULL);
  g_autoptr (Watch) release = watch_new ("@releaseDomain", NULL);

  expect_event (introduce, "@introduceDomain");
  expect_event (release, "@releaseDomain");
  standin_host_introduce (host, 4);
  expect_event (introduce, "@introduceDomain");
  standin_host_shutdown (host, 4, 0);
  expect_event (release, "@releaseDomain");
  standin_host_destroy (host, 4);
  expect_event (release, "@releaseDomain");
  ck_assert_uint_eq (introduce->paths->len, 0);
}
END_TEST

START_TEST (test_bad_watch_harms_no_other)
{
  g_autofree char *path = g_strnfill (2 * XENSTORE_PAYLOAD_MAX, '/');
  g_autoptr (Watch) bad = watch_new ("/with blanks", NULL), too_long = watch_new (path, NULL);
  g_autoptr (Watch) good = watch_new ("/t/w", NULL);

  expect_event (good, "/t/w");
  apply ("/t/w", "1", NULL);
  expect_event (good, "/t/w");
  ck_assert_uint_eq (bad->paths->len, 0);
  ck_assert_uint_eq (too_long->paths->len, 0);
}
END_TEST

START_TEST (test_watch_ends_in_callback)
{
  g_autoptr (Watch) once = watch_new ("/t/w", NULL), always = watch_new ("/t/w", NULL);

  once->stop_after = 1;
  expect_event (once, "/t/w");
  expect_event (always, "/t/w");
  ck_assert (g_source_is_destroyed (once->source));
  write_other ("/t/w", "1");
  expect_event (always, "/t/w");
  ck_assert_uint_eq (once->paths->len, 0);
}
END_TEST

static void
iterate (GMainContext *context)
{
  while (g_main_context_iteration (context, FALSE))
    ;
}

START_TEST (test_events_are_merged)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (Watch) watch = watch_new ("/t/w", context), mark = watch_new ("/t/mark", NULL);

  expect_event (mark, "/t/mark");
  iterate (context);
  g_ptr_array_set_size (watch->paths, 0);

  /* Its context does not run meanwhile; the other watch tells when all events are there. */
  for (int i = 0; i < 10; i++) {
    write_other ("/t/w/a", "1");
    write_other ("/t/w/b", "1");
  }
  write_other ("/t/mark", "1");
  expect_event (mark, "/t/mark");
  ck_assert_uint_eq (watch->paths->len, 0);
  iterate (context);
  ck_assert_uint_eq (watch->paths->len, 2);
  ck_assert_str_eq (watch->paths->pdata[0], "/t/w/a");
  ck_assert_str_eq (watch->paths->pdata[1], "/t/w/b");
}
END_TEST

START_TEST (test_flood_is_bounded)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (Watch) watch = watch_new ("/t/w", context), mark = watch_new ("/t/mark", NULL);

  expect_event (mark, "/t/mark");
  for (int i = 0; i < 1500; i++) {
    g_autofree char *path = g_strdup_printf ("/t/w/%d", i);

    write_other (path, "1");
  }
  write_other ("/t/mark", "1");
  expect_event (mark, "/t/mark");
  iterate (context);
  ck_assert_uint_le (watch->paths->len, 1024);
  ck_assert (g_ptr_array_find_with_equal_func (watch->paths, "/t/w", g_str_equal, NULL));
  ck_assert (g_ptr_array_find_with_equal_func (watch->paths, "/t/w/1499", g_str_equal, NULL));
}
END_TEST

int
main (void)
{
  TCase *tcase = tcase_create ("xl-xenstore-watch");

  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, test_watch_node);
  tcase_add_test (tcase, test_watch_domains);
  tcase_add_test (tcase, test_bad_watch_harms_no_other);
  tcase_add_test (tcase, test_watch_ends_in_callback);
  tcase_add_test (tcase, test_events_are_merged);
  tcase_add_test (tcase, test_flood_is_bounded);
  return run_case ("xl-xenstore-watch", tcase);
}

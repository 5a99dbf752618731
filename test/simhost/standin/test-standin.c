/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Debian's own programs run on the stand-in for the hypervisor. */
#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>

#include "test/simhost/standin/standin-host.h"
#include "test/unit/run-suite.h"

#define EVENT_TIMEOUT_MS 20000

static StandinHost *host;
static struct xs_handle *watcher;

static void
setup (void)
{
  host = standin_host_new ();
  standin_host_start_xenstored (host);
  watcher = xs_open (0);
  ck_assert_ptr_nonnull (watcher);
}

static void
teardown (void)
{
  xs_close (watcher);
  g_clear_pointer (&host, standin_host_free);
}

static char *
run (const char *const *argv)
{
  g_autoptr (GError) error = NULL;
  char *out = NULL;
  int status;

  if (!g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, NULL,
                     &status, &error) ||
      !g_spawn_check_wait_status (status, &error))
    ck_abort_msg ("%s: %s", argv[0], error->message);
  return out;
}

static void
expect_event (const char *path)
{
  struct pollfd fd = { .fd = xs_fileno (watcher), .events = POLLIN };
  char **event;

  ck_assert_int_eq (poll (&fd, 1, EVENT_TIMEOUT_MS), 1);
  event = xs_check_watch (watcher);
  ck_assert_ptr_nonnull (event);
  ck_assert_str_eq (event[XS_WATCH_PATH], path);
  free (event);
}

static void
watch (const char *path)
{
  ck_assert (xs_watch (watcher, path, "token"));
  expect_event (path);
}

static void
ck_no_event (void)
{
  /* The answer to a request comes after all events that happened before it. */
  free (xs_get_domain_path (watcher, 0));
  ck_assert_ptr_null (xs_check_watch (watcher));
}

START_TEST (test_tools_read_and_write)
{
  const char *write_argv[] = { "xenstore-write", "/tool/x", "some text", NULL };
  const char *read_argv[] = { "xenstore-read", "/tool/x", NULL };
  g_autofree char *wrote = run (write_argv), *value = run (read_argv);

  ck_assert_str_eq (wrote, "");
  ck_assert_str_eq (value, "some text\n");
}
END_TEST

START_TEST (test_introduce_and_release)
{
  watch ("@introduceDomain");
  watch ("@releaseDomain");

  standin_host_introduce (host, 7);
  expect_event ("@introduceDomain");
  ck_assert (xs_is_domain_introduced (watcher, 7));

  standin_host_shutdown (host, 7, 0);
  expect_event ("@releaseDomain");
  ck_assert (xs_is_domain_introduced (watcher, 7));

  standin_host_destroy (host, 7);
  expect_event ("@releaseDomain");
  ck_assert (!xs_is_domain_introduced (watcher, 7));
  ck_no_event ();
}
END_TEST

START_TEST (test_domains_are_apart)
{
  watch ("@releaseDomain");
  standin_host_introduce (host, 3);
  standin_host_introduce (host, 12);
  standin_host_destroy (host, 3);
  expect_event ("@releaseDomain");
  ck_assert (!xs_is_domain_introduced (watcher, 3));
  ck_assert (xs_is_domain_introduced (watcher, 12));
  ck_no_event ();
}
END_TEST

START_TEST (test_unknown_domain_is_refused)
{
  /* No file in domains/: the hypervisor does not know it. */
  ck_assert (!xs_introduce_domain (watcher, 9, 1, 1));
}
END_TEST

START_TEST (test_xl_dry_run)
{
  g_autofree char *json = standin_host_dry_run (host, "name='probe'\ntype='pv'\nkernel='/boot/k'\n"
                                                      "memory=64\n");
  g_autofree char *refused = standin_host_dry_run (host, "name=\n");

  ck_assert_ptr_nonnull (json);
  ck_assert_ptr_nonnull (strstr (json, "\"name\": \"probe\""));
  ck_assert_ptr_nonnull (strstr (json, "\"kernel\": \"/boot/k\""));
  ck_assert_ptr_null (refused);
}
END_TEST

START_TEST (test_xl_dry_run_without_xenstored)
{
  g_autofree char *json = NULL;

  standin_host_kill_xenstored (host);
  json = standin_host_dry_run (host, "name='probe'\ntype='pv'\nkernel='/boot/k'\n");
  ck_assert_ptr_nonnull (json);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("standin");
  TCase *tcase = tcase_create ("programs");

  tcase_set_timeout (tcase, 60);
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, test_tools_read_and_write);
  tcase_add_test (tcase, test_introduce_and_release);
  tcase_add_test (tcase, test_domains_are_apart);
  tcase_add_test (tcase, test_unknown_domain_is_refused);
  tcase_add_test (tcase, test_xl_dry_run);
  tcase_add_test (tcase, test_xl_dry_run_without_xenstored);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

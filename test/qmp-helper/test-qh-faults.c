/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System calls that fail or are interrupted; memory that serving must not ask for. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "test/unit/run-suite.h"

static Host host;

static void
setup (void)
{
  qt_host_new (&host);
  qt_peer_bind (&host);
}

static void
teardown (void)
{
  qt_host_free (&host);
}

static void
begin (const char *more)
{
  const char *const arguments[] = {
    "--peer",          host.peer, "--local",     host.helper, "--socket", host.client,
    "--stall-time=60", "--stats", "--qmp-check", more,        NULL
  };
  ck_assert (qt_start_bare (&host, arguments, FAULTS_ENVIRONMENT));
}

static void
set_number (const char *name, unsigned long value)
{
  char text[24];
  snprintf (text, sizeof text, "%lu", value);
  setenv (name, text, 1);
}

/* There and back, with answers of a message each. */
static void
exchange (int client, int rounds)
{
  for (int i = 0; i < rounds; i++) {
    qt_say (client, "{\"execute\":\"x\"}");
    qt_peer_expect (&host, "{\"execute\":\"x\"}");
    qt_peer_say (&host, "{\"return\": {}}\r\n");
    qt_expect_line (client, "return");
  }
}

/* Whatever waits is interrupted thousands of times. */
START_TEST (interrupting_timer)
{
  set_number ("QT_ALARM_US", 200);
  begin (NULL);
  for (int i = 0; i < 5; i++) {
    int client = qt_session (&host);
    exchange (client, 100);
    close (client);
    qt_peer_expect (&host, "dead");
  }
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
  ck_assert (qt_log_has (&host, " lost=0"));
  ck_assert (qt_log_has (&host, " messages=505"));
  ck_assert (qt_log_has (&host, " bad_messages=0"));
}
END_TEST

static const int accept_errors[] = { ENOSPC, EMFILE, ENFILE, ENOBUFS,
                                     ENOMEM, EPROTO, EINTR,  ECONNABORTED };

/* The socket stays, the one who waits is served when it is over. */
START_TEST (accept_fails)
{
  bool is_passing = accept_errors[_i] == EINTR || accept_errors[_i] == ECONNABORTED;
  set_number ("QT_ACCEPT_ERROR", (unsigned long)accept_errors[_i]);
  set_number ("QT_ACCEPT_ERRORS", 2);
  begin (NULL);
  int client = qt_session (&host);
  exchange (client, 1);
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
  ck_assert (qt_log_has (&host, is_passing ? " accept_errors=0" : " accept_errors=2"));
}
END_TEST

static uint64_t
allocations (int fd)
{
  uint64_t value = 0;
  ck_assert_int_eq (pread (fd, &value, sizeof value, 0), sizeof value);
  return value;
}

/* Once it serves, it has all the memory it will ever ask for. */
START_TEST (no_allocation)
{
  static char block[100000];
  char path[128];
  snprintf (path, sizeof path, "%s/count", host.folder);
  int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ck_assert_int_eq (ftruncate (fd, sizeof (uint64_t)), 0);
  setenv ("QT_MALLOC_COUNT", path, 1);
  begin (NULL);
  close (qt_session (&host));
  qt_peer_expect (&host, "dead");
  uint64_t before = allocations (fd);
  for (int i = 0; i < 3; i++) {
    int client = qt_session (&host);
    exchange (client, 20);
    qt_write (client, block, sizeof block);
    for (size_t got = 0; got < sizeof block;)
      got += qt_peer_take (&host, block, sizeof block);
    close (client);
    qt_peer_expect (&host, "dead");
  }
  ck_assert_uint_eq (allocations (fd), before);
  if (!QT_SANITIZED) /* which has an allocator of its own */
    ck_assert_uint_gt (before, 0);
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
  close (fd);
}
END_TEST

/* What is counted when messages are looked at, wherever they are cut. */
START_TEST (counted_messages)
{
  begin (NULL);
  int client = qt_session (&host);
  qt_peer_say (&host, "{\"event\": ");
  qt_peer_say (&host, "\"}\"}\r\n{\"return\": [");
  qt_peer_say (&host, "]}\r\nrubbish\r\n{}\r\n");
  qt_expect_line (client, "event");
  qt_expect_line (client, "return");
  qt_expect_line (client, "rubbish");
  qt_expect_line (client, "{}");
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
  ck_assert (qt_log_has (&host, " messages=4")); /* with the greeting */
  ck_assert (qt_log_has (&host, " bad_messages=1"));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("qmp-helper faults");
  TCase *cases = qt_case (suite, "faults");
  tcase_add_checked_fixture (cases, setup, teardown);
  tcase_add_test (cases, interrupting_timer);
  tcase_add_loop_test (cases, accept_fails, 0, sizeof accept_errors / sizeof *accept_errors);
  tcase_add_test (cases, no_allocation);
  tcase_add_test (cases, counted_messages);
  return run_suite (suite);
}

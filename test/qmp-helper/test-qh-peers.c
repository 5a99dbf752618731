/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The other end in each version that there has been: QEMU's character device, and the monitor
   behind it. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fixture.h"
#include "test/unit/run-suite.h"

static Host host;

/** Version: how one of them behaves. */
static const struct {
  const char *name;
  bool starts_open;
  bool exact;   /* only datagrams of four bytes say something */
  bool reopens; /* a `live` while open closes it first */
} versions[] = {
  { "2016", true, false, false },
  { "2020", false, false, false },
  { "patched", false, true, true },
};

/** Chardev: one of them. Its buffer is as large as theirs, and keeps what was in it. */
typedef struct {
  int version, fd;
  atomic_bool open;
  bool negotiated;
  unsigned char buffer[4096];
  char line[4096]; /* the monitor's */
  size_t n_line;
  unsigned greetings;
} Chardev;

static Chardev chardev;
static pthread_t thread;
static atomic_bool over;

static void
monitor_says (const char *text)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  strcpy (address.sun_path, host.helper);
  if (chardev.open) /* else it goes nowhere, and counts as written */
    sendto (chardev.fd, text, strlen (text), 0, (struct sockaddr *)&address, sizeof address);
}

static void
opened (void)
{
  chardev.open = true;
  chardev.negotiated = false;
  chardev.greetings++;
  monitor_says (QT_GREETING);
}

/* The monitor reads text whether the device is open or not. */
static void
monitor_hears (const unsigned char *bytes, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    if (bytes[i] != '\n') {
      if (chardev.n_line < sizeof chardev.line - 1)
        chardev.line[chardev.n_line++] = (char)bytes[i];
      continue;
    }
    chardev.line[chardev.n_line] = '\0';
    chardev.n_line = 0;
    if (chardev.line[0] == '\0')
      continue;
    bool negotiates = strstr (chardev.line, "qmp_capabilities") != NULL;
    if (chardev.line[0] == '{' && chardev.negotiated != negotiates) {
      chardev.negotiated = true;
      monitor_says ("{\"return\": {}}\r\n");
    } else {
      monitor_says ("{\"error\": {\"class\": \"GenericError\"}}\r\n");
    }
  }
}

static void
take (size_t count)
{
  bool may_be_word = count == 4 || !versions[chardev.version].exact;
  bool live = may_be_word && memcmp (chardev.buffer, "live", 4) == 0;
  bool dead = may_be_word && memcmp (chardev.buffer, "dead", 4) == 0;
  if (live && (!chardev.open || versions[chardev.version].reopens))
    opened ();
  else if (dead && chardev.open)
    chardev.open = false;
  else
    monitor_hears (chardev.buffer, count);
}

static void *
run (void *data)
{
  while (!atomic_load (&over)) {
    struct pollfd wait = { .fd = chardev.fd, .events = POLLIN };
    if (poll (&wait, 1, 20) <= 0)
      continue;
    ssize_t n = recv (chardev.fd, chardev.buffer, sizeof chardev.buffer, MSG_TRUNC);
    if (n >= 0)
      take (n < (ssize_t)sizeof chardev.buffer ? (size_t)n : sizeof chardev.buffer);
  }
  return NULL;
}

static void
start_chardev (int version)
{
  qt_peer_bind (&host);
  memset ((void *)&chardev, 0, sizeof chardev);
  chardev.version = version;
  chardev.fd = host.peer_fd;
  atomic_store (&over, false);
  if (versions[version].starts_open)
    opened (); /* nobody is there yet */
  ck_assert_int_eq (pthread_create (&thread, NULL, run, NULL), 0);
}

static void
stop_chardev (void)
{
  atomic_store (&over, true);
  pthread_join (thread, NULL);
  qt_peer_close (&host);
}

static void
setup (void)
{
  qt_host_new (&host);
}

static void
teardown (void)
{
  qt_host_free (&host);
}

/* As libxl does it: the greeting is the first thing, and there is one. */
static void
operation (void)
{
  int client = qt_connect (host.client);
  qt_expect_line (client, "{\"QMP\"");
  qt_say (client, "{\"execute\":\"qmp_capabilities\"}\r\n");
  qt_expect_line (client, "{\"return\": {}}");
  qt_say (client, "{\"execute\":\"deadbeef\"}\r\n");
  qt_expect_line (client, "{\"return\": {}}");
  close (client);
}

/* The last session's end has arrived. */
static void
wait_closed (void)
{
  for (int i = 0; i < QT_WAIT_MS / 5 && atomic_load (&chardev.open); i++)
    usleep (5000);
  ck_assert (!atomic_load (&chardev.open));
}

START_TEST (sessions)
{
  start_chardev (_i);
  START (&host, "--stall-time=60");
  for (int i = 0; i < 20; i++)
    operation ();
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
  stop_chardev ();
  ck_assert_uint_eq (chardev.greetings, 20 + versions[_i].starts_open);
  ck_assert (!chardev.open);
}
END_TEST

/* QEMU begins anew while nobody looks; and the helper does, in front of a QEMU that is open. */
START_TEST (restarts)
{
  start_chardev (_i);
  START (&host, "--stall-time=60");
  operation ();
  wait_closed ();
  stop_chardev ();
  start_chardev (_i);
  operation ();
  int client = qt_connect (host.client);
  qt_expect_line (client, "{\"QMP\"");
  kill (host.pid, SIGKILL);
  ck_assert_int_eq (qt_ended (&host.pid), 1000 + SIGKILL);
  close (client);
  START (&host, "--stall-time=60");
  operation ();
  operation ();
  wait_closed ();
  /* A client is turned away while nobody is there; the next one is served. */
  stop_chardev ();
  client = qt_connect (host.client);
  qt_expect_end (client);
  close (client);
  start_chardev (_i);
  operation ();
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
  stop_chardev ();
}
END_TEST

/* QEMU begins anew in the middle of a session: that one is lost, those behind it are as any. */
START_TEST (restarts_in_a_session)
{
  start_chardev (_i);
  START (&host, "--stall-time=60");
  for (int i = 0; i < 3; i++) {
    int client = qt_connect (host.client);
    qt_expect_line (client, "{\"QMP\"");
    stop_chardev ();
    start_chardev (_i);
    qt_say (client, "{\"execute\":\"qmp_capabilities\"}\r\n");
    close (client);
    operation ();
    operation ();
    wait_closed ();
  }
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
  stop_chardev ();
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("qmp-helper peers");
  TCase *cases = qt_case (suite, "peers");
  int count = sizeof versions / sizeof *versions;
  tcase_add_checked_fixture (cases, setup, teardown);
  tcase_add_loop_test (cases, sessions, 0, count);
  tcase_add_loop_test (cases, restarts, 0, count);
  tcase_add_loop_test (cases, restarts_in_a_session, 0, count);
  return run_suite (suite);
}

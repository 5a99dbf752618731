/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libxl's conversations with Debian's QEMU, through both ends of the helper. */
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xenstore.h>

#include "fake-grants.h"
#include "fixture.h"
#include "test/simhost/standin/standin-host.h"
#include "test/unit/run-suite.h"

#define STUBDOM "8"
#define NODE    "/local/domain/" STUBDOM "/device-model/7/qmp-vchan"

static Host host;
static StandinHost *xen;
static struct xs_handle *xs;

static void
setup (void)
{
  qt_host_new (&host);
  qt_qemu (&host);
}

static void
teardown (void)
{
  qt_host_free (&host);
  if (xs != NULL)
    xs_close (xs);
  if (xen != NULL)
    standin_host_free (xen);
  xs = NULL;
  xen = NULL;
}

/** Way: how the two are joined. */
static const struct {
  const char *type;
  bool agent, mux; /* without an agent the helper connects to QEMU's own socket */
} ways[] = {
  { "dgram", true, false },
  { "seqpacket", true, false },
  { "stream", false, false },
  { "stream", true, false },
  { "dgram", true, true },
  { "stream", false, true },
  /* over vchan */
  { "plain", true, false },
  { "marked", true, false },
  { "plain", true, true },
  { "marked", true, true },
};

#define N_WAYS      ((int)(sizeof ways / sizeof *ways))
#define FIRST_VCHAN (N_WAYS - 4)

/* xenstored, the stubdomain, and all that the stand-in for its grants needs. */
static void
make_xen (void)
{
  char path[128];
  xen = standin_host_new ();
  standin_host_start_xenstored (xen);
  standin_host_introduce (xen, atoi (STUBDOM));
  xs = xs_open (0);
  ck_assert_ptr_nonnull (xs);
  ck_assert (xs_write (xs, XBT_NULL, "domid", "0", 1));
  snprintf (path, sizeof path, "%s/memory", host.folder);
  int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ck_assert_int_eq (ftruncate (fd, FAKE_GRANTS_TABLES + FAKE_GRANTS_PAGES * 4096), 0);
  close (fd);
  for (int i = 0; i < FAKE_GRANTS_DEVICES; i++) {
    snprintf (path, sizeof path, "%s/device-%d", host.folder, i);
    ck_assert_int_eq (mkfifo (path, 0600), 0);
  }
  setenv ("FAKE_GRANTS", host.folder, 1);
}

/* The end in dom0 as libxl starts it. */
static void
start_vchan_client (bool marked, bool mux)
{
  const char *const arguments[] = { marked ? "--reconnect-marker=1" : "--reconnect-marker=0",
                                    "--stats",
                                    "--stall-time=60",
                                    STUBDOM,
                                    NODE,
                                    host.client,
                                    mux ? "--mux" : NULL,
                                    NULL };
  ck_assert (qt_start_bare (&host, arguments, FAKE_GRANTS_ENVIRONMENT));
}

/* The other one as a stubdomain's init does. */
static void
start_vchan_server (bool marked)
{
  const char *const argv[] = { QMP_HELPER,
                               "--mode=server",
                               QT_SANITIZED ? "--no-sandbox" : "--stats",
                               marked ? "--reconnect-marker=1" : "--reconnect-marker=0",
                               "0",
                               NODE,
                               host.qemu,
                               NULL };
  host.agent_pid = qt_spawn (argv, host.log, FAKE_GRANTS_ENVIRONMENT, -1);
}

static void
join_vchan (bool marked, bool mux)
{
  make_xen ();
  start_vchan_server (marked);
  start_vchan_client (marked, mux);
}

static void
join (int i)
{
  if (i >= FIRST_VCHAN) {
    join_vchan (strcmp (ways[i].type, "marked") == 0, ways[i].mux);
    return;
  }
  if (ways[i].agent)
    qt_agent (&host, ways[i].type);
  const char *arguments[] = { "--unix-type",
                              ways[i].type,
                              "--peer",
                              ways[i].agent ? host.peer : host.qemu,
                              "--local",
                              host.helper,
                              "--socket",
                              host.client,
                              "--stats",
                              "--stall-time=60",
                              ways[i].mux ? "--mux" : NULL,
                              NULL };
  ck_assert (qt_start_bare (&host, arguments, NULL));
}

/* The next line as an object with this id; events in between do not count, as for libxl. */
static json_t *
answer (int fd, json_int_t id)
{
  static char line[2 << 20];
  for (;;) {
    qt_read_line (fd, line, sizeof line);
    json_t *object = json_loads (line, JSON_DECODE_INT_AS_REAL, NULL);
    ck_assert_msg (json_is_object (object), "%s", line);
    ck_assert_ptr_null (json_object_get (object, "QMP"));
    if (json_object_get (object, "event") == NULL) {
      ck_assert_msg ((json_int_t)json_number_value (json_object_get (object, "id")) == id, "%.300s",
                     line);
      return object;
    }
    json_decref (object);
  }
}

#define FIRST_ID 0x786c7100 /* as libxl counts */

/* One of libxl's operations: a connection of its own, commands one by one. */
static void
operation (const char *const *commands)
{
  char line[1024];
  json_int_t id = FIRST_ID;
  int fd = qt_connect (host.client);
  qt_read_line (fd, line, sizeof line);
  json_t *greeting = json_loads (line, 0, NULL);
  json_int_t major = -1;
  ck_assert_int_eq (
      json_unpack (greeting, "{s:{s:{s:{s:I}}}}", "QMP", "version", "qemu", "major", &major), 0);
  ck_assert_int_ge (major, 5);
  json_decref (greeting);
  for (int i = -1; i < 0 || commands[i] != NULL; i++, id++) {
    snprintf (line, sizeof line, "{\"execute\":\"%s,\"id\":%lld}\r\n",
              i < 0 ? "qmp_capabilities\"" : commands[i], (long long)id);
    qt_say (fd, line);
    json_t *object = answer (fd, id);
    ck_assert_msg (json_object_get (object, "return") != NULL, "%s", line);
    json_decref (object);
  }
  close (fd);
}

static const char *const operations[][8] = {
  { "query-status\"", NULL },
  { "query-chardev\"", NULL },
  { "cont\"", NULL },
  { "stop\"", "query-status\"", "cont\"", NULL },
  { "query-version\"", "query-fdsets\"", NULL },
  { "query-cpus-fast\"", NULL },
  { "human-monitor-command\",\"arguments\":{\"command-line\":\"info mtree\"}", NULL },
  { "query-qmp-schema\"", NULL }, /* a quarter of a mebibyte */
};

START_TEST (libxl_operations)
{
  join (_i);
  for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
    operation (operations[i]);
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
}
END_TEST

/* Many short connections, each with exactly one greeting, and memory that stays. */
START_TEST (connections_in_a_row)
{
  static const char *const version[] = { "query-version\"", NULL };
  unsigned long count = qt_number ("QT_CONNECTIONS", _i < FIRST_VCHAN ? 60 : 20), begin = 0;
  join (_i);
  for (unsigned long i = 0; i < count; i++) {
    operation (version);
    if (i == count / 2)
      begin = qt_resident (host.pid);
  }
  ck_assert_uint_le (qt_resident (host.pid), begin + 64);
}
END_TEST

/* A client of a process of its own, killed in the middle of what it does. */
static void
client_to_be_killed (int i, bool mux)
{
  char line[1024];
  int fd = qt_connect (host.client);
  qt_read_line (fd, line, sizeof line);
  qt_say (fd, "{\"execute\":\"qmp_capabilities\",\"id\":1}");
  if (i % 2)
    qt_expect_line (fd, "\"id\": 1");
  qt_say (fd, mux ? "{\"execute\":\"query-qmp-schema\",\"id\":2}"
                  : "{\"execute\":\"query-version\",\"id\":2}");
  if (i % 3 == 0)
    qt_say (fd, "{\"execute\":\"query-ver"); /* half a command */
  kill (getpid (), SIGKILL);
}

/* Clients that vanish in the middle of a command leave nothing to those behind them. (QEMU itself
   gives the rest of a long answer to whoever connects next: only the multiplexer, which stays
   connected, keeps that from its clients.) */
START_TEST (killed_clients)
{
  join (_i);
  for (int i = 0; i < 6; i++) {
    pid_t pid = fork ();
    if (pid == 0) {
      client_to_be_killed (i, ways[_i].mux);
      _exit (9);
    }
    ck_assert_int_eq (qt_ended (&pid), 1000 + SIGKILL);
    operation (operations[0]);
  }
}
END_TEST

/* Whether QEMU answers this client: of one that has gone the multiplexer may yet have to hear. */
static bool
reaches_qemu (void)
{
  static const char asked[] = "{\"execute\":\"qmp_capabilities\"}\n"
                              "{\"execute\":\"query-version\",\"id\":\"reached\"}\n";
  char answer[4096] = "";
  size_t len = 0;
  ssize_t n = 1;
  int fd = qt_connect (host.client);
  send (fd, asked, strlen (asked), MSG_NOSIGNAL);
  while (n > 0 && strstr (answer, "\"reached\"") == NULL) {
    ck_assert_uint_lt (len, sizeof answer - 1);
    ck_assert_msg (qt_readable (fd, QT_WAIT_MS), "neither an answer nor an end");
    n = read (fd, answer + len, sizeof answer - 1 - len);
    len += n > 0 ? (size_t)n : 0;
    answer[len] = '\0';
  }
  close (fd);
  return n > 0;
}

/* QEMU is killed and started again: what was begun ends, what comes next works. */
START_TEST (qemu_restarts)
{
  join (_i);
  operation (operations[0]);
  kill (host.qemu_pid, SIGKILL);
  ck_assert_int_eq (qt_ended (&host.qemu_pid), 1000 + SIGKILL);
  unlink (host.qemu);
  qt_qemu (&host);
  while (ways[_i].mux && !reaches_qemu ())
    ;
  operation (operations[0]);
}
END_TEST

/* With a vchan as well, nothing but what serving takes is left. */
START_TEST (sandboxed_vchan)
{
  const char *const argv[] = { QMP_HELPER, "--sandbox-test", STUBDOM, NODE, host.client, NULL };
  make_xen ();
  setenv ("ASAN_OPTIONS", "detect_leaks=0", 1); /* the filter forbids what it does */
  pid_t pid = qt_spawn (argv, host.log, FAKE_GRANTS_ENVIRONMENT, -1);
  ck_assert_int_eq (qt_ended (&pid), 0);
  ck_assert (qt_log_has (&host, "execve: denied"));
  ck_assert (qt_log_has (&host, "fork: denied"));
  ck_assert (qt_log_has (&host, "mmap-exec: denied"));
  ck_assert (!qt_log_has (&host, "ALLOWED"));
}
END_TEST

/* The end of the stubdomain is the helper's, in the middle of a session or between two. */
START_TEST (vchan_ends_with_its_domain)
{
  join_vchan (_i % 2, _i / 2 % 2);
  operation (operations[0]);
  int client = _i < 4 ? -1 : qt_connect (host.client);
  if (client >= 0)
    qt_expect_line (client, "{\"QMP\"");
  standin_host_destroy (xen, atoi (STUBDOM));
  ck_assert_int_eq (qt_ended (&host.pid), 0);
  ck_assert_int_ne (access (host.client, F_OK), 0);
  if (client >= 0)
    close (client);
}
END_TEST

/* Which vchan the server offers; 0: none. */
static int
offered (void)
{
  unsigned len;
  char *text = xs_read (xs, XBT_NULL, NODE "/ring-ref", &len);
  int reference = text != NULL ? atoi (text) : 0;
  free (text);
  return reference;
}

/* A helper that ends within a session, and one that takes its place. With markers it finds the
   vchan that there was, otherwise a new one. */
START_TEST (vchan_outlives_a_helper)
{
  bool marked = _i % 2, mux = _i / 2;
  join_vchan (marked, mux);
  int client = qt_connect (host.client);
  qt_expect_line (client, "{\"QMP\"");
  int first = offered ();
  ck_assert_int_gt (first, 0);
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
  close (client);
  for (int i = 0; i < QT_WAIT_MS / 5 && !marked && (offered () == first || offered () == 0); i++)
    usleep (5000);
  ck_assert_int_eq (offered () == first, marked);
  start_vchan_client (marked, mux);
  operation (operations[0]);
  operation (operations[7]);
}
END_TEST

/* The stubdomain is slower than its first client. */
START_TEST (vchan_made_later)
{
  bool marked = _i % 2, mux = _i / 2;
  make_xen ();
  start_vchan_client (marked, mux);
  int client = qt_connect (host.client);
  ck_assert (!qt_readable (client, 100));
  start_vchan_server (marked);
  qt_expect_line (client, "{\"QMP\"");
  close (client);
  operation (operations[0]);
}
END_TEST

/* With an argument: what goes over vchan. */
int
main (int argc, char **argv)
{
  bool vchan = argc > 1;
  int first = vchan ? FIRST_VCHAN : 0, end = vchan ? N_WAYS : FIRST_VCHAN;
  Suite *suite = suite_create (vchan ? "qmp-helper vchan" : "qmp-helper qemu");
  TCase *cases = qt_case (suite, "qemu");
  tcase_add_checked_fixture (cases, setup, teardown);
  tcase_add_loop_test (cases, libxl_operations, first, end);
  tcase_add_loop_test (cases, connections_in_a_row, first, end);
  tcase_add_loop_test (cases, killed_clients, first, end);
  if (vchan) {
    tcase_add_loop_test (cases, qemu_restarts, first, end);
    tcase_add_loop_test (cases, vchan_ends_with_its_domain, 0, 8);
    tcase_add_loop_test (cases, vchan_outlives_a_helper, 0, 4);
    tcase_add_loop_test (cases, vchan_made_later, 0, 4);
    tcase_add_test (cases, sandboxed_vchan);
  } else {
    /* All that can tell. */
    tcase_add_loop_test (cases, qemu_restarts, 0, 4);
    tcase_add_loop_test (cases, qemu_restarts, 5, 6);
  }
  return run_suite (suite);
}

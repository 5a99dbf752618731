/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libxl's conversations with Debian's QEMU, through both ends of the helper. */
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixture.h"

static Host host;

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
}

/** Way: how the two are joined. */
static const struct {
  const char *type;
  bool mux;
} ways[] = { { "dgram", false },
             { "seqpacket", false },
             { "stream", false },
             { "dgram", true },
             { "stream", true } };

static void
join (int i)
{
  bool direct = strcmp (ways[i].type, "stream") == 0; /* QEMU's own socket */
  if (!direct)
    qt_agent (&host, ways[i].type);
  const char *arguments[] = { "--unix-type",
                              ways[i].type,
                              "--peer",
                              direct ? host.qemu : host.peer,
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
  for (int round = 0; round < 1; round++)
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
      operation (operations[i]);
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
}
END_TEST

/* Many short connections, each with exactly one greeting, and memory that stays. */
START_TEST (connections_in_a_row)
{
  static const char *const version[] = { "query-version\"", NULL };
  unsigned long count = qt_number ("QT_CONNECTIONS", 60), begin = 0;
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

/* QEMU is killed and started again: what was begun ends, what comes next works. */
START_TEST (qemu_restarts)
{
  join (_i);
  operation (operations[0]);
  kill (host.qemu_pid, SIGKILL);
  ck_assert_int_eq (qt_ended (&host.qemu_pid), 1000 + SIGKILL);
  unlink (host.qemu);
  qt_qemu (&host);
  if (ways[_i].mux) {
    /* The multiplexer's own connection may take one client to find out. */
    char byte;
    int fd = qt_connect (host.client);
    ck_assert (qt_readable (fd, QT_WAIT_MS));
    ck_assert_int_ge (read (fd, &byte, 1), 0);
    close (fd);
  }
  operation (operations[0]);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("qmp-helper qemu");
  TCase *cases = qt_case (suite, "qemu");
  tcase_add_checked_fixture (cases, setup, teardown);
  tcase_add_loop_test (cases, libxl_operations, 0, sizeof ways / sizeof *ways);
  tcase_add_loop_test (cases, connections_in_a_row, 0, sizeof ways / sizeof *ways);
  tcase_add_loop_test (cases, killed_clients, 0, sizeof ways / sizeof *ways);
  tcase_add_loop_test (cases, qemu_restarts, 0, 3);
  return qt_main (suite);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Several clients over one monitor that is this test. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "qmp-helper/message.h"
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

static char said[1 << 20]; /* by the helper, not yet looked at; a line is a command */
static size_t n_said;
static size_t last_length; /* of a command */

/* One command of the helper's; returns its number. */
static unsigned
expect_command (const char *part)
{
  static char line[1 << 19];
  char *end;
  while ((end = memchr (said, '\n', n_said)) == NULL) {
    ck_assert_uint_lt (n_said, sizeof said / 2);
    n_said += qt_peer_take (&host, said + n_said, sizeof said - n_said);
  }
  size_t n = (size_t)(end - said);
  ck_assert_uint_lt (n, sizeof line);
  memcpy (line, said, n);
  line[n] = '\0';
  last_length = n;
  n_said -= n + 1;
  memmove (said, end + 1, n_said);
  ck_assert_msg (strstr (line, part) != NULL, "`%s' is not in `%s'", part, line);
  const char *id = strstr (line, "\"id\":");
  ck_assert_ptr_nonnull (id);
  return (unsigned)strtoul (id + 5, NULL, 10);
}

static void
answer (unsigned number, const char *value)
{
  char line[512];
  snprintf (line, sizeof line, "{\"return\": %s, \"id\": %u}\r\n", value, number);
  qt_peer_say (&host, line);
}

/* The helper's own session is up, with a first client. */
static int
first_client (const char *more)
{
  START (&host, "--mux", more);
  int client = qt_connect (host.client);
  qt_peer_opened (&host);
  qt_peer_say (&host, QT_GREETING);
  answer (expect_command ("qmp_capabilities"), "{}");
  qt_expect_line (client, "\"QMP\"");
  return client;
}

static void
negotiate (int client)
{
  qt_say (client, "{\"execute\":\"qmp_capabilities\"}\n");
  qt_expect_line (client, "{\"return\": {}}");
}

START_TEST (ids_are_kept_apart)
{
  int a = first_client ("--stall-time=60"), b = qt_connect (host.client);
  qt_expect_line (b, "\"QMP\"");
  negotiate (a);
  negotiate (b);
  qt_say (a, "{\"execute\":\"x\",\"id\":1}");
  unsigned of_a = expect_command ("\"execute\":\"x\"");
  qt_say (b, "{\"id\":1,\"execute\":\"y\"}");
  unsigned of_b = expect_command ("\"execute\":\"y\"");
  qt_say (a, "{\"execute\":\"z\"}");
  unsigned without = expect_command ("\"execute\":\"z\"");
  ck_assert_uint_ne (of_a, of_b);
  answer (of_b, "\"for b\"");
  answer (without, "[18446744073709551615, 1e999]"); /* no number is touched */
  answer (of_a, "\"for a\"");
  qt_expect_line (a, "{\"return\": [18446744073709551615, 1e999]}");
  qt_expect_line (a, "{\"return\": \"for a\", \"id\": 1}");
  qt_expect_line (b, "{\"return\": \"for b\", \"id\": 1}");
}
END_TEST

/* A client that speaks before it is greeted, and stops sending, still gets its answers. */
START_TEST (hasty_client)
{
  START (&host, "--mux", "--stall-time=60");
  int client = qt_connect (host.client);
  qt_say (client, "{\"execute\":\"qmp_capabilities\",\"id\":1}{\"execute\":\"x\",\"id\":2}\r\n");
  ck_assert_int_eq (shutdown (client, SHUT_WR), 0);
  qt_peer_opened (&host);
  qt_peer_say (&host, QT_GREETING);
  answer (expect_command ("qmp_capabilities"), "{}");
  qt_expect_line (client, "\"QMP\"");
  qt_expect_line (client, "{\"id\": 1, \"return\": {}}");
  answer (expect_command ("\"execute\":\"x\""), "{}");
  qt_expect_line (client, "{\"return\": {}, \"id\": 2}");
}
END_TEST

START_TEST (everybody_hears_events)
{
  int a = first_client ("--stall-time=60"), b = qt_connect (host.client),
      c = qt_connect (host.client);
  qt_expect_line (b, "\"QMP\"");
  qt_expect_line (c, "\"QMP\"");
  negotiate (a);
  negotiate (b);
  qt_peer_say (&host,
               "{\"event\": \"SUSPEND\", \"id\": 1}\r\n{\"what\": \"is this\"}\r\n"
               "{\"return\": 1, \"id\": 4000000000}\r\nrubbish\r\n{\"event\": \"WAKEUP\"}\r\n");
  for (int i = 0; i < 2; i++) {
    int client = i == 0 ? a : b;
    qt_expect_line (client, "SUSPEND");
    qt_expect_line (client, "is this");
    qt_expect_line (client, "4000000000"); /* an answer that nobody waits for */
    qt_expect_line (client, "WAKEUP");
  }
  ck_assert (!qt_readable (c, 50)); /* has not negotiated */
  negotiate (c);
}
END_TEST

START_TEST (answers_for_the_gone)
{
  int a = first_client ("--stall-time=60"), b = qt_connect (host.client);
  qt_expect_line (b, "\"QMP\"");
  negotiate (a);
  negotiate (b);
  qt_say (a, "{\"execute\":\"slow\",\"id\":7}");
  unsigned number = expect_command ("slow");
  close (a);
  a = qt_connect (host.client); /* in the same place */
  qt_expect_line (a, "\"QMP\"");
  negotiate (a);
  answer (number, "{}");
  qt_peer_say (&host, "{\"event\": \"X\"}\r\n");
  qt_expect_line (a, "\"X\"");
  qt_expect_line (b, "\"X\"");
}
END_TEST

/* A session for all that ends, ends for all; who comes next begins anew. */
START_TEST (monitor_begins_anew)
{
  int a = first_client ("--stall-time=60");
  negotiate (a);
  qt_peer_say (&host, QT_GREETING);
  qt_expect_end (a);
  int b = qt_connect (host.client);
  qt_peer_opened (&host);
  qt_peer_say (&host, QT_GREETING);
  answer (expect_command ("qmp_capabilities"), "{}");
  qt_expect_line (b, "\"QMP\"");
}
END_TEST

START_TEST (silent_monitor_is_found_out)
{
  int a = first_client ("--stall-time=2");
  negotiate (a);
  usleep (1100000); /* what the helper counts as silence */
  int b = qt_connect (host.client);
  expect_command ("query-version");
  /* No answer: both are let go, and the session is made anew. */
  qt_expect_end (b);
  qt_expect_end (a);
  b = qt_connect (host.client);
  qt_peer_opened (&host);
}
END_TEST

START_TEST (slow_client_holds_nobody_for_long)
{
  static char event[16000];
  int a = first_client ("--stall-time=1"), b = qt_connect (host.client);
  qt_expect_line (b, "\"QMP\"");
  negotiate (a);
  negotiate (b);
  int n = snprintf (event, sizeof event, "{\"event\": \"BIG\", \"data\": \"");
  memset (event + n, 'x', sizeof event - (size_t)n);
  memcpy (event + sizeof event - 4, "\"}\r\n", 4);
  pid_t reader = fork ();
  if (reader == 0) {
    for (int i = 0; i < 150; i++)
      qt_expect_line (b, "BIG");
    _exit (0);
  }
  for (int i = 0; i < 150; i++)
    qt_peer_send (&host, event, sizeof event);
  ck_assert_int_eq (qt_ended (&reader), 0);
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
  ck_assert (qt_log_has (&host, "stalled=1"));
  close (a);
}
END_TEST

START_TEST (greedy_client)
{
  int a = first_client ("--stall-time=60"), b = qt_connect (host.client);
  char long_id[400];
  qt_expect_line (b, "\"QMP\"");
  negotiate (a);
  negotiate (b);
  for (int i = 0; i < 40; i++)
    qt_say (a, "{\"execute\":\"many\"}");
  unsigned numbers[40];
  for (int i = 0; i < 32; i++)
    numbers[i] = expect_command ("many");
  ck_assert (!qt_readable (host.peer_fd, 50)); /* the rest waits */
  ck_assert_uint_eq (n_said, 0);
  qt_say (b, "{\"execute\":\"other\"}");
  answer (expect_command ("other"), "{}");
  qt_expect_line (b, "{\"return\": {}}");
  for (int i = 0; i < 8; i++) {
    answer (numbers[i], "{}");
    qt_expect_line (a, "return");
    numbers[32 + i] = expect_command ("many");
  }
  memset (long_id, 'i', sizeof long_id);
  memcpy (long_id, "{\"execute\":\"x\",\"id\":\"", 21);
  memcpy (long_id + sizeof long_id - 3, "\"}", 3);
  qt_say (b, long_id);
  qt_expect_line (b, "id is too long");
}
END_TEST

START_TEST (reply_of_a_mebibyte)
{
  static char reply[1 << 20], line[(1 << 20) + 64];
  int a = first_client ("--stall-time=60");
  negotiate (a);
  qt_say (a, "{\"execute\":\"big\",\"id\":\"B\"}");
  unsigned number = expect_command ("big");
  memset (reply, 'r', sizeof reply);
  int begin = snprintf (reply, sizeof reply, "{\"id\": %u, \"return\": \"", number);
  reply[begin] = 'r';
  memcpy (reply + sizeof reply - 4, "\"}\r\n", 4);
  pid_t sender = fork ();
  if (sender == 0) {
    for (size_t at = 0; at < sizeof reply; at += 16000)
      qt_peer_send (&host, reply + at, sizeof reply - at < 16000 ? sizeof reply - at : 16000);
    _exit (0);
  }
  size_t n = qt_read_line (a, line, sizeof line);
  ck_assert_uint_gt (n, sizeof reply - 16);
  ck_assert_int_eq (strncmp (line, "{\"id\": \"B\", \"return\": \"rrr", 26), 0);
  ck_assert_int_eq (qt_ended (&sender), 0);
  /* And afterwards the memory is not kept. */
  qt_say (a, "{\"execute\":\"small\"}");
  answer (expect_command ("small"), "{}");
  qt_expect_line (a, "return");
#if !defined __SANITIZE_ADDRESS__
  ck_assert_uint_lt (qt_resident (host.pid), qt_number ("QT_RESIDENT_KIB", 65536));
#endif
  qt_end (&host, SIGTERM);
}
END_TEST

START_TEST (too_many_clients)
{
  int clients[17];
  clients[0] = first_client ("--stall-time=60");
  for (int i = 1; i < 17; i++) {
    clients[i] = qt_connect (host.client);
    if (i < 16)
      qt_expect_line (clients[i], "\"QMP\"");
  }
  qt_expect_end (clients[16]);
}
END_TEST

/* A command of @size bytes, within which is nothing but one word over and over. */
static void
say_large (int client, size_t size)
{
  static const char head[] = "{\"execute\":\"large\",\"arguments\":{\"text\":\"", tail[] = "\"}}";
  static char command[1 << 20];
  ck_assert_uint_le (size, sizeof command);
  for (size_t i = 0; i < size; i++)
    command[i] = "dead"[i % 4];
  memcpy (command, head, sizeof head - 1);
  memcpy (command + size - (sizeof tail - 1), tail, sizeof tail - 1);
  qt_write (client, command, size);
}

START_TEST (command_sizes)
{
  static const size_t sizes[] = { 64, 4095, 4096, 4097, 16272, 16273, 200000 };
  int a = first_client ("--stall-time=60"), b = qt_connect (host.client);
  qt_expect_line (b, "\"QMP\"");
  negotiate (a);
  negotiate (b);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    say_large (a, sizes[i]);
    answer (expect_command ("\"large\""), "{}");
    /* It got a number as its id, nothing else. */
    ck_assert_uint_gt (last_length, sizes[i]);
    ck_assert_uint_lt (last_length, sizes[i] + 24);
    qt_expect_line (a, "return");
  }
}
END_TEST

/* One that fills all the room there is ends whoever says it, and nobody else. */
START_TEST (command_without_end)
{
  int a = first_client ("--stall-time=60"), b = qt_connect (host.client);
  qt_expect_line (b, "\"QMP\"");
  negotiate (a);
  negotiate (b);
  pid_t sender = fork ();
  if (sender == 0) {
    say_large (a, 1 << 20);
    _exit (0);
  }
  qt_expect_end (a);
  close (a);
  waitpid (sender, NULL, 0); /* it can fail */
  qt_say (b, "{\"execute\":\"x\"}");
  answer (expect_command ("\"execute\":\"x\""), "{}");
  qt_expect_line (b, "return");
}
END_TEST

/* With nobody there, before the monitor has spoken, and with two that are served. */
START_TEST (ends_on_signals)
{
  static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
  int state = _i / 3, a = -1, b = -1;
  if (state == 2) {
    a = first_client ("--stall-time=30");
    b = qt_connect (host.client);
    qt_expect_line (b, "\"QMP\"");
    negotiate (b);
    qt_say (b, "{\"execute\":\"slow\"}");
    expect_command ("slow");
  } else {
    START (&host, "--mux", "--stall-time=30");
  }
  if (state == 1) {
    a = qt_connect (host.client);
    qt_peer_opened (&host);
  }
  ck_assert_int_eq (qt_end (&host, signals[_i % 3]), 0);
  ck_assert_int_ne (access (host.client, F_OK), 0);
  if (state > 0) {
    qt_peer_expect (&host, "dead");
    qt_expect_end (a);
  }
  if (state == 2)
    qt_expect_end (b);
}
END_TEST

static const struct {
  const char *text;
  bool object;
  unsigned has;
  const char *id;      /* NULL: none */
  const char *without; /* the text without its id */
} messages[] = {
  { "{}", true, 0, NULL, NULL },
  { " { } ", true, 0, NULL, NULL },
  { "{\"id\":1}", true, QH_HAS_ID, "1", "{}" },
  { "{\"id\": {\"a\": [1, \"}\"]} , \"return\": {}}", true, QH_HAS_ID | QH_HAS_ANSWER,
    "{\"a\": [1, \"}\"]}", "{ \"return\": {}}" },
  { "{\"error\": {}, \"id\": \"x\\\"y\"}", true, QH_HAS_ID | QH_HAS_ANSWER, "\"x\\\"y\"",
    "{\"error\": {}}" },
  { "{\"a\": {\"id\": 1}, \"event\": \"E\"}", true, QH_HAS_EVENT, NULL, NULL },
  { "{\"QMP\": 1}", true, QH_HAS_GREETING, NULL, NULL },
  { "{\"id\": 1, \"id\": 2}", false, 0, NULL, NULL },
  { "{\"id\"}", false, 0, NULL, NULL },
  { "{\"id\": }", false, 0, NULL, NULL },
  { "{\"id\": 1,}", false, 0, NULL, NULL },
  { "{\"id\": 1", false, 0, NULL, NULL },
  { "{\"id", false, 0, NULL, NULL },
  { "{} x", false, 0, NULL, NULL },
  { "[]", false, 0, NULL, NULL },
  { "", false, 0, NULL, NULL },
};

START_TEST (first_level_of_messages)
{
  QhMessage message;
  const char *text = messages[_i].text;
  ck_assert_int_eq (qh_message_look (text, strlen (text), &message), messages[_i].object);
  if (!messages[_i].object)
    return;
  ck_assert_uint_eq (message.has, messages[_i].has);
  if (messages[_i].id == NULL)
    return;
  char got[128];
  ck_assert_uint_eq (message.id.len, strlen (messages[_i].id));
  ck_assert_int_eq (strncmp (text + message.id.at, messages[_i].id, message.id.len), 0);
  snprintf (got, sizeof got, "%.*s%s", (int)message.id_whole.at, text,
            text + message.id_whole.at + message.id_whole.len);
  ck_assert_str_eq (got, messages[_i].without);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("qmp-helper mux");
  TCase *cases = qt_case (suite, "mux");
  tcase_add_checked_fixture (cases, setup, teardown);
  tcase_add_test (cases, ids_are_kept_apart);
  tcase_add_test (cases, hasty_client);
  tcase_add_test (cases, everybody_hears_events);
  tcase_add_test (cases, answers_for_the_gone);
  tcase_add_test (cases, monitor_begins_anew);
  tcase_add_test (cases, silent_monitor_is_found_out);
  tcase_add_test (cases, slow_client_holds_nobody_for_long);
  tcase_add_test (cases, greedy_client);
  tcase_add_test (cases, reply_of_a_mebibyte);
  tcase_add_test (cases, command_sizes);
  tcase_add_test (cases, command_without_end);
  tcase_add_loop_test (cases, ends_on_signals, 0, 9);
  tcase_add_test (cases, too_many_clients);
  TCase *text = qt_case (suite, "text");
  tcase_add_loop_test (text, first_level_of_messages, 0, sizeof messages / sizeof *messages);
  return run_suite (suite);
}

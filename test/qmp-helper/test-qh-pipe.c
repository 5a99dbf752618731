/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes through the real program, over datagrams to an other end that is this test. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
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

/* A known sequence that depends on the position, so that a loss or a swap is seen. */
static unsigned char
byte_at (uint64_t position, unsigned salt)
{
  uint64_t x = (position / 7 + salt) * 0x9e3779b97f4a7c15u;
  return (unsigned char)((x >> 32) + position);
}

START_TEST (session_is_bracketed)
{
  START (&host, "--log-level=debug");
  int client = qt_connect (host.client);
  /* Nothing is known of the other end yet. */
  qt_peer_expect (&host, "dead");
  qt_peer_expect (&host, "\n");
  qt_peer_expect (&host, "live");
  qt_peer_say (&host, QT_GREETING);
  qt_expect_line (client, "\"QMP\"");
  qt_say (client, "{\"execute\":\"x\"}\r\n");
  qt_peer_expect (&host, "{\"execute\":\"x\"}\r\n");
  qt_peer_say (&host, "{}\n");
  qt_expect_line (client, "{}");
  close (client);
  qt_peer_expect (&host, "dead");
  client = qt_connect (host.client);
  qt_peer_expect (&host, "live");
  close (client);
  qt_peer_expect (&host, "dead");
  /* Who does not answer may be another by now. */
  client = qt_connect (host.client);
  qt_peer_expect (&host, "dead");
  qt_peer_expect (&host, "\n");
  qt_peer_expect (&host, "live");
  close (client);
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
}
END_TEST

/* The last words of a client that does not wait still go out, before the end. */
START_TEST (last_words)
{
  START (&host, "--stall-time=30");
  int client = qt_session (&host);
  qt_say (client, "{\"execute\":\"cont\"}");
  close (client);
  qt_peer_expect (&host, "{\"execute\":\"cont\"}");
  qt_peer_expect (&host, "dead");
}
END_TEST

START_TEST (half_closed_client_gets_its_answers)
{
  START (&host, "--stall-time=30");
  int client = qt_session (&host);
  qt_say (client, "ask");
  ck_assert_int_eq (shutdown (client, SHUT_WR), 0);
  qt_peer_expect (&host, "ask");
  ck_assert (!qt_readable (host.peer_fd, 50));
  qt_peer_say (&host, "answer\n");
  qt_expect_line (client, "answer");
  close (client);
  qt_peer_expect (&host, "dead");
}
END_TEST

typedef struct {
  int fd;
  uint64_t size;
} Flow;

static void *
write_flow (void *data)
{
  Flow *flow = data;
  unsigned seed = 3;
  unsigned char bytes[20000];
  for (uint64_t at = 0; at < flow->size;) {
    size_t n = 1 + (size_t)rand_r (&seed) % sizeof bytes;
    if (n > flow->size - at)
      n = (size_t)(flow->size - at);
    for (size_t i = 0; i < n; i++)
      bytes[i] = byte_at (at + i, 1);
    qt_write (flow->fd, bytes, n);
    at += n;
  }
  return NULL;
}

static void *
peer_writes (void *data)
{
  Flow *flow = data;
  unsigned seed = 5;
  unsigned char bytes[16272];
  for (uint64_t at = 0; at < flow->size;) {
    size_t n = 1 + (size_t)rand_r (&seed) % sizeof bytes;
    if (n > flow->size - at)
      n = (size_t)(flow->size - at);
    for (size_t i = 0; i < n; i++)
      bytes[i] = byte_at (at + i, 2);
    qt_peer_send (&host, bytes, n);
    at += n;
  }
  return NULL;
}

static void *
client_reads (void *data)
{
  Flow *flow = data;
  static unsigned char bytes[65536];
  for (uint64_t at = 0; at < flow->size;) {
    size_t n = sizeof bytes < flow->size - at ? sizeof bytes : (size_t)(flow->size - at);
    qt_read (flow->fd, bytes, n);
    for (size_t i = 0; i < n; i++)
      if (bytes[i] != byte_at (at + i, 2))
        ck_abort_msg ("byte %llu to the client is wrong", (unsigned long long)(at + i));
    at += n;
  }
  return NULL;
}

/* Both ways at once; every piece has a random size. */
START_TEST (bulk_both_ways)
{
  uint64_t size = qt_number ("QT_MIB", 8) << 20;
  pthread_t threads[3];
  unsigned char bytes[65536];

  START (&host, "--stall-time=60");
  Flow flow = { .fd = qt_session (&host), .size = size };
  ck_assert_int_eq (pthread_create (&threads[0], NULL, write_flow, &flow), 0);
  ck_assert_int_eq (pthread_create (&threads[1], NULL, peer_writes, &flow), 0);
  ck_assert_int_eq (pthread_create (&threads[2], NULL, client_reads, &flow), 0);
  unsigned long begin = 0;
  for (uint64_t at = 0; at < size;) {
    size_t n = qt_peer_take (&host, bytes, sizeof bytes);
    ck_assert_uint_le (n, 4096);
    for (size_t i = 0; i < n; i++)
      if (bytes[i] != byte_at (at + i, 1))
        ck_abort_msg ("byte %llu to the peer is wrong", (unsigned long long)(at + i));
    at += n;
    if (begin == 0 && at > size / 2)
      begin = qt_resident (host.pid);
  }
  for (int i = 0; i < 3; i++)
    pthread_join (threads[i], NULL);
  ck_assert_uint_le (qt_resident (host.pid), begin + 600);
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
}
END_TEST

/* The other end never waits longer than the stall time, and what it takes to find that out, for a
 * client that does not read. */
START_TEST (client_that_never_reads)
{
  static char block[8192];
  double longest = 0;
  START (&host, "--stall-time=1");
  int client = qt_session (&host);
  memset (block, 'e', sizeof block);
  for (int i = 0; i < 400; i++) {
    double begin = qt_now ();
    qt_peer_send (&host, block, sizeof block);
    double took = qt_now () - begin;
    longest = took > longest ? took : longest;
  }
  ck_assert_double_gt (longest, 0.5);
  ck_assert_double_lt (longest, 5);
  /* Its session ends, and the next client is served. */
  qt_peer_expect (&host, "dead");
  int next = qt_session (&host);
  close (next);
  close (client);
  qt_end (&host, SIGTERM);
  ck_assert (qt_log_has (&host, "stalled=1"));
}
END_TEST

/* An other end that takes nothing: the client is held back, signals are heard. */
START_TEST (peer_that_never_drains)
{
  static char block[65536];
  size_t taken = 0;
  START (&host, "--stall-time=60");
  int client = qt_session (&host);
  fcntl (client, F_SETFL, O_NONBLOCK);
  memset (block, 'c', sizeof block);
  for (int idle = 0; idle < 10;) {
    ssize_t n = write (client, block, sizeof block);
    if (n > 0) {
      taken += (size_t)n;
      idle = 0;
      ck_assert_uint_lt (taken, 4u << 20);
    } else {
      ck_assert_int_eq (errno, EAGAIN);
      idle++;
      usleep (10000);
    }
  }
  kill (host.pid, SIGUSR1);
  for (int i = 0; i < QT_WAIT_MS / 5 && !qt_log_has (&host, "statistics:"); i++)
    usleep (5000);
  ck_assert (qt_log_has (&host, "statistics:"));
  /* What was taken is all delivered once the other end reads. */
  for (size_t got = 0; got < taken;)
    got += qt_peer_take (&host, block, sizeof block);
  close (client);
  qt_peer_expect (&host, "dead");
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
}
END_TEST

START_TEST (ends_while_the_peer_is_stuck)
{
  static char block[200000];
  START (&host, "--stall-time=60");
  int client = qt_session (&host);
  qt_write (client, block, sizeof block);
  ck_assert_int_eq (qt_end (&host, SIGHUP), 0);
  ck_assert_int_ne (access (host.client, F_OK), 0);
}
END_TEST

/* An answer that comes late belongs to a client that has gone. */
START_TEST (no_stale_answer)
{
  START (&host, "--stall-time=30");
  int client = qt_session (&host);
  qt_say (client, "{\"execute\":\"slow\",\"id\":1}");
  qt_peer_expect (&host, "{\"execute\":\"slow\",\"id\":1}");
  close (client);
  qt_peer_expect (&host, "dead");
  int next = qt_connect (host.client);
  qt_peer_opened (&host);
  qt_peer_say (&host, "{\"return\": {}, \"id\": 1}\r\n");
  qt_peer_say (&host, "{\"event\": \"STOP\"}\r\n{\"QMP\"");
  qt_peer_say (&host, ": {}}\r\n");
  qt_expect_line (next, "{\"QMP\": {}}");
  ck_assert (!qt_readable (next, 50));
  close (next);
}
END_TEST

START_TEST (peer_restarts)
{
  START (&host, "--stall-time=30");
  int client = qt_session (&host);
  qt_peer_close (&host);
  qt_say (client, "anything");
  qt_expect_end (client);
  close (client);
  /* Absent: clients are turned away at once, not left to wait. */
  client = qt_connect (host.client);
  qt_expect_end (client);
  close (client);
  qt_peer_bind (&host);
  client = qt_session (&host);
  close (client);
  qt_peer_expect (&host, "dead");
  /* And while idle. */
  qt_peer_close (&host);
  qt_peer_bind (&host);
  close (qt_session (&host));
}
END_TEST

START_TEST (peer_absent_at_start)
{
  qt_peer_close (&host);
  START (&host, "--stall-time=30");
  int client = qt_connect (host.client);
  qt_expect_end (client);
  close (client);
  qt_peer_bind (&host);
  close (qt_session (&host));
}
END_TEST

/* What the other end of 2020 would make of it: it compares the first four bytes of its buffer. */
START_TEST (words_at_every_offset)
{
  static char payload[20100], got[65536];
  unsigned long step = qt_number ("QT_OFFSET_STEP", 61);
  START (&host, "--stall-time=60");
  int client = qt_session (&host);
  /* Right behind the `live` of the session, another is nothing to a monitor that is open. */
  for (size_t offset = _i == 0 ? 0 : 1; offset <= 20000; offset += offset < 64 ? 1 : step) {
    char buffer[4] = "";
    memset (payload, 'x', sizeof payload);
    memcpy (payload + offset, _i == 0 ? "dead" : "live", 4);
    qt_write (client, payload, sizeof payload);
    for (size_t n_got = 0; n_got < sizeof payload;) {
      size_t n = qt_peer_take (&host, got + n_got, sizeof got - n_got);
      memcpy (buffer, got + n_got, n < 4 ? n : 4);
      ck_assert_msg (memcmp (buffer, "dead", 4) != 0 && memcmp (buffer, "live", 4) != 0,
                     "offset %zu", offset);
      n_got += n;
    }
    ck_assert_mem_eq (got, payload, sizeof payload);
  }
}
END_TEST

START_TEST (command_sizes)
{
  static const size_t sizes[] = { 1, 4095, 4096, 4097, 16272, 16273, 200000 };
  static char command[200000], got[4096];
  START (&host, "--stall-time=60");
  int client = qt_session (&host);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    memset (command, 'a' + (int)i, sizeof command);
    qt_write (client, command, sizes[i]);
    for (size_t n_got = 0; n_got < sizes[i];) {
      size_t n = qt_peer_take (&host, got, sizeof got);
      ck_assert_uint_ge (n, 1);
      ck_assert_mem_eq (got, command + n_got, n);
      n_got += n;
    }
  }
}
END_TEST

START_TEST (reply_of_a_mebibyte)
{
  static char reply[(1 << 20) - 1], got[1 << 20];
  START (&host, "--stall-time=60");
  int client = qt_session (&host);
  for (size_t i = 0; i < sizeof reply; i++)
    reply[i] = (char)('a' + i % 26);
  reply[sizeof reply - 1] = '\n';
  pid_t sender = fork ();
  if (sender == 0) {
    for (size_t at = 0; at < sizeof reply; at += 16000)
      qt_peer_send (&host, reply + at, sizeof reply - at < 16000 ? sizeof reply - at : 16000);
    _exit (0);
  }
  qt_read (client, got, sizeof reply);
  ck_assert_mem_eq (got, reply, sizeof reply);
  ck_assert_int_eq (qt_ended (&sender), 0);
}
END_TEST

/* Nobody listens: QEMU never waits for the helper, and the log is not flooded. */
START_TEST (event_storm_without_client)
{
  static const char event[] = "{\"event\": \"RTC_CHANGE\", \"data\": {\"offset\": 1}}\r\n";
  unsigned long count = qt_number ("QT_EVENTS", 50000);
  START (&host, "--log-level=info");
  for (unsigned long i = 0; i < count; i++)
    qt_peer_send (&host, event, sizeof event - 1);
  int client = qt_session (&host);
  ck_assert (!qt_readable (client, 20));
  close (client);
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
  static char log[65536];
  int fd = open (host.log, O_RDONLY | O_CLOEXEC);
  ssize_t n = read (fd, log, sizeof log);
  close (fd);
  ck_assert_int_gt (n, 0);
  ck_assert_int_lt (n, 4096);
  char dropped[64];
  snprintf (dropped, sizeof dropped, " dropped=%lu ", count * (sizeof event - 1));
  ck_assert (qt_log_has (&host, dropped));
}
END_TEST

START_TEST (passed_descriptors_are_closed)
{
  START (&host, "--stall-time=30");
  int client = qt_session (&host);
  int fds[3] = { open ("/dev/null", O_RDWR | O_CLOEXEC), 0, 1 }, ends[2];
  ck_assert_int_eq (pipe2 (ends, O_CLOEXEC), 0);
  fds[1] = ends[1];
  union {
    char bytes[CMSG_SPACE (sizeof fds)];
    struct cmsghdr align;
  } control;
  struct iovec piece = { .iov_base = (void *)"{}", .iov_len = 2 };
  struct msghdr message = {
    .msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
  };
  memset (&control, 0, sizeof control);
  struct cmsghdr *part = CMSG_FIRSTHDR (&message);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN (sizeof fds);
  memcpy (CMSG_DATA (part), fds, sizeof fds);
  ck_assert_int_eq (sendmsg (client, &message, 0), 2);
  qt_peer_expect (&host, "{}");
  close (ends[1]);
  /* The pipe ends: nobody holds its other end any more. */
  qt_expect_end (ends[0]);
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
  ck_assert (qt_log_has (&host, "fds=3"));
  ck_assert (qt_log_has (&host, "3 file descriptors"));
}
END_TEST

START_TEST (foreign_datagrams)
{
  START (&host, "--stall-time=30");
  int client = qt_session (&host);
  struct sockaddr_un other = { .sun_family = AF_UNIX }, helper = { .sun_family = AF_UNIX };
  snprintf (other.sun_path, sizeof other.sun_path, "%s/other", host.folder);
  strcpy (helper.sun_path, host.helper);
  int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  /* Once without an address of its own, once with another. */
  for (int named = 0; named < 2; named++) {
    if (named)
      ck_assert_int_eq (bind (fd, (struct sockaddr *)&other, sizeof other), 0);
    ck_assert_int_eq (sendto (fd, "evil\n", 5, 0, (struct sockaddr *)&helper, sizeof helper), 5);
  }
  qt_peer_say (&host, "good\n");
  qt_expect_line (client, "good");
  qt_say (client, "x");
  qt_peer_expect (&host, "x"); /* and not to the other address */
  close (fd);
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
  ck_assert (qt_log_has (&host, "foreign=2"));
}
END_TEST

START_TEST (any_port_follows)
{
  START (&host, "--any-port");
  int client = qt_session (&host);
  Host other = host;
  snprintf (other.peer, sizeof other.peer, "%s/other", host.folder);
  qt_peer_bind (&other);
  qt_peer_say (&other, "from elsewhere\n");
  qt_expect_line (client, "from elsewhere");
  qt_say (client, "there");
  qt_peer_expect (&other, "there");
  close (other.peer_fd);
}
END_TEST

START_TEST (tiny_datagrams)
{
  static const char text[] = "one by one\n";
  START (&host, "--stall-time=30");
  int client = qt_session (&host);
  for (size_t i = 0; i < sizeof text - 1; i++) {
    qt_peer_send (&host, "", 0);
    qt_peer_send (&host, text + i, 1);
  }
  qt_expect_line (client, "one by one");
  for (size_t i = 0; i < sizeof text - 1; i++) {
    char byte;
    qt_write (client, text + i, 1);
    ck_assert_uint_eq (qt_peer_take (&host, &byte, 1), 1);
    ck_assert_int_eq (byte, text[i]);
  }
}
END_TEST

static atomic_bool storm_over;

static void *
send_signals (void *data)
{
  while (!atomic_load (&storm_over)) {
    kill (host.pid, SIGSTOP);
    kill (host.pid, SIGCONT);
    kill (host.pid, SIGWINCH);
    usleep (300);
  }
  return NULL;
}

/* Stopping and going on interrupts every call that waits. */
START_TEST (interrupted_calls)
{
  pthread_t thread;
  char byte = 0;
  START (&host, "--stall-time=60");
  int client = qt_session (&host);
  ck_assert_int_eq (pthread_create (&thread, NULL, send_signals, NULL), 0);
  for (int i = 0; i < 1000; i++) {
    qt_write (client, "?", 1);
    ck_assert_uint_eq (qt_peer_take (&host, &byte, 1), 1);
    ck_assert_int_eq (byte, '?');
    qt_peer_send (&host, "!", 1);
    qt_read (client, &byte, 1);
    ck_assert_int_eq (byte, '!');
  }
  atomic_store (&storm_over, true);
  pthread_join (thread, NULL);
  kill (host.pid, SIGCONT);
  ck_assert_int_eq (qt_end (&host, SIGINT), 0);
}
END_TEST

/* Those who come while one is served wait in line. */
START_TEST (clients_in_order)
{
  int clients[16];
  START (&host, "--stall-time=30");
  clients[0] = qt_session (&host);
  for (int i = 1; i < 16; i++)
    clients[i] = qt_connect (host.client);
  for (int i = 1; i < 16; i++) {
    char text[16];
    close (clients[i - 1]);
    qt_peer_expect (&host, "dead");
    qt_peer_expect (&host, "live");
    snprintf (text, sizeof text, "{\"QMP\":%d}\n", i);
    qt_peer_say (&host, text);
    qt_expect_line (clients[i], text[7] ? "{\"QMP\":" : "");
  }
  close (clients[15]);
  qt_peer_expect (&host, "dead");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("qmp-helper pipe");
  TCase *cases = qt_case (suite, "pipe");
  tcase_add_checked_fixture (cases, setup, teardown);
  tcase_add_test (cases, session_is_bracketed);
  tcase_add_test (cases, last_words);
  tcase_add_test (cases, half_closed_client_gets_its_answers);
  tcase_add_test (cases, bulk_both_ways);
  tcase_add_test (cases, client_that_never_reads);
  tcase_add_test (cases, peer_that_never_drains);
  tcase_add_test (cases, ends_while_the_peer_is_stuck);
  tcase_add_test (cases, no_stale_answer);
  tcase_add_test (cases, peer_restarts);
  tcase_add_test (cases, peer_absent_at_start);
  tcase_add_loop_test (cases, words_at_every_offset, 0, 2);
  tcase_add_test (cases, command_sizes);
  tcase_add_test (cases, reply_of_a_mebibyte);
  tcase_add_test (cases, event_storm_without_client);
  tcase_add_test (cases, passed_descriptors_are_closed);
  tcase_add_test (cases, foreign_datagrams);
  tcase_add_test (cases, any_port_follows);
  tcase_add_test (cases, tiny_datagrams);
  tcase_add_test (cases, interrupted_calls);
  tcase_add_test (cases, clients_in_order);
  return run_suite (suite);
}

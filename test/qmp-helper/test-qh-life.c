/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Start, readiness, rights and end of the real program. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xenstore.h>

#include "fixture.h"
#include "test/simhost/standin/standin-host.h"
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

START_TEST (exit_statuses)
{
  ck_assert_int_eq (RUN (&host, "--version"), 0);
  ck_assert_int_eq (RUN (&host, "--help"), 0);
  ck_assert_int_eq (RUN (&host, "x", "y"), 2);
  ck_assert_int_eq (RUN (&host, "1", "2", "--transport=smoke"), 2);
  ck_assert (qt_log_has (&host, "`smoke' is none of"));
  /* No such device on this host. */
  ck_assert_int_eq (RUN (&host, "1", "2", "--wait=0"), 4);
  ck_assert (qt_log_has (&host, "/dev/argo_dgram"));
  ck_assert_int_eq (RUN (&host, "1", "2", "--transport=v4v", "--wait=0"), 4);
  ck_assert (qt_log_has (&host, "/dev/v4v_dgram"));
  ck_assert_int_eq (RUN (&host, "2", "/node", host.client), 4);
  ck_assert (qt_log_has (&host, "transport vchan"));
}
END_TEST

static const int signals[] = { SIGTERM, SIGINT, SIGHUP };

static int served;

static void
idle (void)
{
}

static void
not_greeted (void)
{
  served = qt_connect (host.client);
  qt_peer_opened (&host);
}

static void
in_session (void)
{
  served = qt_session (&host);
}

static void
just_left (void)
{
  in_session ();
  close (served);
}

/* More than fits on the way to an other end that takes nothing. */
static void
last_words_on_their_way (void)
{
  static const char words[200000];
  in_session ();
  qt_write (served, words, sizeof words);
  close (served);
}

static void
client_stalled (void)
{
  static const char block[8192];
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  in_session ();
  strcpy (address.sun_path, host.helper);
  for (int refused = 0; refused < 20; usleep (refused > 0 ? 10000 : 0)) {
    ssize_t n = sendto (host.peer_fd, block, sizeof block, MSG_DONTWAIT,
                        (struct sockaddr *)&address, sizeof address);
    refused = n < 0 ? refused + 1 : 0;
  }
}

static void
peer_gone (void)
{
  in_session ();
  qt_peer_close (&host);
}

/** State: what the helper is in the middle of, and whether the other end hears of its end. */
static const struct {
  void (*enter) (void);
  bool tells;
} states[] = {
  { idle, false },
  { not_greeted, true },
  { in_session, true },
  { just_left, true },
  { last_words_on_their_way, false },
  { client_stalled, true },
  { peer_gone, false },
};

#define END_SECONDS 5 /* far less than the stall time */

START_TEST (ends_on_signals)
{
  int signal = signals[_i % 3], state = _i / 3;
  char lock[128];
  served = -1;
  snprintf (lock, sizeof lock, "%s.lock", host.client);
  START (&host, "--stall-time=30");
  states[state].enter ();
  ck_assert_int_eq (access (lock, F_OK), 0);
  double begin = qt_now ();
  ck_assert_int_eq (qt_end (&host, signal), 0);
  ck_assert_double_lt (qt_now () - begin, END_SECONDS);
  ck_assert_int_ne (access (host.client, F_OK), 0);
  ck_assert_int_ne (access (lock, F_OK), 0);
  if (states[state].tells)
    qt_peer_expect (&host, "dead");
  if (states[state].enter == in_session || states[state].enter == not_greeted)
    qt_expect_end (served);
}
END_TEST

static ino_t
inode_of (const char *path)
{
  struct stat there;
  ck_assert_int_eq (stat (path, &there), 0);
  return there.st_ino;
}

/* Another one came to serve in the same place, once nothing was there: all there is its. */
START_TEST (leaves_another_instance)
{
  Host other = host;
  char lock[128];
  snprintf (other.helper, sizeof other.helper, "%s/other", host.folder);
  snprintf (lock, sizeof lock, "%s.lock", host.client);
  START (&host, "--stall-time=30");
  ck_assert_int_eq (unlink (host.client), 0);
  ck_assert_int_eq (unlink (lock), 0);
  START (&other, "--stall-time=30");
  ino_t socket_of_other = inode_of (host.client), lock_of_other = inode_of (lock);
  ck_assert_int_eq (qt_end (&host, signals[_i]), 0);
  ck_assert_uint_eq (inode_of (host.client), socket_of_other);
  ck_assert_uint_eq (inode_of (lock), lock_of_other);
  ck_assert_int_eq (RUN (&host, "--peer", host.peer, "--socket", host.client), 3);
  close (qt_session (&other));
  ck_assert_int_eq (qt_end (&other, SIGTERM), 0);
}
END_TEST

START_TEST (leaves_what_is_not_its_own)
{
  struct stat before, after;
  START (&host, "--stall-time=30");
  ck_assert_int_eq (unlink (host.client), 0);
  int fd = open (host.client, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  ck_assert_int_eq (fstat (fd, &before), 0);
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
  ck_assert_int_eq (stat (host.client, &after), 0);
  ck_assert_uint_eq (before.st_ino, after.st_ino);
  close (fd);
}
END_TEST

START_TEST (second_instance_is_refused)
{
  char other[128];
  snprintf (other, sizeof other, "--local=%s/other", host.folder);
  START (&host, "--stall-time=30");
  ck_assert_int_eq (RUN (&host, "--peer", host.peer, other, "--socket", host.client), 3);
  close (qt_session (&host)); /* the first still serves */
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
}
END_TEST

static void
expect_lock (const char *text)
{
  char path[128], content[32] = "";
  snprintf (path, sizeof path, "%s.lock", host.client);
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  ck_assert_int_ge (read (fd, content, sizeof content - 1), 0);
  close (fd);
  ck_assert_str_eq (content, text);
}

/* Who wants to stay connected can see whether that keeps others out. */
START_TEST (lock_tells_of_mux)
{
  START (&host, "--mux");
  expect_lock ("mux\n");
  kill (host.pid, SIGKILL);
  ck_assert_int_eq (qt_ended (&host.pid), 1000 + SIGKILL);
  START (&host, "--stats");
  expect_lock ("single\n");
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
  setenv ("QMP_HELPER_MUX", "1", 1);
  START (&host, "--stats");
  expect_lock ("mux\n");
  setenv ("QMP_HELPER_MUX", "0", 1);
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
  START (&host, "--stats");
  expect_lock ("single\n");
}
END_TEST

/* Many at once: exactly one serves. */
START_TEST (race_of_instances)
{
  enum { RACERS = 6 };
  pid_t pids[RACERS];
  char locals[RACERS][128];
  int refused = 0;
  for (int i = 0; i < RACERS; i++) {
    snprintf (locals[i], sizeof locals[i], "%s/local%d", host.folder, i);
    const char *const argv[] = { QMP_HELPER, "--no-sandbox", "--peer",    host.peer, "--local",
                                 locals[i],  "--socket",     host.client, NULL };
    pids[i] = qt_spawn (argv, host.log, NULL, -1);
  }
  while (refused < RACERS - 1) {
    int status;
    pid_t ended = waitpid (-1, &status, 0);
    ck_assert_int_gt (ended, 0);
    ck_assert (WIFEXITED (status));
    ck_assert_int_eq (WEXITSTATUS (status), 3);
    for (int i = 0; i < RACERS; i++)
      if (pids[i] == ended)
        pids[i] = 0;
    refused++;
  }
  for (int i = 0; i < RACERS; i++)
    if (pids[i] != 0) {
      for (int n = 0; n < 2000 && access (host.client, F_OK) != 0; n++)
        usleep (5000);
      close (qt_connect (host.client));
      kill (pids[i], SIGTERM);
      ck_assert_int_eq (qt_ended (&pids[i]), 0);
    }
  ck_assert_int_ne (access (host.client, F_OK), 0);
}
END_TEST

static void
dead_socket (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  strcpy (address.sun_path, path);
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ck_assert_int_eq (bind (fd, (struct sockaddr *)&address, sizeof address), 0);
  close (fd);
}

START_TEST (stale_path_is_replaced)
{
  struct stat made;
  dead_socket (host.client);
  START (&host, "--mode=0660");
  close (qt_session (&host));
  ck_assert_int_eq (stat (host.client, &made), 0);
  ck_assert_uint_eq (made.st_mode & 07777, 0660);
  kill (host.pid, SIGKILL);
  ck_assert_int_eq (qt_ended (&host.pid), 1000 + SIGKILL);
  START (&host, "--stall-time=30");
  ck_assert_int_eq (stat (host.client, &made), 0);
  ck_assert_uint_eq (made.st_mode & 07777, 0600);
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
}
END_TEST

START_TEST (impossible_paths)
{
  char path[256];
  ck_assert_int_eq (mkdir (host.client, 0700), 0);
  ck_assert_int_eq (RUN (&host, "--peer", host.peer, "--socket", host.client), 1);
  ck_assert (qt_log_has (&host, "no socket"));
  snprintf (path, sizeof path, "%s/missing/socket", host.folder);
  ck_assert_int_eq (RUN (&host, "--peer", host.peer, "--socket", path), 1);
  ck_assert (qt_log_has (&host, "No such file"));
  snprintf (path, sizeof path, "%s/", host.folder);
  ck_assert_int_eq (RUN (&host, "--peer", host.peer, "--socket", path), 2);
  memset (path, 'x', 150);
  path[150] = '\0';
  path[0] = '/';
  ck_assert_int_eq (RUN (&host, "--peer", host.peer, "--socket", path), 2);
  ck_assert (qt_log_has (&host, "too long for a socket"));
  /* A file is nobody's stale socket. */
  snprintf (path, sizeof path, "%s/file", host.folder);
  close (open (path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  ck_assert_int_eq (RUN (&host, "--peer", host.peer, "--socket", path), 1);
  ck_assert_int_eq (access (path, F_OK), 0);
}
END_TEST

START_TEST (no_descriptors_left)
{
  struct rlimit none, before;
  START (&host, "--stall-time=30");
  ck_assert_int_eq (prlimit (host.pid, RLIMIT_NOFILE, NULL, &before), 0);
  none = before;
  for (none.rlim_cur = 3;; none.rlim_cur++) {
    char path[64];
    struct stat there;
    snprintf (path, sizeof path, "/proc/%d/fd/%d", (int)host.pid, (int)none.rlim_cur);
    if (lstat (path, &there) < 0)
      break;
  }
  ck_assert_int_eq (prlimit (host.pid, RLIMIT_NOFILE, &none, NULL), 0);
  int client = qt_connect (host.client);
  for (int i = 0; i < QT_WAIT_MS / 5 && !qt_log_has (&host, "cannot accept"); i++)
    usleep (5000);
  ck_assert (qt_log_has (&host, "cannot accept"));
  ck_assert_int_eq (prlimit (host.pid, RLIMIT_NOFILE, &before, NULL), 0);
  qt_peer_opened (&host);
  qt_peer_say (&host, QT_GREETING);
  qt_expect_line (client, "QMP");
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
}
END_TEST

START_TEST (other_users_are_turned_away)
{
  ck_assert_int_eq (chmod (host.folder, 0755), 0);
  START (&host, "--mode=0666", "--allow-uid=1234");
  for (uid_t uid = 1234; uid <= 1235; uid++) {
    pid_t pid = fork ();
    if (pid == 0) {
      char byte;
      if (setgroups (0, NULL) != 0 || setuid (uid) != 0)
        _exit (9);
      int fd = qt_connect (host.client);
      _exit (read (fd, &byte, 1) == 1 ? 1 : 0);
    }
    if (uid == 1234) {
      qt_peer_opened (&host);
      qt_peer_say (&host, QT_GREETING);
    }
    ck_assert_int_eq (qt_ended (&pid), uid == 1234 ? 1 : 0);
    if (uid == 1234)
      qt_peer_expect (&host, "dead");
  }
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
  ck_assert (qt_log_has (&host, "another user"));
}
END_TEST

static void
expect_status (pid_t pid, const char *expected)
{
  char path[64], content[8192];
  snprintf (path, sizeof path, "/proc/%d/status", (int)pid);
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  ssize_t n = read (fd, content, sizeof content - 1);
  ck_assert_int_gt (n, 0);
  content[n] = '\0';
  close (fd);
  ck_assert_msg (strstr (content, expected) != NULL, "no `%s' in %s", expected, content);
}

/** Identity: who it is asked to be, and who it then is. */
static const struct {
  const char *user, *group;
  const char *uid, *gid;
} identities[] = {
  { "--user=1234", NULL, "Uid:\t1234\t1234\t1234\t1234", "Gid:\t1234\t1234\t1234\t1234" },
  { "--user=1234", "--group=4321", "Uid:\t1234\t1234\t1234\t1234", "Gid:\t4321\t4321\t4321\t4321" },
  { "--user=daemon", "--group=bin", "Uid:\t1\t1\t1\t1", "Gid:\t2\t2\t2\t2" },
  /* As libxl starts it. */
  { NULL, NULL, "Uid:\t0\t0\t0\t0", "Gid:\t0\t0\t0\t0" },
};

START_TEST (rights_are_given_up)
{
  static const char *const expected[] = { "CapInh:\t0000000000000000",
                                          "CapPrm:\t0000000000000000",
                                          "CapEff:\t0000000000000000",
                                          "CapBnd:\t0000000000000000",
                                          "CapAmb:\t0000000000000000",
                                          "NoNewPrivs:\t1",
                                          "Seccomp:\t2" };
  char local[128];
  /* The word in it tells the fixture to leave the sandbox on under sanitizers too. */
  snprintf (local, sizeof local, "--local=%s/sandbox", host.folder);
  const char *const arguments[] = {
    "--peer", host.peer, local, "--socket", host.client, identities[_i].user, identities[_i].group,
    NULL
  };
  /* That user has to get at the other end. */
  ck_assert_int_eq (chmod (host.folder, 0755), 0);
  ck_assert_int_eq (chmod (host.peer, 0777), 0);
  ck_assert (qt_start_bare (&host, arguments, NULL));
  close (qt_connect (host.client));
  qt_peer_opened (&host);
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
    expect_status (host.pid, expected[i]);
  expect_status (host.pid, identities[_i].uid);
  expect_status (host.pid, identities[_i].gid);
  if (identities[_i].user != NULL)
    expect_status (host.pid, "Groups:\t \n");
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
}
END_TEST

START_TEST (forbidden_calls_fail)
{
  ck_assert_int_eq (RUN (&host, "--peer", host.peer, "--socket", host.client, "--sandbox-test"), 0);
  ck_assert (qt_log_has (&host, "openat: denied"));
  ck_assert (qt_log_has (&host, "execve: denied"));
  ck_assert (!qt_log_has (&host, "ALLOWED"));
  ck_assert_int_eq (RUN (&host, "--peer", host.peer, "--socket", host.client, "--log-level=error",
                         "--user=nobody-of-that-name", "--sandbox-test"),
                    1);
}
END_TEST

START_TEST (ready_for_systemd)
{
  char path[128], variable[160], message[64] = "";
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  snprintf (path, sizeof path, "%s/notify", host.folder);
  snprintf (variable, sizeof variable, "NOTIFY_SOCKET=%s", path);
  strcpy (address.sun_path, path);
  int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ck_assert_int_eq (bind (fd, (struct sockaddr *)&address, sizeof address), 0);
  const char *const arguments[] = { "--peer",   host.peer,   "--local", host.helper,
                                    "--socket", host.client, NULL };
  ck_assert (qt_start_bare (&host, arguments, variable));
  ck_assert (qt_readable (fd, QT_WAIT_MS));
  ck_assert_int_gt (read (fd, message, sizeof message - 1), 0);
  ck_assert_str_eq (message, "READY=1");
  close (fd);
  ck_assert_int_eq (qt_end (&host, SIGTERM), 0);
}
END_TEST

/* As libxl uses it, with the real xenstored. */
START_TEST (ready_for_libxl)
{
  static const char node[] = "/local/domain/0/device-model/8/qmp-proxy-state";
  char state[128];
  unsigned len;
  StandinHost *xen = standin_host_new ();
  standin_host_start_xenstored (xen);
  struct xs_handle *xs = xs_open (0);
  ck_assert_ptr_nonnull (xs);
  snprintf (state, sizeof state, "--state-path=%s", node);
  START (&host, state);
  char *value = xs_read (xs, XBT_NULL, node, &len);
  ck_assert_ptr_nonnull (value);
  ck_assert_uint_eq (len, strlen ("running"));
  ck_assert_str_eq (value, "running");
  free (value);
  close (qt_session (&host));
  ck_assert_int_eq (qt_end (&host, SIGHUP), 0);
  ck_assert_ptr_null (xs_read (xs, XBT_NULL, node, &len));
  ck_assert_int_eq (errno, ENOENT);
  xs_close (xs);
  standin_host_free (xen);
}
END_TEST

START_TEST (no_xenstore_for_the_state)
{
  char variable[128];
  snprintf (variable, sizeof variable, "XENSTORED_PATH=%s/none", host.folder);
  const char *const arguments[] = { "--peer",   host.peer,   "--local",         host.helper,
                                    "--socket", host.client, "--state-path=/x", NULL };
  ck_assert (!qt_start_bare (&host, arguments, variable));
  ck_assert_int_eq (qt_ended (&host.pid), 1);
  ck_assert (qt_log_has (&host, "xenstore"));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("qmp-helper life");
  TCase *cases = qt_case (suite, "life");
  tcase_add_checked_fixture (cases, setup, teardown);
  tcase_add_test (cases, exit_statuses);
  tcase_add_loop_test (cases, ends_on_signals, 0, 3 * (int)(sizeof states / sizeof *states));
  tcase_add_loop_test (cases, leaves_another_instance, 0, 3);
  tcase_add_test (cases, leaves_what_is_not_its_own);
  tcase_add_test (cases, second_instance_is_refused);
  tcase_add_test (cases, lock_tells_of_mux);
  tcase_add_test (cases, race_of_instances);
  tcase_add_test (cases, stale_path_is_replaced);
  tcase_add_test (cases, impossible_paths);
  tcase_add_test (cases, no_descriptors_left);
  tcase_add_test (cases, other_users_are_turned_away);
  tcase_add_loop_test (cases, rights_are_given_up, 0,
                       (int)(sizeof identities / sizeof *identities));
  tcase_add_test (cases, forbidden_calls_fail);
  tcase_add_test (cases, ready_for_systemd);
  tcase_add_test (cases, ready_for_libxl);
  tcase_add_test (cases, no_xenstore_for_the_state);
  return run_suite (suite);
}

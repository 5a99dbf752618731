/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void
qt_host_new (Host *host)
{
  memset (host, 0, sizeof *host);
  strcpy (host->folder, "/tmp/qmp-helper-XXXXXX");
  ck_assert_ptr_nonnull (mkdtemp (host->folder));
  snprintf (host->client, sizeof host->client, "%s/client", host->folder);
  snprintf (host->helper, sizeof host->helper, "%s/helper", host->folder);
  snprintf (host->peer, sizeof host->peer, "%s/peer", host->folder);
  snprintf (host->qemu, sizeof host->qemu, "%s/qemu", host->folder);
  snprintf (host->log, sizeof host->log, "%s/log", host->folder);
  host->peer_fd = -1;
  signal (SIGPIPE, SIG_IGN);
}

static void
end_process (pid_t *pid)
{
  if (*pid <= 0)
    return;
  kill (*pid, SIGKILL);
  waitpid (*pid, NULL, 0);
  *pid = 0;
}

void
qt_host_free (Host *host)
{
  char command[128];
  end_process (&host->pid);
  end_process (&host->agent_pid);
  end_process (&host->qemu_pid);
  if (host->peer_fd >= 0)
    close (host->peer_fd);
  snprintf (command, sizeof command, "rm -rf %s", host->folder);
  ck_assert_int_eq (system (command), 0);
}

pid_t
qt_spawn (const char *const *argv, const char *out, const char *environment, int pass_fd)
{
  pid_t parent = getpid ();
  pid_t pid = fork ();
  ck_assert_int_ge (pid, 0);
  if (pid > 0)
    return pid;
  /* A test that fails leaves nothing behind. */
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  if (getppid () != parent)
    _exit (127);
  if (out != NULL) {
    int fd = open (out, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    dup2 (fd, 1);
    dup2 (fd, 2);
  }
  if (pass_fd >= 0)
    fcntl (pass_fd, F_SETFD, 0);
  if (environment != NULL)
    putenv ((char *)environment);
  execvp (argv[0], (char *const *)argv);
  _exit (127);
}

static void
fill_argv (const char **argv, const char *const *arguments, bool sandboxed)
{
  int n = 0;
  argv[n++] = QMP_HELPER;
  /* The sandbox forbids what LeakSanitizer does at the end. */
  if (QT_SANITIZED && !sandboxed)
    argv[n++] = "--no-sandbox";
  for (; *arguments != NULL; arguments++) {
    ck_assert_int_lt (n, QT_ARGS - 1);
    argv[n++] = *arguments;
  }
  argv[n] = NULL;
}

static bool
wants_sandbox (const char *const *arguments)
{
  for (; *arguments != NULL; arguments++)
    if (strstr (*arguments, "sandbox") != NULL)
      return true;
  return false;
}

bool
qt_start_bare (Host *host, const char *const *arguments, const char *environment)
{
  const char *argv[QT_ARGS], *with_fd[QT_ARGS] = { NULL };
  char option[32], byte;
  int ready[2], n = 0;
  ck_assert_int_eq (pipe2 (ready, O_CLOEXEC), 0);
  snprintf (option, sizeof option, "--ready-fd=%d", ready[1]);
  for (; arguments[n] != NULL; n++) {
    ck_assert_int_lt (n, QT_ARGS - 3);
    with_fd[n] = arguments[n];
  }
  with_fd[n] = option;
  fill_argv (argv, with_fd, wants_sandbox (arguments));
  if (QT_SANITIZED && wants_sandbox (arguments))
    environment = "ASAN_OPTIONS=detect_leaks=0";
  host->pid = qt_spawn (argv, host->log, environment, ready[1]);
  close (ready[1]);
  ck_assert (qt_readable (ready[0], QT_WAIT_MS));
  ck_assert_int_eq (read (ready[0], &byte, 1), 0);
  close (ready[0]);
  /* It also closes by ending. */
  siginfo_t info = { 0 };
  for (int i = 0; i < 20; i++) {
    if (waitid (P_PID, (id_t)host->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid != 0)
      return false;
    if (access (host->client, F_OK) == 0)
      break;
    usleep (5000);
  }
  return true;
}

void
qt_start (Host *host, const char *const *more)
{
  const char *arguments[QT_ARGS] = { "--transport=unix", "--unix-type=dgram", "--peer",
                                     host->peer,         "--local",           host->helper,
                                     "--socket",         host->client,        "--stats" };
  int n = 9;
  for (; *more != NULL; more++) {
    ck_assert_int_lt (n, QT_ARGS - 1);
    arguments[n++] = *more;
  }
  ck_assert (qt_start_bare (host, arguments, NULL));
}

int
qt_ended (pid_t *pid)
{
  int status;
  for (int i = 0; i < QT_WAIT_MS / 5; i++) {
    pid_t ended = waitpid (*pid, &status, WNOHANG);
    if (ended == *pid) {
      *pid = 0;
      return WIFEXITED (status) ? WEXITSTATUS (status) : 1000 + WTERMSIG (status);
    }
    usleep (5000);
  }
  ck_abort_msg ("the helper does not end");
  return -1;
}

int
qt_run (Host *host, const char *const *arguments)
{
  const char *argv[QT_ARGS];
  bool sandboxed = wants_sandbox (arguments);
  fill_argv (argv, arguments, sandboxed);
  pid_t pid = qt_spawn (argv, host->log,
                        QT_SANITIZED && sandboxed ? "ASAN_OPTIONS=detect_leaks=0" : NULL, -1);
  return qt_ended (&pid);
}

int
qt_end (Host *host, int signal)
{
  kill (host->pid, signal);
  return qt_ended (&host->pid);
}

bool
qt_log_has (const Host *host, const char *text)
{
  static char content[1 << 20];
  int fd = open (host->log, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd >= 0 ? read (fd, content, sizeof content - 1) : 0;
  if (fd >= 0)
    close (fd);
  content[n > 0 ? n : 0] = '\0';
  return strstr (content, text) != NULL;
}

int
qt_connect (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  strcpy (address.sun_path, path);
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ck_assert_int_ge (fd, 0);
  ck_assert_msg (connect (fd, (struct sockaddr *)&address, sizeof address) == 0, "%s: %s", path,
                 strerror (errno));
  return fd;
}

bool
qt_readable (int fd, int ms)
{
  struct pollfd wait = { .fd = fd, .events = POLLIN };
  int n;
  do
    n = poll (&wait, 1, ms);
  while (n < 0 && errno == EINTR);
  return n > 0;
}

void
qt_read (int fd, void *bytes, size_t len)
{
  for (size_t got = 0; got < len;) {
    ck_assert_msg (qt_readable (fd, QT_WAIT_MS), "%zu of %zu bytes", got, len);
    ssize_t n = read (fd, (char *)bytes + got, len - got);
    ck_assert_msg (n > 0, "ended after %zu of %zu bytes", got, len);
    got += (size_t)n;
  }
}

size_t
qt_read_line (int fd, char *line, size_t size)
{
  for (size_t len = 0;;) {
    ck_assert_uint_lt (len, size - 1);
    ck_assert_msg (qt_readable (fd, QT_WAIT_MS), "no line comes");
    ssize_t n = recv (fd, line + len, size - 1 - len, MSG_PEEK);
    ck_assert_msg (n > 0, "ended within a line");
    char *end = memchr (line + len, '\n', (size_t)n);
    size_t take = end != NULL ? (size_t)(end + 1 - line) - len : (size_t)n;
    qt_read (fd, line + len, take);
    len += take;
    if (end == NULL)
      continue;
    len -= 1;
    if (len > 0 && line[len - 1] == '\r')
      len--;
    line[len] = '\0';
    return len;
  }
}

void
qt_expect_line (int fd, const char *part)
{
  char line[65536];
  qt_read_line (fd, line, sizeof line);
  ck_assert_msg (strstr (line, part) != NULL, "`%s' is not in `%s'", part, line);
}

void
qt_expect_end (int fd)
{
  char byte;
  ck_assert (qt_readable (fd, QT_WAIT_MS));
  ck_assert_int_le (read (fd, &byte, 1), 0);
}

void
qt_write (int fd, const void *bytes, size_t len)
{
  for (size_t put = 0; put < len;) {
    ssize_t n = write (fd, (const char *)bytes + put, len - put);
    if (n < 0 && errno == EINTR)
      continue;
    ck_assert_msg (n > 0, "write: %s", strerror (errno));
    put += (size_t)n;
  }
}

void
qt_say (int fd, const char *text)
{
  qt_write (fd, text, strlen (text));
}

void
qt_peer_bind (Host *host)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  strcpy (address.sun_path, host->peer);
  unlink (host->peer);
  host->peer_fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ck_assert_int_eq (bind (host->peer_fd, (struct sockaddr *)&address, sizeof address), 0);
}

void
qt_peer_close (Host *host)
{
  close (host->peer_fd);
  host->peer_fd = -1;
  unlink (host->peer);
}

size_t
qt_peer_take (Host *host, void *bytes, size_t size)
{
  ck_assert_msg (qt_readable (host->peer_fd, QT_WAIT_MS), "no datagram comes");
  ssize_t n = recv (host->peer_fd, bytes, size, MSG_TRUNC);
  ck_assert_int_ge (n, 0);
  ck_assert_int_le (n, (ssize_t)size);
  return (size_t)n;
}

void
qt_peer_expect (Host *host, const char *text)
{
  char bytes[65536];
  size_t n = qt_peer_take (host, bytes, sizeof bytes - 1);
  bytes[n] = '\0';
  ck_assert_str_eq (bytes, text);
}

void
qt_peer_opened (Host *host)
{
  char bytes[65536];
  for (;;) {
    size_t n = qt_peer_take (host, bytes, sizeof bytes);
    if (n == 4 && memcmp (bytes, "live", 4) == 0)
      return;
    ck_assert ((n == 4 && memcmp (bytes, "dead", 4) == 0) || (n == 1 && bytes[0] == '\n'));
  }
}

void
qt_peer_send (Host *host, const void *bytes, size_t len)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  strcpy (address.sun_path, host->helper);
  ssize_t n = sendto (host->peer_fd, bytes, len, 0, (struct sockaddr *)&address, sizeof address);
  ck_assert_msg (n == (ssize_t)len, "send: %s", strerror (errno));
}

void
qt_peer_say (Host *host, const char *text)
{
  qt_peer_send (host, text, strlen (text));
}

int
qt_session (Host *host)
{
  int client = qt_connect (host->client);
  qt_peer_opened (host);
  qt_peer_say (host, QT_GREETING);
  qt_expect_line (client, "\"QMP\"");
  return client;
}

static void
wait_for (const char *path)
{
  for (int i = 0; i < QT_WAIT_MS / 5; i++) {
    if (access (path, F_OK) == 0)
      return;
    usleep (5000);
  }
  ck_abort_msg ("%s does not appear", path);
}

/* A socket that listens already, as QEMU gets one from libxl. */
static int
listen_at (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  strcpy (address.sun_path, path);
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ck_assert_int_ge (fd, 0);
  ck_assert_int_eq (bind (fd, (struct sockaddr *)&address, sizeof address), 0);
  ck_assert_int_eq (listen (fd, 1), 0);
  return fd;
}

/* Whether a client that comes, and leaves nothing open, is told all. To one that comes early QEMU
   may greet twice, and forget at the second greeting what was agreed on. */
static bool
answers (const Host *host)
{
  char line[4096];
  int returned = 0, fd = qt_connect (host->qemu);
  qt_say (fd, "{\"execute\":\"qmp_capabilities\"}");
  qt_say (fd, "{\"execute\":\"query-status\"}");
  do {
    qt_read_line (fd, line, sizeof line);
    returned += strstr (line, "\"return\"") != NULL;
  } while (returned < 2 && strstr (line, "\"error\"") == NULL);
  close (fd);
  return returned == 2;
}

/* QEMU 7.2 greets in a thread of its own, perhaps before its main loop runs. A command that comes
   so early may have no answer, and when its client leaves, the next one may have no greeting, two,
   or an end. So @console, which the main loop itself answers, comes first, and then a client that
   leaves nothing open. */
static void
wait_until_up (const Host *host, int console)
{
  char line[4096]; /* with all that the console does to show what was typed */
  qt_say (console, "info status\n");
  do
    qt_read_line (console, line, sizeof line);
  while (strstr (line, "VM status") == NULL);
  while (!answers (host))
    ;
}

void
qt_qemu (Host *host)
{
  char monitor[64], readline[64];
  int console[2], fd = listen_at (host->qemu);
  ck_assert_int_eq (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, console), 0);
  fcntl (console[1], F_SETFD, 0);
  snprintf (monitor, sizeof monitor, "socket,id=qmp,fd=%d,server=on,wait=off", fd);
  snprintf (readline, sizeof readline, "socket,id=console,fd=%d", console[1]);
  const char *const argv[] = { "qemu-system-x86_64",
                               "-M",
                               "none",
                               "-display",
                               "none",
                               "-chardev",
                               readline,
                               "-mon",
                               "console",
                               "-chardev",
                               monitor,
                               "-mon",
                               "chardev=qmp,mode=control",
                               NULL };
  host->qemu_pid = qt_spawn (argv, host->log, NULL, fd);
  close (fd);
  close (console[1]);
  wait_until_up (host, console[0]);
  close (console[0]);
}

void
qt_agent (Host *host, const char *type)
{
  const char *const argv[] = { QMP_HELPER,  "--transport=unix", "--unix-type",  type,
                               "--peer",    host->helper,       "--local",      host->peer,
                               "--connect", host->qemu,         "--no-sandbox", NULL };
  host->agent_pid = qt_spawn (argv, host->log, NULL, -1);
  wait_for (host->peer);
}

unsigned long
qt_number (const char *name, unsigned long otherwise)
{
  const char *text = getenv (name);
  return text != NULL ? strtoul (text, NULL, 10) : otherwise;
}

double
qt_now (void)
{
  struct timespec t;
  clock_gettime (CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

unsigned long
qt_resident (pid_t pid)
{
  char path[64], line[256];
  unsigned long kib = 0;
  snprintf (path, sizeof path, "/proc/%d/status", (int)pid);
  FILE *file = fopen (path, "re");
  ck_assert_ptr_nonnull (file);
  while (fgets (line, sizeof line, file) != NULL)
    if (strncmp (line, "VmRSS:", 6) == 0)
      kib = strtoul (line + 6, NULL, 10);
  fclose (file);
  return kib;
}

TCase *
qt_case (Suite *suite, const char *name)
{
  TCase *cases = tcase_create (name);
  tcase_set_timeout (cases, (double)qt_number ("QT_TIMEOUT", 110));
  suite_add_tcase (suite, cases);
  return cases;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What can be measured, and checked, when the other end is a process elsewhere.
 *
 * qmp-far serve PATH               stands in for QEMU at that end: greets each connection, then
 * does what lines ask for: "sink N" takes N bytes and answers with a line, "source N" gives N
 * bytes, anything else is repeated qmp-far measure PATH PID MIB N   one line, as qmp-load: MiB/s
 * there, MiB/s back, median of N round trips of 100 bytes in us, CPU ns of PID per byte, its KiB
 * qmp-far connect PATH N           N connections with libxl's habits to a real monitor; prints how
 *                                  many microseconds one takes in the middle. Anything but one
 *                                  greeting and the right answers is a failure
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define GREETING "{\"QMP\": {\"version\": {\"qemu\": {\"major\": 7}}, \"capabilities\": []}}\r\n"
#define WAIT     60 /* s; whatever takes longer has failed */

static char block[65536];

static double
now (void)
{
  struct timespec t;
  clock_gettime (CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
die (const char *what)
{
  fprintf (stderr, "qmp-far: %s: %s\n", what, errno != 0 ? strerror (errno) : "ended");
  exit (1);
}

static void
address_of (struct sockaddr_un *address, const char *path)
{
  memset (address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  strncpy (address->sun_path, path, sizeof address->sun_path - 1);
}

static int
dial (const char *path)
{
  struct sockaddr_un address;
  struct timeval limit = { WAIT, 0 };
  address_of (&address, path);
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (fd < 0 || connect (fd, (struct sockaddr *)&address, sizeof address) < 0)
    die (path);
  return fd;
}

/* false at the end. */
static int
put (int fd, const void *bytes, size_t count)
{
  for (size_t done = 0; done < count;) {
    ssize_t n = send (fd, (const char *)bytes + done, count - done, MSG_NOSIGNAL);
    if (n <= 0)
      return 0;
    done += (size_t)n;
  }
  return 1;
}

static int
take_line (int fd, char *line, size_t size)
{
  size_t len = 0;
  while (len < size - 1) {
    ssize_t n = recv (fd, line + len, size - 1 - len, MSG_PEEK);
    if (n <= 0)
      return 0;
    char *end = memchr (line + len, '\n', (size_t)n);
    size_t count = end != NULL ? (size_t)(end + 1 - line) - len : (size_t)n;
    if (recv (fd, line + len, count, MSG_WAITALL) != (ssize_t)count)
      return 0;
    len += count;
    if (end != NULL) {
      line[len] = '\0';
      return 1;
    }
  }
  return 0;
}

static int
take_bytes (int fd, uint64_t count)
{
  while (count > 0) {
    ssize_t n = recv (fd, block, count < sizeof block ? (size_t)count : sizeof block, 0);
    if (n <= 0)
      return 0;
    count -= (uint64_t)n;
  }
  return 1;
}

static int
give_bytes (int fd, uint64_t count)
{
  for (; count > 0; count -= count < sizeof block ? count : sizeof block)
    if (!put (fd, block, count < sizeof block ? (size_t)count : sizeof block))
      return 0;
  return 1;
}

static void
serve_one (int fd)
{
  char line[4096];
  unsigned long long count;
  int goes_on = put (fd, GREETING, strlen (GREETING));
  while (goes_on && take_line (fd, line, sizeof line)) {
    if (sscanf (line, "sink %llu", &count) == 1)
      goes_on = take_bytes (fd, count) && put (fd, "taken\n", 6);
    else if (sscanf (line, "source %llu", &count) == 1)
      goes_on = give_bytes (fd, count);
    else
      goes_on = put (fd, line, strlen (line));
  }
  close (fd);
}

_Noreturn static void
serve (const char *path)
{
  struct sockaddr_un address;
  address_of (&address, path);
  unlink (path);
  int listener = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind (listener, (struct sockaddr *)&address, sizeof address) < 0 || listen (listener, 8) < 0)
    die (path);
  for (;;) {
    int fd = accept (listener, NULL, NULL);
    if (fd < 0)
      die ("accept");
    /* One at a time, as a monitor; whoever leaves makes room. */
    serve_one (fd);
  }
}

static double
cpu_of (const char *pid)
{
  char path[64], text[1024];
  unsigned long user = 0, system = 0;
  snprintf (path, sizeof path, "/proc/%s/stat", pid);
  FILE *file = fopen (path, "re");
  size_t n = file != NULL ? fread (text, 1, sizeof text - 1, file) : 0;
  if (file != NULL)
    fclose (file);
  text[n] = '\0';
  const char *rest = strrchr (text, ')');
  if (rest == NULL ||
      sscanf (rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
    die (path);
  return (double)(user + system) / (double)sysconf (_SC_CLK_TCK);
}

static long
resident_of (const char *pid)
{
  char path[64];
  long pages = 0;
  snprintf (path, sizeof path, "/proc/%s/statm", pid);
  FILE *file = fopen (path, "re");
  if (file == NULL || fscanf (file, "%*d %ld", &pages) != 1)
    die (path);
  fclose (file);
  return pages * (sysconf (_SC_PAGESIZE) / 1024);
}

static int
compare (const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double
middle (double *times, unsigned count)
{
  qsort (times, count, sizeof *times, compare);
  double median = times[count / 2] * 1e6;
  free (times);
  return median;
}

static double
round_trip (int fd, unsigned rounds)
{
  char line[128], got[128];
  double *times = calloc (rounds, sizeof *times);
  memset (line, 'q', 99);
  line[99] = '\n';
  for (unsigned i = 0; i < rounds; i++) {
    double begin = now ();
    if (!put (fd, line, 100) || recv (fd, got, 100, MSG_WAITALL) != 100 ||
        memcmp (line, got, 100) != 0)
      die ("round trip");
    times[i] = now () - begin;
  }
  return middle (times, rounds);
}

static int
measure (const char *path, const char *pid, const char *mib, const char *rounds)
{
  char line[256];
  uint64_t total = strtoull (mib, NULL, 10) << 20;
  int fd = dial (path);
  errno = 0;
  if (!take_line (fd, line, sizeof line) || strncmp (line, "{\"QMP\"", 6) != 0)
    die ("greeting");
  double latency = round_trip (fd, (unsigned)strtoul (rounds, NULL, 10)), cpu = cpu_of (pid);

  double begin = now ();
  snprintf (line, sizeof line, "sink %llu\n", (unsigned long long)total);
  if (!put (fd, line, strlen (line)) || !give_bytes (fd, total) ||
      !take_line (fd, line, sizeof line) || strcmp (line, "taken\n") != 0)
    die ("there");
  double there = now () - begin;

  begin = now ();
  snprintf (line, sizeof line, "source %llu\n", (unsigned long long)total);
  if (!put (fd, line, strlen (line)) || !take_bytes (fd, total))
    die ("back");
  double back = now () - begin;

  cpu = (cpu_of (pid) - cpu) / (2.0 * (double)total) * 1e9;
  double size = (double)(total >> 20);
  printf ("%.2f %.2f %.1f %.3f %ld\n", size / there, size / back, latency, cpu, resident_of (pid));
  close (fd);
  return 0;
}

/* A command and its answer; events do not count. */
static void
command (int fd, const char *name, unsigned id)
{
  char line[4096], wanted[32];
  snprintf (line, sizeof line, "{\"execute\": \"%s\", \"id\": %u}\r\n", name, id);
  snprintf (wanted, sizeof wanted, "\"id\": %u", id);
  if (!put (fd, line, strlen (line)))
    die (name);
  do
    if (!take_line (fd, line, sizeof line))
      die (name);
  while (strstr (line, "\"event\"") != NULL);
  errno = EPROTO;
  if (strstr (line, wanted) == NULL || strstr (line, "\"return\"") == NULL)
    die (line);
}

static int
connect_often (const char *path, const char *count)
{
  unsigned connections = (unsigned)strtoul (count, NULL, 10);
  double *times = calloc (connections, sizeof *times);
  for (unsigned i = 0; i < connections; i++) {
    char line[4096];
    double begin = now ();
    int fd = dial (path);
    errno = 0;
    if (!take_line (fd, line, sizeof line) || strncmp (line, "{\"QMP\"", 6) != 0)
      die ("greeting");
    command (fd, "qmp_capabilities", 0x786c7100 + 2 * i);
    command (fd, "query-status", 0x786c7101 + 2 * i);
    close (fd);
    times[i] = now () - begin;
  }
  printf ("%.0f\n", middle (times, connections));
  return 0;
}

int
main (int argc, char **argv)
{
  if (argc == 3 && strcmp (argv[1], "serve") == 0)
    serve (argv[2]);
  if (argc == 6 && strcmp (argv[1], "measure") == 0)
    return measure (argv[2], argv[3], argv[4], argv[5]);
  if (argc == 4 && strcmp (argv[1], "connect") == 0)
    return connect_often (argv[2], argv[3]);
  fputs ("usage: qmp-far serve PATH | measure PATH PID MIB ROUNDS | connect PATH N\n", stderr);
  return 2;
}

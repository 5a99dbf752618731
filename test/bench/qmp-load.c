/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qmp-load KIND CLIENT PEER OTHER PID MIB ROUNDS: measures what carries bytes between the
 * stream socket CLIENT, where it connects, and this program as the other end.
 *
 * KIND: stream     PEER is a stream socket that this program serves
 *       seqpacket  the same with messages, `live` and `dead`
 *       dgram      PEER is bound here, OTHER is where the carrier receives
 *
 * One line: MiB/s towards the other end, MiB/s back, median of a round trip of
 * 100 bytes in microseconds, CPU nanoseconds of PID per byte, its resident KiB.
 *
 * The round trips are made on one processor: else it depends on where the two
 * happen to be whether each step has to wake a sleeping one, which takes longer
 * than all that is measured.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int client, peer;
static struct sockaddr_un other;
static int is_dgram, is_stream;
static size_t total;

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
  perror (what);
  exit (1);
}

static int
open_socket (int type, const char *path, int do_bind)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, type | SOCK_CLOEXEC, 0);
  strncpy (address.sun_path, path, sizeof address.sun_path - 1);
  if (do_bind)
    unlink (path);
  if ((do_bind ? bind (fd, (struct sockaddr *)&address, sizeof address)
               : connect (fd, (struct sockaddr *)&address, sizeof address)) < 0)
    die (path);
  return fd;
}

static size_t
peer_take (char *bytes, size_t size)
{
  for (;;) {
    ssize_t n = recv (peer, bytes, size, 0);
    if (n < 0)
      die ("recv");
    int control =
        !is_stream &&
        (n == 1 || (n == 4 && (memcmp (bytes, "live", 4) == 0 || memcmp (bytes, "dead", 4) == 0)));
    if (!control)
      return (size_t)n;
  }
}

static void
peer_give (const char *bytes, size_t len)
{
  while (len > 0) {
    size_t piece = !is_stream && len > 4096 ? 4096 : len;
    ssize_t n = is_dgram ? sendto (peer, bytes, piece, 0, (struct sockaddr *)&other, sizeof other)
                         : send (peer, bytes, piece, 0);
    if (n < 0)
      die ("send");
    bytes += n;
    len -= (size_t)n;
  }
}

static void *
write_all (void *data)
{
  static char block[65536];
  int to_peer = data != NULL;
  memset (block, 'x', sizeof block);
  for (size_t done = 0; done < total; done += sizeof block)
    if (!to_peer)
      peer_give (block, sizeof block);
    else if (send (client, block, sizeof block, 0) != (ssize_t)sizeof block)
      die ("write");
  return NULL;
}

static double
bulk (int to_peer)
{
  static char block[65536];
  pthread_t writer;
  double begin = now ();
  pthread_create (&writer, NULL, write_all, to_peer ? &writer : NULL);
  for (size_t got = 0; got < total;) {
    ssize_t n =
        to_peer ? (ssize_t)peer_take (block, sizeof block) : recv (client, block, sizeof block, 0);
    if (n <= 0)
      die ("read");
    got += (size_t)n;
  }
  pthread_join (writer, NULL);
  return (double)total / (1 << 20) / (now () - begin);
}

static int
compare (const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double
round_trip (unsigned rounds)
{
  char bytes[256];
  double *times = calloc (rounds, sizeof *times);
  for (unsigned i = 0; i < rounds; i++) {
    double begin = now ();
    memset (bytes, 'q', 100);
    if (send (client, bytes, 100, 0) != 100 || peer_take (bytes, sizeof bytes) != 100)
      die ("ask");
    peer_give (bytes, 100);
    if (recv (client, bytes, 100, MSG_WAITALL) != 100)
      die ("answer");
    times[i] = now () - begin;
  }
  qsort (times, rounds, sizeof *times, compare);
  double median = times[rounds / 2] * 1e6;
  free (times);
  return median;
}

/* Both together on the first of the processors that they may use, or as they were. */
static void
keep_together (int pid, int together)
{
  static cpu_set_t all;
  cpu_set_t one;
  if (together && sched_getaffinity (0, sizeof all, &all) < 0)
    die ("processors");
  CPU_ZERO (&one);
  for (int i = 0; i < CPU_SETSIZE && CPU_COUNT (&one) == 0; i++)
    if (CPU_ISSET (i, &all))
      CPU_SET (i, &one);
  const cpu_set_t *set = together ? &one : &all;
  if (sched_setaffinity (0, sizeof *set, set) < 0 || sched_setaffinity (pid, sizeof *set, set) < 0)
    die ("processors");
}

static double
cpu_of (int pid)
{
  char path[64], text[1024];
  unsigned long user = 0, system = 0;
  snprintf (path, sizeof path, "/proc/%d/stat", pid);
  FILE *file = fopen (path, "re");
  size_t n = file != NULL ? fread (text, 1, sizeof text - 1, file) : 0;
  if (file != NULL)
    fclose (file);
  text[n] = '\0';
  const char *rest = strrchr (text, ')');
  if (rest != NULL)
    sscanf (rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
  return (double)(user + system) / (double)sysconf (_SC_CLK_TCK);
}

static long
resident_of (int pid)
{
  char path[64];
  long pages = 0;
  snprintf (path, sizeof path, "/proc/%d/statm", pid);
  FILE *file = fopen (path, "re");
  if (file != NULL) {
    if (fscanf (file, "%*d %ld", &pages) != 1)
      pages = 0;
    fclose (file);
  }
  return pages * (sysconf (_SC_PAGESIZE) / 1024);
}

int
main (int argc, char **argv)
{
  if (argc != 8)
    return 2;
  is_dgram = strcmp (argv[1], "dgram") == 0;
  is_stream = strcmp (argv[1], "stream") == 0;
  int type = is_dgram ? SOCK_DGRAM : is_stream ? SOCK_STREAM : SOCK_SEQPACKET;
  int pid = atoi (argv[5]);
  total = strtoul (argv[6], NULL, 10) << 20;
  other.sun_family = AF_UNIX;
  strncpy (other.sun_path, argv[4], sizeof other.sun_path - 1);
  int listener = open_socket (type, argv[3], 1);
  if (!is_dgram && listen (listener, 1) < 0)
    die ("listen");
  puts ("bound");
  fflush (stdout);
  for (int i = 0; access (argv[2], F_OK) != 0 && i < 2000; i++)
    usleep (5000);
  client = open_socket (SOCK_STREAM, argv[2], 0);
  peer = is_dgram ? listener : accept (listener, NULL, NULL);
  /* The greeting first: before it nothing passes. */
  static const char greeting[] = "{\"QMP\": {}}\r\n";
  char bytes[64];
  if (!is_stream)
    while (recv (peer, bytes, sizeof bytes, 0) != 4 || memcmp (bytes, "live", 4) != 0)
      ;
  peer_give (greeting, sizeof greeting - 1);
  if (recv (client, bytes, sizeof greeting - 1, MSG_WAITALL) != sizeof greeting - 1)
    die ("greeting");
  keep_together (pid, 1);
  double latency = round_trip ((unsigned)atoi (argv[7]));
  keep_together (pid, 0);
  double cpu = cpu_of (pid);
  double there = bulk (1), back = bulk (0);
  cpu = (cpu_of (pid) - cpu) / (2.0 * (double)total) * 1e9;
  printf ("%.0f %.0f %.1f %.3f %ld\n", there, back, latency, cpu, resident_of (pid));
  return 0;
}

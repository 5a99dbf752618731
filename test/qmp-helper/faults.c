/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preloaded: what goes wrong around a process, and what it asks of its memory.
 *
 * QT_ALARM_US       a signal comes each so many microseconds and interrupts what waits
 * QT_ACCEPT_ERROR   the errno value with which the first QT_ACCEPT_ERRORS accepts fail
 * QT_MALLOC_COUNT   file whose first eight bytes count calls of malloc and its like
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int accept4 (int fd, struct sockaddr *address, socklen_t *len, int flags);

/* glibc's own, by the names under which it keeps them for such cases. */
extern void *__libc_malloc (size_t size);
extern void *__libc_calloc (size_t count, size_t size);
extern void *__libc_realloc (void *memory, size_t size);

static int (*next_accept4) (int, struct sockaddr *, socklen_t *, int);
static unsigned long accept_errors;
static int accept_error;
static _Atomic uint64_t own_count, *count = &own_count;

static unsigned long
number (const char *name)
{
  const char *text = getenv (name);
  return text != NULL ? strtoul (text, NULL, 10) : 0;
}

static void
on_alarm (int signum)
{
}

static void
start_alarm (unsigned long us)
{
  struct sigaction action = { .sa_handler = on_alarm };
  struct itimerval timer = { .it_interval = { 0, (suseconds_t)us },
                             .it_value = { 0, (suseconds_t)us } };
  if (us > 0 && sigaction (SIGALRM, &action, NULL) == 0)
    setitimer (ITIMER_REAL, &timer, NULL);
}

__attribute__ ((constructor)) static void
begin (void)
{
  const char *path = getenv ("QT_MALLOC_COUNT");
  next_accept4 = (int (*) (int, struct sockaddr *, socklen_t *, int))dlsym (RTLD_NEXT, "accept4");
  accept_errors = number ("QT_ACCEPT_ERRORS");
  accept_error = (int)number ("QT_ACCEPT_ERROR");
  int fd = path != NULL ? open (path, O_RDWR | O_CLOEXEC) : -1;
  if (fd >= 0) {
    void *shared = mmap (NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared != MAP_FAILED)
      count = shared;
    close (fd);
  }
  start_alarm (number ("QT_ALARM_US"));
}

int
accept4 (int fd, struct sockaddr *address, socklen_t *len, int flags)
{
  if (accept_errors > 0) {
    accept_errors--;
    errno = accept_error;
    return -1;
  }
  return next_accept4 (fd, address, len, flags);
}

void *
malloc (size_t size)
{
  atomic_fetch_add (count, 1);
  return __libc_malloc (size);
}

void *
calloc (size_t n, size_t size)
{
  atomic_fetch_add (count, 1);
  return __libc_calloc (n, size);
}

void *
realloc (void *memory, size_t size)
{
  atomic_fetch_add (count, 1);
  return __libc_realloc (memory, size);
}

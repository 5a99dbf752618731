/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preloaded into the daemon: counts what changes files below some folders, and
 * does to the N-th change, or to all, what a control file says. See README.md.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FOLDERS 4

typedef enum { COUNT, BEFORE, HALF, AFTER, FAIL } Action;

static char *folders[MAX_FOLDERS];
static int n_folders;
static char *control, *log_path;
static unsigned points;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The originals, by the names that programs are linked with. */
#define ORIGINAL(name) ((__typeof__ (name) *)original (#name))

static void *
original (const char *name)
{
  void *function = dlsym (RTLD_NEXT, name);
  if (function == NULL)
    abort ();
  return function;
}

static void __attribute__ ((constructor)) set_up (void)
{
  const char *list = getenv ("CRASH_FOLDERS");
  control = getenv ("CRASH_CONTROL");
  if (list == NULL || control == NULL)
    return;
  char *words = strdup (list), *rest;
  for (char *word = strtok_r (words, ":", &rest); word != NULL && n_folders < MAX_FOLDERS;
       word = strtok_r (NULL, ":", &rest))
    folders[n_folders++] = word;
  control = strdup (control);
  if (asprintf (&log_path, "%s.log", control) < 0)
    abort ();
  unsetenv ("LD_PRELOAD"); /* the daemon's children change files as they like */
}

static int
is_below (const char *path)
{
  char whole[PATH_MAX];
  if (path[0] != '/')
    return 0;
  snprintf (whole, sizeof whole, "%s", path);
  for (int i = 0; i < n_folders; i++) {
    size_t len = strlen (folders[i]);
    if (strncmp (whole, folders[i], len) == 0 && (whole[len] == '/' || whole[len] == '\0'))
      return 1;
  }
  return 0;
}

static void
note (const char *operation, const char *path)
{
  char line[PATH_MAX + 64];
  int len = snprintf (line, sizeof line, "%u %s %s\n", points, operation, path);
  int fd = ORIGINAL (open) (log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0)
    return;
  if (ORIGINAL (write) (fd, line, (size_t)len) != len)
    abort ();
  close (fd);
}

/* What the control file says, now: `before N`, `half N`, `after N`, `ENOSPC N`, `EIO N`; N is 0 for
 * every one; no file or anything else: only counted. */
static Action
read_control (unsigned *at, int *error)
{
  char text[64] = "", word[16] = "";
  int fd = ORIGINAL (open) (control, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return COUNT;
  ssize_t n = read (fd, text, sizeof text - 1);
  close (fd);
  if (n <= 0 || sscanf (text, "%15s %u", word, at) != 2)
    return COUNT;
  *error = strcmp (word, "ENOSPC") == 0 ? ENOSPC : EIO;
  if (strcmp (word, "before") == 0)
    return BEFORE;
  if (strcmp (word, "half") == 0)
    return HALF;
  if (strcmp (word, "after") == 0)
    return AFTER;
  return strcmp (word, "ENOSPC") == 0 || strcmp (word, "EIO") == 0 ? FAIL : COUNT;
}

static void
die (void)
{
  kill (getpid (), SIGKILL);
  for (;;)
    pause ();
}

/* Called with the path of a change that is about to be made. Returns what to do with it; dies when
 * that is to die at once; FAIL comes with errno. */
static Action
arrive (const char *operation, const char *path)
{
  unsigned at = 0;
  int error = 0;
  if (n_folders == 0 || !is_below (path))
    return COUNT;
  pthread_mutex_lock (&lock);
  points++;
  note (operation, path);
  Action action = read_control (&at, &error);
  if (at != 0 && at != points)
    action = COUNT;
  pthread_mutex_unlock (&lock);
  if (action == BEFORE)
    die ();
  if (action == FAIL)
    errno = error;
  return action;
}

static Action
arrive_fd (const char *operation, int fd)
{
  char link[64], path[PATH_MAX];
  snprintf (link, sizeof link, "/proc/self/fd/%d", fd);
  int errsv = errno;
  ssize_t len = n_folders == 0 ? -1 : readlink (link, path, sizeof path - 1);
  errno = errsv;
  if (len < 0)
    return COUNT;
  path[len] = '\0';
  return arrive (operation, path);
}

static void
depart (Action action)
{
  if (action == AFTER || action == HALF)
    die ();
}

/* -- what is counted --------------------------------------------------------------- */

#define EXPORT __attribute__ ((visibility ("default")))

#define CHANGE_OF_FD(name, parameters, arguments)                                                  \
  EXPORT int name parameters;                                                                      \
  int name parameters                                                                              \
  {                                                                                                \
    Action action = arrive_fd (#name, fd);                                                         \
    if (action == FAIL)                                                                            \
      return -1;                                                                                   \
    int result = ORIGINAL (name) arguments;                                                        \
    depart (action);                                                                               \
    return result;                                                                                 \
  }

#define CHANGE_OF_PATH(name, parameters, arguments)                                                \
  EXPORT int name parameters;                                                                      \
  int name parameters                                                                              \
  {                                                                                                \
    Action action = arrive (#name, path);                                                          \
    if (action == FAIL)                                                                            \
      return -1;                                                                                   \
    int result = ORIGINAL (name) arguments;                                                        \
    depart (action);                                                                               \
    return result;                                                                                 \
  }

CHANGE_OF_FD (fsync, (int fd), (fd))
CHANGE_OF_FD (fdatasync, (int fd), (fd))
CHANGE_OF_PATH (rename, (const char *path, const char *to), (path, to))
CHANGE_OF_PATH (mkdir, (const char *path, mode_t mode), (path, mode))

/* A full disk can still lose a file. */
static int
fails_when_full (Action action)
{
  return action == FAIL && errno != ENOSPC;
}

#define REMOVAL(name)                                                                              \
  EXPORT int name (const char *path);                                                              \
  int name (const char *path)                                                                      \
  {                                                                                                \
    Action action = arrive (#name, path);                                                          \
    if (fails_when_full (action))                                                                  \
      return -1;                                                                                   \
    int result = ORIGINAL (name) (path);                                                           \
    depart (action);                                                                               \
    return result;                                                                                 \
  }

REMOVAL (unlink)
REMOVAL (rmdir)

EXPORT ssize_t
write (int fd, const void *data, size_t size)
{
  Action action = arrive_fd ("write", fd);
  if (action == FAIL)
    return -1;
  ssize_t result = ORIGINAL (write) (fd, data, action == HALF ? size / 2 : size);
  depart (action);
  return result;
}

static int
open_counted (const char *name, const char *path, int flags, mode_t mode)
{
  int (*function) (const char *, int, ...) = (int (*) (const char *, int, ...))original (name);
  Action action = (flags & O_CREAT) != 0 ? arrive ("open", path) : COUNT;
  if (action == FAIL)
    return -1;
  int fd = function (path, flags, mode);
  depart (action);
  return fd;
}

#define OPENING(name)                                                                              \
  EXPORT int name (const char *path, int flags, ...);                                              \
  int name (const char *path, int flags, ...)                                                      \
  {                                                                                                \
    va_list arguments;                                                                             \
    va_start (arguments, flags);                                                                   \
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg (arguments, mode_t) : 0;           \
    va_end (arguments);                                                                            \
    return open_counted (#name, path, flags, mode);                                                \
  }

OPENING (open)
OPENING (open64)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Redirects the files of the kernel's Xen drivers into the private directory. */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "standin.h"

#define PAGE_BYTES 4096

int open (const char *path, int flags, ...);
int open64 (const char *path, int flags, ...);
int access (const char *path, int mode);
int stat (const char *path, struct stat *st);

const char *
standin_dir (void)
{
  return getenv ("XENSTANDIN_DIR");
}

const char *
standin_path (char *buffer, unsigned long size, const char *name)
{
  const char *dir = standin_dir ();

  if (!dir || (unsigned long)snprintf (buffer, size, "%s/%s", dir, name) >= size)
    return NULL;
  return buffer;
}

static int
real_open (const char *path, int flags, mode_t mode)
{
  static int (*next) (const char *, int, ...);

  if (!next)
    next = (int (*) (const char *, int, ...))dlsym (RTLD_NEXT, "open");
  return next (path, flags, mode);
}

/* Several programs may start at once: the one that creates a file fills it. */
static void
prepare_file (const char *name, const char *content, unsigned long size)
{
  char path[PATH_MAX];
  int fd;

  if (!standin_path (path, sizeof path, name))
    return;
  fd = real_open (path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    return;
  if (write (fd, content, strlen (content)) < 0 || ftruncate (fd, (off_t)size) < 0)
    perror (path);
  close (fd);
}

void
standin_prepare (void)
{
  char path[PATH_MAX];

  prepare_file ("xsd_kva", "", PAGE_BYTES);
  prepare_file ("xsd_port", "1", 1);
  prepare_file ("xenbus", "", 0);
  if (standin_path (path, sizeof path, "domains") && mkdir (path, 0700) < 0 && errno != EEXIST)
    perror (path);
  if (standin_path (path, sizeof path, "event") && mkfifo (path, 0600) < 0 && errno != EEXIST)
    perror (path);
}

/* /proc/xen/NAME and /dev/xen/NAME become DIR/NAME; all else stays. */
static const char *
redirect (const char *path, char *buffer, unsigned long size)
{
  static const char *const prefixes[] = { "/proc/xen/", "/dev/xen/" };

  for (unsigned i = 0; path && i < sizeof prefixes / sizeof *prefixes; i++) {
    unsigned long length = strlen (prefixes[i]);

    if (strncmp (path, prefixes[i], length) != 0)
      continue;
    standin_prepare ();
    return standin_path (buffer, size, path + length) ? buffer : path;
  }
  return path;
}

int
open (const char *path, int flags, ...)
{
  char buffer[PATH_MAX];
  mode_t mode = 0;

  if (flags & (O_CREAT | O_TMPFILE)) {
    va_list args;

    va_start (args, flags);
    mode = va_arg (args, mode_t);
    va_end (args);
  }
  return real_open (redirect (path, buffer, sizeof buffer), flags, mode);
}

int
open64 (const char *path, int flags, ...)
{
  char buffer[PATH_MAX];
  mode_t mode = 0;

  if (flags & (O_CREAT | O_TMPFILE)) {
    va_list args;

    va_start (args, flags);
    mode = va_arg (args, mode_t);
    va_end (args);
  }
  return real_open (redirect (path, buffer, sizeof buffer), flags | O_LARGEFILE, mode);
}

int
access (const char *path, int mode)
{
  static int (*next) (const char *, int);
  char buffer[PATH_MAX];

  if (!next)
    next = (int (*) (const char *, int))dlsym (RTLD_NEXT, "access");
  return next (redirect (path, buffer, sizeof buffer), mode);
}

int
stat (const char *path, struct stat *st)
{
  static int (*next) (const char *, struct stat *);
  char buffer[PATH_MAX];

  if (!next)
    next = (int (*) (const char *, struct stat *))dlsym (RTLD_NEXT, "stat");
  return next (redirect (path, buffer, sizeof buffer), st);
}

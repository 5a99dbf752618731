/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The folder that holds the simulated host. */
#include "sim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static const char *
sim_dir (void)
{
  const char *dir = g_getenv ("SIMHOST_DIR");

  if (dir == NULL)
    g_error ("SIMHOST_DIR is not set: start this program through test/simhost/run");
  return dir;
}

char *
sim_path (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *name = g_strdup_vprintf (format, args);
  va_end (args);
  return g_build_filename (sim_dir (), name, NULL);
}

int
sim_lock (const char *name)
{
  g_autofree char *path = sim_path ("%s", name);
  int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

  if (fd < 0)
    g_error ("%s: %s", path, g_strerror (errno));
  while (flock (fd, LOCK_EX) < 0)
    if (errno != EINTR)
      g_error ("%s: %s", path, g_strerror (errno));
  return fd;
}

void
sim_unlock (int lock)
{
  close (lock);
}

gint64
sim_knob (const char *variable, gint64 fallback)
{
  const char *text = g_getenv (variable);

  return text != NULL && *text != '\0' ? g_ascii_strtoll (text, NULL, 10) : fallback;
}

void
sim_write_file (const char *path, const char *text, gssize length)
{
  /* no fsync: the simulated host does not outlive its processes */
  g_autofree char *fresh = g_strdup_printf ("%s.new-%d", path, getpid ());
  gsize size = length < 0 ? strlen (text) : (gsize)length;
  int fd = open (fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  if (fd < 0 || write (fd, text, size) != (gssize)size || rename (fresh, path) < 0)
    g_error ("%s: %s", path, g_strerror (errno));
  close (fd);
}

void
sim_append (const char *name, const char *line)
{
  g_autofree char *path = sim_path ("%s", name);
  g_autofree char *text = g_strconcat (line, "\n", NULL);
  int fd = open (path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

  if (fd < 0 || write (fd, text, strlen (text)) < 0)
    g_error ("%s: %s", path, g_strerror (errno));
  close (fd);
}

void
sim_sleep_ms (gint64 ms)
{
  gint64 end = g_get_monotonic_time () + ms * 1000;

  for (gint64 left = ms * 1000; left > 0; left = end - g_get_monotonic_time ())
    g_usleep ((gulong)left);
}

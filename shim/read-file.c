/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/read-file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int
read_all (int fd, gsize limit, gboolean cut, GString *out)
{
  char buffer[16384];

  while (!cut || out->len < limit) {
    ssize_t n = read (fd, buffer, cut ? MIN (sizeof buffer, limit - out->len) : sizeof buffer);

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno;
    if (n == 0)
      return 0;
    if (out->len + (gsize)n > limit)
      return EFBIG;
    g_string_append_len (out, buffer, n);
  }
  return 0;
}

static int
read_file (const char *path, gsize limit, gboolean cut, char **text, gsize *len)
{
  g_autoptr (GString) out = g_string_new (NULL);
  struct stat status;
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  int errsv;

  if (fd < 0)
    return errno;
  if (fstat (fd, &status) < 0)
    errsv = errno;
  else if (!S_ISREG (status.st_mode))
    errsv = S_ISDIR (status.st_mode) ? EISDIR : EINVAL;
  else
    errsv = read_all (fd, limit, cut, out);
  close (fd);
  if (errsv)
    return errsv;
  *len = out->len;
  *text = g_string_free (g_steal_pointer (&out), FALSE);
  return 0;
}

int
xm_read_file (const char *path, gsize limit, char **text, gsize *len)
{
  return read_file (path, limit, FALSE, text, len);
}

int
xm_read_file_start (const char *path, gsize limit, char **text, gsize *len)
{
  return read_file (path, limit, TRUE, text, len);
}

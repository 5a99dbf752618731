/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/file-sum.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/error.h"

#define PIECE (1024 * 1024)

/* errno tells why it is negative. */
static int
open_file (const char *path, goffset *size)
{
  struct stat status;
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0)
    return -1;
  int errsv = 0;
  if (fstat (fd, &status) < 0)
    errsv = errno;
  else if (!S_ISREG (status.st_mode) && !S_ISBLK (status.st_mode))
    errsv = S_ISDIR (status.st_mode) ? EISDIR : EINVAL;
  else if ((*size = lseek (fd, 0, SEEK_END)) < 0 || lseek (fd, 0, SEEK_SET) < 0)
    errsv = errno;
  if (errsv == 0) {
    posix_fadvise (fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return fd;
  }
  close (fd);
  errno = errsv;
  return -1;
}

goffset
xm_file_size (const char *path)
{
  goffset size = 0;
  int fd = open_file (path, &size);
  if (fd < 0)
    return 0;
  close (fd);
  return size;
}

char *
xm_file_sha1 (const char *path,
              XmFileProgress progress,
              gpointer user_data,
              GCancellable *cancellable,
              GError **error)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA1);
  g_autofree guchar *piece = g_malloc (PIECE);
  goffset size = 0;
  int fd = open_file (path, &size);
  if (fd < 0) {
    xm_error_set_file (error, path, "openFile", errno);
    return NULL;
  }
  ssize_t n = 1;
  for (goffset done = 0; n > 0;) {
    if (g_cancellable_set_error_if_cancelled (cancellable, error)) {
      close (fd);
      return NULL;
    }
    n = read (fd, piece, PIECE);
    if (n < 0 && errno == EINTR) {
      n = 1;
      continue;
    }
    if (n <= 0)
      break;
    g_checksum_update (sum, piece, n);
    /* An image is larger than what the host wants to keep in memory of it. */
    posix_fadvise (fd, done, n, POSIX_FADV_DONTNEED);
    done += n;
    if (progress != NULL)
      progress (done, size, user_data);
  }
  int errsv = errno;
  close (fd);
  if (n < 0) {
    xm_error_set_file (error, path, "readFile", errsv);
    return NULL;
  }
  return g_strdup (g_checksum_get_string (sum));
}

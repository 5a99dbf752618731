/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/guest-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/error.h"
#include "shim/guest-path.h"

#define PIECE (1024 * 1024)

static int
open_source (const char *root, const char *path, goffset limit, GError **error)
{
  struct stat status;
  int fd = xm_guest_path_open (root, path);
  int errsv = 0;
  if (fd < 0 || fstat (fd, &status) < 0)
    errsv = errno;
  else if (!S_ISREG (status.st_mode))
    errsv = S_ISDIR (status.st_mode) ? EISDIR : EINVAL;
  else if (status.st_size > limit)
    errsv = EFBIG;
  if (errsv == 0)
    return fd;
  if (fd >= 0)
    close (fd);
  xm_error_set_file (error, path, "openFile", errsv);
  return -1;
}

/* Returns: 0 or an errno. */
static int
write_all (int fd, const char *data, gsize len)
{
  while (len > 0) {
    ssize_t n = write (fd, data, len);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno;
    data += n;
    len -= (gsize)n;
  }
  return 0;
}

static gboolean
copy (int from,
      int to,
      const char *from_path,
      const char *to_path,
      goffset limit,
      GCancellable *cancellable,
      GError **error)
{
  g_autofree char *piece = g_malloc (PIECE);
  for (goffset done = 0;;) {
    if (g_cancellable_set_error_if_cancelled (cancellable, error))
      return FALSE;
    ssize_t n = read (from, piece, PIECE);
    if (n < 0 && errno == EINTR)
      continue;
    if (n == 0)
      break;
    int errsv = n < 0 ? errno : 0;
    if (n > 0 && (done += n) > limit)
      errsv = EFBIG;
    if (errsv != 0) {
      xm_error_set_file (error, from_path, "readFile", errsv);
      return FALSE;
    }
    errsv = write_all (to, piece, (gsize)n);
    if (errsv != 0) {
      xm_error_set_file (error, to_path, "writeFile", errsv);
      return FALSE;
    }
  }
  if (fsync (to) == 0)
    return TRUE;
  xm_error_set_file (error, to_path, "writeFile", errno);
  return FALSE;
}

gboolean
xm_guest_file_copy (const char *root,
                    const char *path,
                    const char *to,
                    goffset limit,
                    GCancellable *cancellable,
                    GError **error)
{
  int from_fd = open_source (root, path, limit, error);
  if (from_fd < 0)
    return FALSE;
  g_autofree char *fresh = g_strconcat (to, ".XXXXXX", NULL);
  int to_fd = g_mkstemp_full (fresh, O_WRONLY | O_CLOEXEC, 0600);
  if (to_fd < 0) {
    xm_error_set_file (error, to, "openFile", errno);
    close (from_fd);
    return FALSE;
  }
  gboolean copied = copy (from_fd, to_fd, path, to, limit, cancellable, error);
  close (from_fd);
  close (to_fd);
  if (copied && g_rename (fresh, to) < 0) {
    xm_error_set_file (error, to, "renameFile", errno);
    copied = FALSE;
  }
  if (!copied)
    g_unlink (fresh);
  return copied;
}

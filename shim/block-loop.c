/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/block-loop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/error.h"

/* Another program may take the device that the kernel has just called free. */
#define MAX_TRIES 64

static gboolean
close_and_fail (int fd, int errsv)
{
  if (fd >= 0)
    close (fd);
  errno = errsv;
  return FALSE;
}

static int
open_image (const char *image, gboolean read_only, GError **error)
{
  struct stat status;
  /* O_NONBLOCK: what is named may be a FIFO. */
  int fd = open (image, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  int errsv = 0;
  if (fd < 0 || fstat (fd, &status) < 0)
    errsv = errno;
  else if (!S_ISREG (status.st_mode) && !S_ISBLK (status.st_mode))
    errsv = S_ISDIR (status.st_mode) ? EISDIR : EINVAL;
  if (errsv == 0)
    return fd;
  if (fd >= 0)
    close (fd);
  xm_error_set_file (error, image, "openFile", errsv);
  return -1;
}

static int
find_free (const char *dev)
{
  g_autofree char *path = g_build_filename (dev, "loop-control", NULL);
  int control = open (path, O_RDWR | O_CLOEXEC);
  if (control < 0)
    return -1;
  int number = ioctl (control, LOOP_CTL_GET_FREE);
  int errsv = errno;
  close (control);
  errno = errsv;
  return number;
}

/* errno EBUSY: somebody else was faster. */
static gboolean
configure (const char *device, int image_fd, const char *image, guint32 flags, int *fd)
{
  struct loop_config config = { .fd = (guint32)image_fd, .info.lo_flags = flags };
  *fd = open (device, ((flags & LO_FLAGS_READ_ONLY) != 0 ? O_RDONLY : O_RDWR) | O_CLOEXEC);
  if (*fd < 0)
    return FALSE;
  g_strlcpy ((char *)config.info.lo_file_name, image, LO_NAME_SIZE);
  if (ioctl (*fd, LOOP_CONFIGURE, &config) < 0)
    return close_and_fail (*fd, errno);
  return TRUE;
}

int
xm_block_loop_attach (const char *dev,
                      const char *image,
                      gboolean read_only,
                      gboolean partitions,
                      char **device,
                      GError **error)
{
  guint32 flags = LO_FLAGS_AUTOCLEAR | (read_only ? LO_FLAGS_READ_ONLY : 0) |
                  (partitions ? LO_FLAGS_PARTSCAN : 0);
  int image_fd = open_image (image, read_only, error);
  if (image_fd < 0)
    return -1;

  int fd = -1, errsv = EBUSY;
  for (int i = 0; i < MAX_TRIES && errsv == EBUSY; i++) {
    int number = find_free (dev);
    if (number < 0) {
      errsv = errno;
      break;
    }
    g_autofree char *name = g_strdup_printf ("loop%d", number);
    g_autofree char *path = g_build_filename (dev, name, NULL);
    errsv = configure (path, image_fd, image, flags, &fd) ? 0 : errno;
    if (errsv == 0)
      *device = g_steal_pointer (&path);
  }
  close (image_fd);
  if (errsv == 0)
    return fd;
  xm_error_set_io (error, "%s: no loop device: %s", image, g_strerror (errsv));
  return -1;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A vchan made of two FIFOs that stay open: a stream in each direction, in
 * which the server cannot see that a client closed its end and opened it again
 * at once. That is the worst case of a real one.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libxenvchan.h>

#include "test/simhost/standin/standin.h"

struct fake {
  struct libxenvchan vchan; /* first: what the program holds */
  int in, out;
};

static int
open_end (const char *name)
{
  char path[PATH_MAX];

  standin_path (path, sizeof path, name);
  if (mkfifo (path, 0600) < 0 && errno != EEXIST)
    return -1;
  return open (path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

static struct libxenvchan *
new_fake (const char *in, const char *out)
{
  struct fake *fake = calloc (1, sizeof *fake);

  fake->in = open_end (in);
  fake->out = open_end (out);
  return &fake->vchan;
}

struct libxenvchan *
libxenvchan_server_init (struct xentoollog_logger *logger,
                         int domain,
                         const char *path,
                         size_t left,
                         size_t right)
{
  (void)logger, (void)domain, (void)path, (void)left, (void)right;
  return new_fake ("to-server", "to-client");
}

struct libxenvchan *
libxenvchan_client_init (struct xentoollog_logger *logger, int domain, const char *path)
{
  (void)logger, (void)domain, (void)path;
  return new_fake ("to-client", "to-server");
}

void
libxenvchan_close (struct libxenvchan *ctrl)
{
  struct fake *fake = (struct fake *)ctrl;

  close (fake->in);
  close (fake->out);
  free (fake);
}

int
libxenvchan_is_open (struct libxenvchan *ctrl)
{
  (void)ctrl;
  return 1;
}

int
libxenvchan_fd_for_select (struct libxenvchan *ctrl)
{
  return ((struct fake *)ctrl)->in;
}

int
libxenvchan_wait (struct libxenvchan *ctrl)
{
  (void)ctrl;
  return 0;
}

int
libxenvchan_data_ready (struct libxenvchan *ctrl)
{
  int ready = 0;

  ioctl (((struct fake *)ctrl)->in, FIONREAD, &ready);
  return ready;
}

int
libxenvchan_read (struct libxenvchan *ctrl, void *data, size_t size)
{
  ssize_t got = read (((struct fake *)ctrl)->in, data, size);

  return got < 0 && errno == EAGAIN ? 0 : (int)got;
}

int
libxenvchan_write (struct libxenvchan *ctrl, const void *data, size_t size)
{
  ssize_t done = write (((struct fake *)ctrl)->out, data, size);

  return done < 0 && errno == EAGAIN ? 0 : (int)done;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preloaded: the driver's device nodes, for a process on a host without them.
 *
 * Each ioctl becomes a datagram to the socket QT_DEVICE_PEER: the request's
 * number (4 bytes), then the argument as it lies in memory; of a send, the
 * address (8 bytes) and the message. What comes from there begins with the 8
 * bytes of the source's address; a single byte is the errno value that all
 * sends fail with from then on, 0 if they work again. Of the structures nothing
 * is taken from the program's own headers.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SEND 0x40205709u
#define RECV 0x4020570au

int open (const char *path, int flags, ...);
int ioctl (int fd, unsigned long request, ...);

static int device = -1;
static struct sockaddr_un peer = { .sun_family = AF_UNIX };
static unsigned limit, refusals;
static int send_error;

static int
open_device (void)
{
  struct sockaddr_un own = { .sun_family = AF_UNIX };
  const char *text = getenv ("QT_DEVICE_LIMIT");
  limit = text != NULL ? (unsigned)atoi (text) : 16272;
  strncpy (peer.sun_path, getenv ("QT_DEVICE_PEER"), sizeof peer.sun_path - 1);
  strncpy (own.sun_path, getenv ("QT_DEVICE_OWN"), sizeof own.sun_path - 1);
  unlink (own.sun_path);
  device = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (device >= 0 && bind (device, (struct sockaddr *)&own, sizeof own) < 0)
    return -1;
  return device;
}

int
open (const char *path, int flags, ...)
{
  int (*next) (const char *, int, ...) =
      (int (*) (const char *, int, ...))dlsym (RTLD_NEXT, "open");
  va_list args;
  va_start (args, flags);
  mode_t mode = flags & O_CREAT ? va_arg (args, mode_t) : 0;
  va_end (args);
  if (strcmp (path, "/dev/argo_dgram") == 0 || strcmp (path, "/dev/v4v_dgram") == 0)
    return open_device ();
  return next (path, flags, mode);
}

static int
tell (uint32_t request, const void *argument, size_t size, const void *message, size_t len)
{
  unsigned char bytes[65536];
  memcpy (bytes, &request, 4);
  memcpy (bytes + 4, argument, size);
  memcpy (bytes + 4 + size, message, len);
  ssize_t n = sendto (device, bytes, 4 + size + len, 0, (struct sockaddr *)&peer, sizeof peer);
  if (n < 0 && (errno == ENOENT || errno == EPIPE))
    errno = ECONNREFUSED;
  return n < 0 ? -1 : 0;
}

static int
take (void *buffer, size_t len, void *address)
{
  unsigned char bytes[65536];
  ssize_t n = recv (device, bytes, sizeof bytes, 0);
  if (n == 1) {
    send_error = bytes[0];
    errno = EAGAIN;
  }
  if (n < 8)
    return -1;
  /* As much of it as this driver's structure has. */
  memcpy (address, bytes, strstr (getenv ("QT_DEVICE_KIND"), "v4v") != NULL ? 6 : 8);
  size_t count = (size_t)n - 8 < len ? (size_t)n - 8 : len;
  memcpy (buffer, bytes + 8, count);
  return (int)count;
}

int
ioctl (int fd, unsigned long request, ...)
{
  int (*next) (int, unsigned long, ...) =
      (int (*) (int, unsigned long, ...))dlsym (RTLD_NEXT, "ioctl");
  va_list args;
  va_start (args, request);
  unsigned char *argument = va_arg (args, unsigned char *);
  va_end (args);
  if (fd != device || device < 0)
    return next (fd, request, argument);

  /* The descriptor of a transfer, at the driver's offsets. */
  unsigned char *buffer, *address;
  uint64_t len;
  int32_t flags;
  if (request != SEND && request != RECV) {
    const char *text = getenv ("QT_DEVICE_REFUSALS");
    size_t size = (request >> 16) & 0x3fff;
    if (tell ((uint32_t)request, argument, size, "", 0) < 0)
      return -1;
    if ((request & 0xff) == 2 && text != NULL && refusals++ < (unsigned)atoi (text)) {
      errno = ESRCH;
      return -1;
    }
    return 0;
  }
  memcpy (&buffer, argument, 8);
  memcpy (&len, argument + 8, 8);
  memcpy (&flags, argument + 16, 4);
  memcpy (&address, argument + 24, 8);
  if ((flags & MSG_DONTWAIT) == 0) {
    errno = EINVAL; /* it must not block */
    return -1;
  }
  if (request == RECV)
    return take (buffer, len, address);
  if (send_error != 0 || len > limit) {
    errno = send_error != 0 ? send_error : EMSGSIZE;
    return -1;
  }
  return tell ((uint32_t)request, address, 8, buffer, len) < 0 ? -1 : (int)len;
}

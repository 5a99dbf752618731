/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cuse-device argo|v4v STUBDOM MONITOR: the device node of that driver on a kernel with CUSE, and
 * behind it the stubdomain: QEMU's character device, in front of the monitor MONITOR.
 *
 * The ioctls come through the kernel, which copies what their numbers and pointers say. Structures
 * are taken apart here byte by byte, and whatever is not as the driver wants it is EINVAL.
 */
#define FUSE_USE_VERSION 314
#include <cuse_lowlevel.h>
#include <errno.h>
#include <fuse_lowlevel.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SETRINGSIZE 0x40045701u
#define BIND        0x40085702u
#define SEND        0x40205709u
#define RECV        0x4020570au

#define LARGEST   16272 /* of a message, with a ring of 16304 bytes */
#define MOST_RECV 65536 /* that the kernel hands to a process */
#define TRANSFER  32    /* bytes of the descriptor */
#define DATAGRAM  4000  /* of what QEMU says */

/** Device: the one that is open, and the stubdomain. */
static struct {
  int v4v;
  uint16_t stubdom;
  const char *path;
  uint32_t ring;
  int bound, monitor; /* the connection to QEMU, -1 while closed */
  unsigned char said[DATAGRAM];
  size_t n_said; /* one datagram that waits; 0: none */
  struct fuse_pollhandle *waits;
} self = { .monitor = -1 };

static uint32_t
u32 (const unsigned char *at)
{
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint16_t
u16 (const unsigned char *at)
{
  return (uint16_t)(at[0] | at[1] << 8);
}

static uint64_t
u64 (const unsigned char *at)
{
  return u32 (at) | (uint64_t)u32 (at + 4) << 32;
}

static void
complain (const char *what)
{
  fprintf (stderr, "cuse-device: %s\n", what);
}

static void
close_monitor (void)
{
  if (self.monitor >= 0)
    close (self.monitor);
  self.monitor = -1;
}

static void
open_monitor (void)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  strncpy (address.sun_path, self.path, sizeof address.sun_path - 1);
  close_monitor ();
  self.monitor = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect (self.monitor, (struct sockaddr *)&address, sizeof address) < 0) {
    perror (self.path);
    close_monitor ();
  }
}

/* As QEMU's character device: two words open and close it, the rest is for the monitor. */
static void
take_datagram (const unsigned char *bytes, size_t count)
{
  if (count == 4 && memcmp (bytes, "live", 4) == 0) {
    if (self.monitor < 0)
      open_monitor ();
  } else if (count == 4 && memcmp (bytes, "dead", 4) == 0) {
    close_monitor ();
  } else {
    for (size_t done = 0; done < count && self.monitor >= 0;) {
      ssize_t n = send (self.monitor, bytes + done, count - done, MSG_NOSIGNAL);
      if (n < 0)
        close_monitor ();
      else
        done += (size_t)n;
    }
  }
}

static int
bind_error (const unsigned char *ring)
{
  uint16_t domain = self.v4v ? u16 (ring + 4) : u16 (ring);
  uint16_t partner = self.v4v ? u16 (ring + 6) : u16 (ring + 2);
  uint32_t port = self.v4v ? u32 (ring) : u32 (ring + 4);
  if (self.bound || self.ring == 0 || domain != (self.v4v ? 0x7fff : 0x7ff4) || port != 5100)
    return EINVAL;
  if (partner != self.stubdom)
    return ESRCH;
  self.bound = 1;
  return 0;
}

static int
send_error (const unsigned char *transfer, const unsigned char *address)
{
  uint64_t len = u64 (transfer + 8);
  if (!self.bound || (u32 (transfer + 16) & MSG_DONTWAIT) == 0)
    return EINVAL;
  if (u32 (address) != 15100)
    return ECONNREFUSED;
  if (u16 (address + 4) != self.stubdom)
    return ESRCH;
  if (!self.v4v && u16 (address + 6) != 0)
    return EINVAL;
  return len > LARGEST ? EMSGSIZE : 0;
}

/* Asks the kernel for what the descriptor points at; then the call comes again. */
static void
ask_send (fuse_req_t req, const unsigned char *argument, const unsigned char *transfer)
{
  struct iovec in[] = { { (void *)argument, TRANSFER },
                        { (void *)(uintptr_t)u64 (transfer + 24), self.v4v ? 6 : 8 },
                        { (void *)(uintptr_t)u64 (transfer), u64 (transfer + 8) } };
  if (in[2].iov_len > LARGEST)
    fuse_reply_err (req, EMSGSIZE);
  else
    fuse_reply_ioctl_retry (req, in, in[2].iov_len > 0 ? 3 : 2, NULL, 0);
}

static void
ask_receive (fuse_req_t req, const unsigned char *argument, const unsigned char *transfer)
{
  struct iovec in = { (void *)argument, TRANSFER };
  struct iovec out[] = { { (void *)(uintptr_t)u64 (transfer + 24), self.v4v ? 6 : 8 },
                         { (void *)(uintptr_t)u64 (transfer), u64 (transfer + 8) } };
  if (out[1].iov_len > MOST_RECV)
    out[1].iov_len = MOST_RECV;
  fuse_reply_ioctl_retry (req, &in, 1, out, 2);
}

static void
receive (fuse_req_t req, size_t address_len, size_t room)
{
  unsigned char address[8] = { 15100 & 0xff, 15100 >> 8 };
  if (self.n_said == 0) {
    fuse_reply_err (req, EAGAIN);
    return;
  }
  address[4] = (unsigned char)(self.stubdom & 0xff);
  address[5] = (unsigned char)(self.stubdom >> 8);
  size_t count = self.n_said < room ? self.n_said : room;
  struct iovec out[] = { { address, address_len }, { self.said, count } };
  self.n_said = 0;
  fuse_reply_ioctl_iov (req, (int)count, out, 2);
}

static void
on_ioctl (fuse_req_t req,
          int request,
          void *argument,
          struct fuse_file_info *file,
          unsigned flags,
          const void *in,
          size_t in_size,
          size_t out_size)
{
  const unsigned char *bytes = in;
  size_t address_len = self.v4v ? 6 : 8, wanted = ((unsigned)request >> 16) & 0x3fff;
  struct iovec first = { argument, wanted };
  int error = EINVAL;

  if (wanted == 0) { /* of another driver; asking for its argument would go on for ever */
    fuse_reply_err (req, ENOTTY);
    return;
  }
  if (in_size == 0) {
    fuse_reply_ioctl_retry (req, &first, 1, NULL, 0);
    return;
  }
  switch ((unsigned)request) {
  case SETRINGSIZE:
    self.ring = u32 (bytes);
    error = self.bound || self.ring < 48 || self.ring % 16 != 0 ? EINVAL : 0;
    break;
  case BIND:
    error = bind_error (bytes);
    break;
  case SEND:
    if (in_size == TRANSFER) {
      ask_send (req, argument, bytes);
      return;
    }
    error = send_error (bytes, bytes + TRANSFER);
    if (error == 0) {
      size_t len = in_size - TRANSFER - address_len;
      take_datagram (bytes + TRANSFER + address_len, len);
      fuse_reply_ioctl (req, (int)len, NULL, 0);
      return;
    }
    break;
  case RECV:
    if (!self.bound || (u32 (bytes + 16) & MSG_DONTWAIT) == 0)
      break;
    if (out_size == 0)
      ask_receive (req, argument, bytes);
    else
      receive (req, address_len, out_size - address_len);
    return;
  default:
    complain ("an unknown request");
  }
  if (error == 0)
    fuse_reply_ioctl (req, 0, NULL, 0);
  else
    fuse_reply_err (req, error);
}

static void
on_open (fuse_req_t req, struct fuse_file_info *file)
{
  self.bound = 0;
  self.ring = 0;
  fuse_reply_open (req, file);
}

static void
on_release (fuse_req_t req, struct fuse_file_info *file)
{
  self.bound = 0;
  close_monitor ();
  fuse_reply_err (req, 0);
}

/* Room is always claimed, as the drivers do. */
static void
on_poll (fuse_req_t req, struct fuse_file_info *file, struct fuse_pollhandle *handle)
{
  if (handle != NULL) {
    if (self.waits != NULL)
      fuse_pollhandle_destroy (self.waits);
    self.waits = handle;
  }
  fuse_reply_poll (req, POLLOUT | (self.n_said > 0 ? POLLIN : 0));
}

static void
read_monitor (void)
{
  ssize_t n = recv (self.monitor, self.said, sizeof self.said, 0);
  if (n <= 0) {
    close_monitor ();
    return;
  }
  self.n_said = (size_t)n;
  if (self.waits != NULL) {
    fuse_lowlevel_notify_poll (self.waits);
    fuse_pollhandle_destroy (self.waits);
    self.waits = NULL;
  }
}

static void
serve (struct fuse_session *session)
{
  struct fuse_buf buffer = { .mem = NULL };
  while (!fuse_session_exited (session)) {
    struct pollfd fds[] = { { .fd = fuse_session_fd (session), .events = POLLIN },
                            { .fd = self.n_said == 0 ? self.monitor : -1, .events = POLLIN } };
    if (poll (fds, 2, -1) < 0)
      continue;
    if (fds[1].revents != 0)
      read_monitor ();
    if (fds[0].revents == 0)
      continue;
    int n = fuse_session_receive_buf (session, &buffer);
    if (n == 0 || (n < 0 && n != -EINTR))
      break;
    if (n > 0)
      fuse_session_process_buf (session, &buffer);
  }
}

int
main (int argc, char **argv)
{
  static const struct cuse_lowlevel_ops operations = {
    .open = on_open, .release = on_release, .ioctl = on_ioctl, .poll = on_poll
  };
  char name[64], *words[] = { argv[0], (char *)"-f", (char *)"-s", NULL };
  const char *info[] = { name };
  struct cuse_info device = { .dev_info_argc = 1,
                              .dev_info_argv = info,
                              .flags = CUSE_UNRESTRICTED_IOCTL };
  int multithreaded;

  if (argc != 4) {
    complain ("usage: cuse-device argo|v4v STUBDOM MONITOR");
    return 2;
  }
  self.v4v = strcmp (argv[1], "v4v") == 0;
  self.stubdom = (uint16_t)strtoul (argv[2], NULL, 10);
  self.path = argv[3];
  snprintf (name, sizeof name, "DEVNAME=%s_dgram", argv[1]);
  struct fuse_session *session =
      cuse_lowlevel_setup (3, words, &device, &operations, &multithreaded, NULL);
  if (session == NULL)
    return 1;
  serve (session);
  cuse_lowlevel_teardown (session);
  return 0;
}

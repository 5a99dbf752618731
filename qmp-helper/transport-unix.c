/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * UNIX sockets: between two processes of one host, for tests and next to a
 * QEMU of the same host.
 *
 * dgram      as argo: no connection; a source other than the peer is refused.
 *            The peer's path may vanish and come back.
 * seqpacket  messages over a connection, so that its end is seen.
 * stream     each session is a connection, as QEMU itself serves its monitor.
 *
 * The stubdomain's end binds or listens at --local, the helper connects to
 * --peer.
 */
#include "qmp-helper/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/** Unix: state of one. For connections `fd` of the transport is either the listener or one of them.
 */
typedef struct {
  struct sockaddr_un peer, local;
  socklen_t peer_len, local_len;
  int listener; /* server of seqpacket or stream */
  int room;     /* dgram: a socket that is only polled */
} Unix;

static bool
fill_address (struct sockaddr_un *address, socklen_t *len, const char *path)
{
  size_t n = strlen (path);
  memset (address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  if (n == 0 || n >= sizeof address->sun_path)
    return false;
  memcpy (address->sun_path, path, n);
  *len = (socklen_t)(offsetof (struct sockaddr_un, sun_path) + n + 1);
  return true;
}

static int
socket_type (const QhTransport *transport)
{
  static const int types[] = { [QH_UNIX_DGRAM] = SOCK_DGRAM,
                               [QH_UNIX_SEQPACKET] = SOCK_SEQPACKET,
                               [QH_UNIX_STREAM] = SOCK_STREAM };
  return types[transport->options->unix_type] | SOCK_CLOEXEC | SOCK_NONBLOCK;
}

/* A socket bound to the local path; what a dead process left there goes. */
static int
bind_local (const QhTransport *transport, const Unix *self)
{
  int fd = socket (AF_UNIX, socket_type (transport), 0);
  if (fd < 0)
    return -errno;
  unlink (self->local.sun_path);
  if (bind (fd, (const struct sockaddr *)&self->local, self->local_len) < 0) {
    int error = -errno;
    close (fd);
    return error;
  }
  return fd;
}

static int
unix_open (QhTransport *transport, const QhOptions *options, char *why, size_t size)
{
  bool dgram = options->unix_type == QH_UNIX_DGRAM;
  bool bound = dgram || transport->server;
  Unix *self = calloc (1, sizeof *self);
  if (self == NULL)
    return -ENOMEM;
  self->listener = self->room = -1;
  transport->fd = -1;
  transport->data = self;
  transport->messages = options->unix_type != QH_UNIX_STREAM;
  transport->sessions = transport->messages ? QH_SESSIONS_MAGIC : QH_SESSIONS_REOPEN;
  if (!fill_address (&self->peer, &self->peer_len, options->peer) ||
      (bound && !fill_address (&self->local, &self->local_len, options->local))) {
    snprintf (why, size, "a path is too long for a socket");
    return -ENAMETOOLONG;
  }
  if (!bound)
    return 0;
  int fd = bind_local (transport, self);
  if (fd < 0 || (!dgram && listen (fd, 1) < 0)) {
    snprintf (why, size, "%s: %s", options->local, strerror (fd < 0 ? -fd : errno));
    return fd < 0 ? fd : -errno;
  }
  if (!dgram)
    self->listener = fd;
  transport->fd = fd;
  return 0;
}

static bool
is_connection (const QhTransport *transport)
{
  const Unix *self = transport->data;
  return transport->options->unix_type != QH_UNIX_DGRAM && transport->fd >= 0 &&
         transport->fd != self->listener;
}

/* The helper's end: connects. The stubdomain's: takes the connection that waits. */
static int
unix_begin (QhTransport *transport)
{
  Unix *self = transport->data;
  if (transport->options->unix_type == QH_UNIX_DGRAM || is_connection (transport))
    return 0;
  if (transport->server) {
    int fd = accept4 (self->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
      return -errno;
    transport->fd = fd;
    return 0;
  }
  int fd = socket (AF_UNIX, socket_type (transport), 0);
  if (fd < 0)
    return -errno;
  if (connect (fd, (struct sockaddr *)&self->peer, self->peer_len) < 0) {
    int error = errno;
    close (fd);
    return error == ENOENT || error == EAGAIN ? -ECONNREFUSED : -error;
  }
  transport->fd = fd;
  return 0;
}

static void
unix_end (QhTransport *transport)
{
  Unix *self = transport->data;
  if (!is_connection (transport))
    return;
  close (transport->fd);
  transport->fd = self->listener;
}

static short
unix_events (const QhTransport *transport, bool want_read, bool want_write)
{
  bool connection = is_connection (transport);
  return (short)((want_read ? POLLIN : 0) | (want_write && connection ? POLLOUT : 0));
}

static bool
unix_ready (QhTransport *transport, short revents)
{
  return (revents & (POLLIN | POLLHUP | POLLERR)) != 0;
}

static ssize_t
read_dgram (QhTransport *transport, void *buffer, size_t size)
{
  Unix *self = transport->data;
  struct sockaddr_un from;
  socklen_t from_len = sizeof from;
  memset (&from, 0, sizeof from);
  ssize_t n = recvfrom (transport->fd, buffer, size, 0, (struct sockaddr *)&from, &from_len);
  if (n < 0)
    return -errno;
  bool named = from_len > offsetof (struct sockaddr_un, sun_path);
  if (named && strncmp (from.sun_path, self->peer.sun_path, sizeof from.sun_path) == 0)
    return n;
  if (!named || !transport->options->any_port)
    return -EPERM;
  self->peer = from;
  self->peer_len = from_len;
  return n;
}

static ssize_t
unix_read (QhTransport *transport, void *buffer, size_t size)
{
  if (transport->options->unix_type == QH_UNIX_DGRAM)
    return read_dgram (transport, buffer, size);
  if (!is_connection (transport))
    return -EAGAIN;
  ssize_t n = recv (transport->fd, buffer, size, 0);
  if (n > 0)
    return n;
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return -EAGAIN;
  return -ECONNRESET;
}

/* The kernel tells of room in a receiver's queue only those who are connected to it. The socket
   that receives is not: it would then hear nobody else, whom --any-port may want. */
static void
watch_room (QhTransport *transport)
{
  Unix *self = transport->data;
  struct pollfd room = { .fd = self->room, .events = POLLOUT };
  transport->room_fd = -1;
  if (self->room < 0)
    room.fd = self->room = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  /* Each time anew: another may be at that path now. If there is room already, or if it is this
     end's own memory that is short, a timer tries again. */
  if (self->room >= 0 &&
      connect (self->room, (struct sockaddr *)&self->peer, self->peer_len) == 0 &&
      poll (&room, 1, 0) == 0)
    transport->room_fd = self->room;
}

static ssize_t
unix_write (QhTransport *transport, const void *buffer, size_t count)
{
  Unix *self = transport->data;
  ssize_t n;
  if (transport->options->unix_type == QH_UNIX_DGRAM)
    n = sendto (transport->fd, buffer, count, MSG_NOSIGNAL, (struct sockaddr *)&self->peer,
                self->peer_len);
  else if (is_connection (transport))
    n = send (transport->fd, buffer, count, MSG_NOSIGNAL);
  else
    return -ECONNREFUSED;
  if (n >= 0)
    return n;
  switch (errno) {
  case EAGAIN:
    if (transport->options->unix_type == QH_UNIX_DGRAM)
      watch_room (transport);
    return -EAGAIN;
  case EINTR:
  case ENOBUFS:
    transport->room_fd = -1;
    return -EAGAIN;
  case EMSGSIZE:
    return -EMSGSIZE;
  case EPIPE:
  case ECONNRESET:
    return -ECONNRESET;
  default: /* no such path, or nobody at it */
    return -ECONNREFUSED;
  }
}

static void
unix_close (QhTransport *transport)
{
  Unix *self = transport->data;
  if (self == NULL)
    return;
  unix_end (transport);
  if (transport->fd >= 0)
    close (transport->fd);
  if (self->room >= 0)
    close (self->room);
  if (transport->fd >= 0)
    unlinkat (AT_FDCWD, self->local.sun_path, 0);
  transport->fd = transport->room_fd = -1;
  transport->data = NULL;
  free (self);
}

const QhTransportType qh_transport_unix = {
  .name = "unix",
  .open = unix_open,
  .events = unix_events,
  .ready = unix_ready,
  .read = unix_read,
  .write = unix_write,
  .begin = unix_begin,
  .end = unix_end,
  .close = unix_close,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Argo and V4V: datagrams through the hypervisor, by ioctls of a device.
 *
 * The device is never polled for room: it always claims to have some, also
 * when the other end's ring is full. Nor does it tell when the other domain is
 * gone. A message fits the other end's ring or is refused with EMSGSIZE.
 */
#include "qmp-helper/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "qmp-helper/device-abi.h"

typedef union {
  struct qh_argo_address argo;
  struct qh_v4v_address v4v;
} Address;

typedef union {
  struct qh_argo_ring argo;
  struct qh_v4v_ring v4v;
} Ring;

/** Device: an open one, and where to send to. */
typedef struct {
  bool v4v;
  uint32_t port;
} Device;

static Address
make_address (const QhTransport *transport)
{
  const Device *self = transport->data;
  uint16_t domain = (uint16_t)transport->options->stubdom;
  Address address;
  memset (&address, 0, sizeof address);
  if (self->v4v)
    address.v4v = (struct qh_v4v_address){ .port = self->port, .domain = domain };
  else
    address.argo = (struct qh_argo_address){ .port = self->port, .domain = domain };
  return address;
}

static Ring
make_ring (const QhOptions *options, bool v4v)
{
  uint16_t partner = (uint16_t)options->stubdom;
  Ring ring;
  memset (&ring, 0, sizeof ring);
  if (v4v)
    ring.v4v =
        (struct qh_v4v_ring){ .port = options->port, .domain = QH_V4V_ANY, .partner = partner };
  else
    ring.argo =
        (struct qh_argo_ring){ .port = options->port, .domain = QH_ARGO_ANY, .partner = partner };
  return ring;
}

/* What an error of opening or binding means to the caller. */
static int
start_error (int error)
{
  switch (error) {
  case ENOENT:
  case ENXIO:
  case ENODEV:
  case ENOTTY:
  case ENOSYS:
  case EOPNOTSUPP:
    return -ENODEV;
  case ESRCH:
  case ECONNREFUSED: /* it is there, but has no Argo (yet) */
    return -ESRCH;
  default:
    return -error;
  }
}

static int
start (QhTransport *transport, bool v4v, char *why, size_t size)
{
  const QhOptions *options = transport->options;
  const char *node = v4v ? "/dev/v4v_dgram" : "/dev/argo_dgram";
  const char *step = "open";
  uint32_t ring_size = options->ring_size;
  Ring ring = make_ring (options, v4v);
  unsigned long bind_request = v4v ? QH_V4V_BIND : QH_ARGO_BIND;

  transport->fd = open (node, O_RDWR | O_CLOEXEC | O_NONBLOCK);
  if (transport->fd >= 0) {
    step = "ring size";
    if (ioctl (transport->fd, QH_DEVICE_SETRINGSIZE, &ring_size) == 0) {
      step = "bind";
      if (ioctl (transport->fd, bind_request, &ring) == 0)
        return 0;
    }
  }
  int error = errno;
  snprintf (why, size, "%s: %s: %s", node, step, strerror (error));
  if (transport->fd >= 0)
    close (transport->fd);
  transport->fd = -1;
  return start_error (error);
}

static int
device_open (QhTransport *transport, bool v4v, char *why, size_t size)
{
  Device *self = calloc (1, sizeof *self);
  if (self == NULL)
    return -ENOMEM;
  self->v4v = v4v;
  self->port = transport->options->remote_port;
  transport->data = self;
  transport->messages = true;
  transport->sessions = QH_SESSIONS_MAGIC;
  int status = start (transport, v4v, why, size);
  if (status < 0) {
    free (self);
    transport->data = NULL;
  }
  return status;
}

static int
argo_open (QhTransport *transport, const QhOptions *options, char *why, size_t size)
{
  return device_open (transport, false, why, size);
}

static int
v4v_open (QhTransport *transport, const QhOptions *options, char *why, size_t size)
{
  return device_open (transport, true, why, size);
}

static short
device_events (const QhTransport *transport, bool want_read, bool want_write)
{
  return want_read ? POLLIN : 0;
}

static bool
device_ready (QhTransport *transport, short revents)
{
  return (revents & POLLIN) != 0;
}

/* Whether the message came from the other end. The domain is the hypervisor's word; the port is
   only what the sending kernel says. */
static bool
is_from_peer (QhTransport *transport, const Address *from)
{
  Device *self = transport->data;
  uint32_t port = self->v4v ? from->v4v.port : from->argo.port;
  int domain = self->v4v ? from->v4v.domain : from->argo.domain;
  if (domain != transport->options->stubdom)
    return false;
  if (transport->options->any_port)
    self->port = port;
  return port == self->port;
}

static ssize_t
device_read (QhTransport *transport, void *buffer, size_t size)
{
  Address from;
  struct qh_transfer transfer = {
    .buffer = buffer, .len = size, .flags = MSG_DONTWAIT, .address = &from
  };
  memset (&from, 0, sizeof from);
  int n = ioctl (transport->fd, QH_DEVICE_RECV, &transfer);
  if (n < 0)
    return errno == EINTR ? -EAGAIN : -errno;
  return is_from_peer (transport, &from) ? n : -EPERM;
}

static ssize_t
device_write (QhTransport *transport, const void *bytes, size_t count)
{
  Address to = make_address (transport);
  struct qh_transfer transfer = {
    .buffer = (void *)bytes, .len = count, .flags = MSG_DONTWAIT | MSG_NOSIGNAL, .address = &to
  };
  int n = ioctl (transport->fd, QH_DEVICE_SEND, &transfer);
  if (n >= 0)
    return n;
  /* EBUSY: too many domains wait for room in that ring already. */
  return errno == EINTR || errno == EBUSY ? -EAGAIN : -errno;
}

static void
device_close (QhTransport *transport)
{
  if (transport->fd >= 0)
    close (transport->fd);
  transport->fd = -1;
  free (transport->data);
  transport->data = NULL;
}

#define DEVICE_CALLS                                                                               \
  .events = device_events, .ready = device_ready, .read = device_read, .write = device_write,      \
  .close = device_close

const QhTransportType qh_transport_argo = { .name = "argo", .open = argo_open, DEVICE_CALLS };
const QhTransportType qh_transport_v4v = { .name = "v4v", .open = v4v_open, DEVICE_CALLS };

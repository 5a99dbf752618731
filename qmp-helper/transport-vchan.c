/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vchan: a byte stream through shared memory, by libxenvchan.
 *
 * It tells of nothing that happens twice between two looks: a client that left
 * and another that came are one to the server. So either each session starts
 * with a marker, and the vchan stays; or each has a vchan of its own: the
 * server makes a new one when the client's end closes, and the client opens
 * none before it has seen the old one go.
 */
#include "qmp-helper/transport.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef QH_HAVE_VCHAN

#include <libxenvchan.h>

#define RING_BYTES 4096

/* What libxenvchan_is_open says of the other end. */
enum { LEFT = 0, THERE = 1, NOT_YET = 2 };

/** Vchan: state of one. */
typedef struct {
  struct libxenvchan *channel;
  bool was_open; /* the client's end has been seen */
  bool leaving;  /* the client's session is over; the server has yet to let go of it */
  int64_t leave_until;
} Vchan;

static void
adopt (QhTransport *transport, struct libxenvchan *channel)
{
  Vchan *self = transport->data;
  self->channel = channel;
  self->was_open = self->leaving = false;
  transport->fd = channel != NULL ? libxenvchan_fd_for_select (channel) : -1;
  if (channel != NULL)
    channel->blocking = 0;
}

static void
let_go (QhTransport *transport)
{
  Vchan *self = transport->data;
  if (self->channel != NULL)
    libxenvchan_close (self->channel);
  adopt (transport, NULL);
}

/* Tells the server, as closing would, but keeps what tells of its answer: for a time, since there
   may be no server any more. */
static void
leave (QhTransport *transport)
{
  Vchan *self = transport->data;
  struct libxenvchan *channel = self->channel;
  channel->ring->cli_live = LEFT;
  xenevtchn_notify (channel->event, channel->event_port);
  self->leaving = true;
  self->leave_until = qh_now () + (int64_t)transport->options->stall_seconds * 1000;
}

static bool
has_left (QhTransport *transport)
{
  Vchan *self = transport->data;
  if (self->leaving && libxenvchan_is_open (self->channel) && qh_now () < self->leave_until)
    return false;
  if (self->leaving)
    let_go (transport);
  return true;
}

static void
make_server (QhTransport *transport)
{
  const QhOptions *options = transport->options;
  adopt (transport, libxenvchan_server_init (NULL, options->stubdom, options->vchan_path,
                                             RING_BYTES, RING_BYTES));
}

static int
vchan_open (QhTransport *transport, const QhOptions *options, char *why, size_t size)
{
  const char *device = transport->server ? "/dev/xen/gntalloc" : "/dev/xen/gntdev";
  Vchan *self;
  if (access (device, F_OK) < 0 || access ("/dev/xen/evtchn", F_OK) < 0) {
    snprintf (why, size, "%s: %s", device, strerror (errno));
    return -ENODEV;
  }
  self = calloc (1, sizeof *self);
  if (self == NULL)
    return -ENOMEM;
  transport->data = self;
  transport->fd = -1;
  transport->messages = false;
  transport->sessions = options->marker ? QH_SESSIONS_MARKER : QH_SESSIONS_REOPEN;
  if (!transport->server)
    return 0;
  make_server (transport);
  if (self->channel != NULL)
    return 0;
  snprintf (why, size, "%s: %s", options->vchan_path, strerror (errno));
  return -EIO;
}

static bool
is_open (const QhTransport *transport)
{
  const Vchan *self = transport->data;
  return self->channel != NULL && libxenvchan_is_open (self->channel) != LEFT;
}

/* A client that has left is there until that was read. */
static int
begin_server (QhTransport *transport)
{
  Vchan *self = transport->data;
  if (self->channel == NULL)
    make_server (transport);
  if (self->channel == NULL)
    return -EAGAIN;
  int open = libxenvchan_is_open (self->channel);
  bool marked = transport->sessions == QH_SESSIONS_MARKER;
  if (open == NOT_YET || (open == LEFT && marked && !self->was_open))
    return -EAGAIN;
  self->was_open = true;
  return 0;
}

static int
vchan_begin (QhTransport *transport)
{
  const QhOptions *options = transport->options;
  Vchan *self = transport->data;

  if (transport->server)
    return begin_server (transport);
  if (!has_left (transport))
    return -EAGAIN;
  if (is_open (transport))
    return 0;
  let_go (transport);
  /* The server may not have made it yet: its domain is still starting. */
  adopt (transport, libxenvchan_client_init (NULL, options->stubdom, options->vchan_path));
  if (self->channel == NULL || !is_open (transport)) {
    let_go (transport);
    return -EAGAIN;
  }
  return 0;
}

static void
vchan_end (QhTransport *transport)
{
  Vchan *self = transport->data;
  bool marked = transport->sessions == QH_SESSIONS_MARKER;
  if (transport->server && marked && !is_open (transport)) {
    /* The next client finds this one, and its marker tells it from the last. */
    self->was_open = false;
  } else if (transport->server) {
    let_go (transport);
    make_server (transport);
  } else if (!marked && !self->leaving && is_open (transport)) {
    leave (transport);
  } else if (!self->leaving) {
    let_go (transport);
  }
}

static short
vchan_events (const QhTransport *transport, bool want_read, bool want_write)
{
  const Vchan *self = transport->data;
  if (self->channel == NULL)
    return 0;
  /* Asking is what makes the other end tell of changes. */
  libxenvchan_data_ready (self->channel);
  if (want_write)
    libxenvchan_buffer_space (self->channel);
  return POLLIN;
}

/* Room is not looked for: libxenvchan takes that for a wish to hear of each piece that the other
   end takes. A write that finds none wishes so itself. */
static bool
vchan_ready (QhTransport *transport, short revents)
{
  Vchan *self = transport->data;
  if (self->channel == NULL)
    return false;
  if (revents & POLLIN)
    libxenvchan_wait (self->channel);
  if (self->leaving) {
    has_left (transport);
    return false;
  }
  int open = libxenvchan_is_open (self->channel);
  return open == LEFT /* reading is what tells */ || (open == THERE && !self->was_open) ||
         libxenvchan_data_ready (self->channel) > 0;
}

static ssize_t
vchan_read (QhTransport *transport, void *buffer, size_t size)
{
  Vchan *self = transport->data;
  if (self->channel == NULL || self->leaving)
    return -EAGAIN;
  int n = libxenvchan_read (self->channel, buffer, size);
  if (n > 0)
    return n;
  return n < 0 || !is_open (transport) ? -ECONNRESET : -EAGAIN;
}

static ssize_t
vchan_write (QhTransport *transport, const void *bytes, size_t count)
{
  Vchan *self = transport->data;
  if (self->channel == NULL || self->leaving)
    return -ECONNREFUSED;
  int n = libxenvchan_write (self->channel, bytes, count);
  if (n > 0)
    return n;
  return n < 0 || !is_open (transport) ? -ECONNRESET : -EAGAIN;
}

static void
vchan_close (QhTransport *transport)
{
  let_go (transport);
  free (transport->data);
  transport->data = NULL;
}

const QhTransportType qh_transport_vchan = {
  .name = "vchan",
  .open = vchan_open,
  .events = vchan_events,
  .ready = vchan_ready,
  .read = vchan_read,
  .write = vchan_write,
  .begin = vchan_begin,
  .end = vchan_end,
  .close = vchan_close,
};

#else

static int
vchan_open (QhTransport *transport, const QhOptions *options, char *why, size_t size)
{
  snprintf (why, size, "this build has no libxenvchan");
  return -ENODEV;
}

const QhTransportType qh_transport_vchan = { .name = "vchan", .open = vchan_open };

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stubdomain's end: each session of the other end becomes a connection to QEMU's socket. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "qmp-helper/link.h"
#include "qmp-helper/local.h"
#include "qmp-helper/loop.h"
#include "qmp-helper/stats.h"

#define READS_AT_ONCE 64
#define REOPEN_MS     100 /* between tries to make a vchan */

enum { POLL_MONITOR = QH_POLL_FIRST, POLL_PEER, POLL_ROOM, N_POLL };

/** Agent: QEMU's socket while a session lasts, and what is on its way to it. */
typedef struct {
  QhLoop *loop;
  QhLink link;
  QhQueue in;  /* one message from the other end */
  QhQueue out; /* bytes for QEMU */
  int monitor;
  bool more;
  int64_t ends_at; /* the session is over; until then what it said may still be delivered. 0: not */
  bool begins;     /* and another has begun */
} Agent;

static void
hang_up (Agent *self)
{
  if (self->monitor >= 0)
    close (self->monitor);
  self->monitor = -1;
  self->ends_at = 0;
  qh_queue_clear (&self->out);
  qh_queue_clear (&self->link.out);
}

static bool
dial (Agent *self)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  static QhQuiet quiet;
  self->begins = false;
  hang_up (self);
  strncpy (address.sun_path, self->loop->options->connect, sizeof address.sun_path - 1);
  self->monitor = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (self->monitor >= 0 &&
      connect (self->monitor, (struct sockaddr *)&address, sizeof address) == 0) {
    qh_stats.sessions++;
    qh_link_attach (&self->link);
    return true;
  }
  qh_stats.refused++;
  if (qh_quiet_passed (&quiet))
    qh_log (QH_LOG_ERROR, "%s: %s", self->loop->options->connect, strerror (errno));
  hang_up (self);
  return false;
}

static void
write_monitor (Agent *self)
{
  int status = self->monitor >= 0 ? qh_local_flush (self->monitor, &self->out) : 0;
  if (status < 0 && status != -EAGAIN) {
    qh_queue_clear (&self->out);
    if (self->ends_at != 0)
      hang_up (self);
  }
  if (self->ends_at != 0 && (qh_queue_used (&self->out) == 0 || qh_now () >= self->ends_at))
    hang_up (self);
  if (self->ends_at == 0 && self->begins)
    dial (self);
}

static void
end_session (Agent *self, bool begins)
{
  self->begins = begins;
  if (self->monitor >= 0)
    self->ends_at = qh_now () + (int64_t)self->loop->options->stall_seconds * 1000;
  write_monitor (self);
}

/* Of a stream with markers: what stands before the last one belongs to sessions that are over. */
static void
take_stream (Agent *self)
{
  const unsigned char *bytes = qh_queue_front (&self->in);
  size_t count = qh_queue_used (&self->in);
  const unsigned char *last = memrchr (bytes, QH_MARKER, count);
  if (self->link.transport->sessions == QH_SESSIONS_MARKER && last != NULL) {
    if (!dial (self))
      qh_link_drop (&self->link); /* which tells the client */
    count -= (size_t)(last + 1 - bytes);
    bytes = last + 1;
  }
  if (self->monitor >= 0)
    qh_queue_add (&self->out, bytes, count);
}

static void
take_message (Agent *self)
{
  const unsigned char *bytes = qh_queue_front (&self->in);
  size_t count = qh_queue_used (&self->in);
  QhMagic magic = qh_magic_of (bytes, count);
  if (magic != QH_MAGIC_NONE)
    end_session (self, magic == QH_MAGIC_LIVE);
  else if (self->monitor >= 0)
    qh_queue_add (&self->out, bytes, count);
  else
    qh_stats.dropped += count;
}

static bool
has_room (Agent *self)
{
  size_t size = self->link.transport->messages ? self->link.largest : 65536;
  return self->ends_at == 0 && self->out.size - qh_queue_used (&self->out) > size;
}

static void
peer_lost (Agent *self, int error)
{
  qh_link_drop (&self->link);
  end_session (self, false);
  if (error == -ESRCH && !self->loop->options->linger)
    self->loop->ending = true;
}

static void
read_peer (Agent *self)
{
  const QhTransportType *type = self->loop->transport->type;
  unsigned i;
  self->more = false;
  /* What the last session said comes first. */
  if (self->ends_at != 0)
    return;
  if (type->begin != NULL) {
    int status = type->begin (self->loop->transport);
    if (status < 0)
      return;
    bool begins = self->monitor < 0 && self->link.phase == QH_LINK_CLOSED;
    if (self->loop->transport->sessions == QH_SESSIONS_REOPEN && begins && !dial (self)) {
      qh_link_drop (&self->link); /* which tells the client */
      return;
    }
  }
  for (i = 0; i < READS_AT_ONCE && has_room (self); i++) {
    qh_queue_clear (&self->in);
    ssize_t n = qh_link_pull (&self->link, &self->in);
    if (n == -EAGAIN)
      break;
    if (n < 0 && n != -EPERM) {
      peer_lost (self, (int)n);
      break;
    }
    if (n > 0 && self->link.transport->messages)
      take_message (self);
    else if (n > 0)
      take_stream (self);
  }
  self->more = i == READS_AT_ONCE;
  write_monitor (self);
}

static void
read_monitor (Agent *self)
{
  ssize_t n = qh_local_fill (self->monitor, &self->link.out);
  if (n == 0 || (n < 0 && n != -EAGAIN && n != -ENOBUFS)) {
    /* What QEMU said last still goes out; the next session finds out whether it is back. */
    close (self->monitor);
    self->monitor = -1;
    self->ends_at = 0;
    qh_queue_clear (&self->out);
  }
}

static void
push (Agent *self)
{
  /* A stream can end, and so tells the client of QEMU's end. */
  if (self->monitor < 0 && !self->link.transport->messages)
    qh_link_end (&self->link);
  int status = qh_link_push (&self->link);
  if (status < 0)
    peer_lost (self, status);
}

static int
fill_poll (Agent *self, struct pollfd *fds)
{
  QhTransport *transport = self->loop->transport;
  self->loop->hurry = qh_link_hurry (&self->link);
  short monitor = 0;
  if (qh_queue_room (&self->link.out) > 0)
    monitor |= POLLIN;
  if (qh_queue_used (&self->out) > 0)
    monitor |= POLLOUT;
  fds[POLL_MONITOR] = (struct pollfd){ monitor != 0 ? self->monitor : -1, monitor, 0 };
  short events = transport->fd < 0 ? 0
                                   : transport->type->events (transport, has_room (self),
                                                              qh_link_wants_write (&self->link));
  fds[POLL_PEER] = (struct pollfd){ events != 0 ? transport->fd : -1, events, 0 };
  fds[POLL_ROOM] = qh_link_room (&self->link);
  if (self->more)
    return 0;
  int timeout = qh_link_timeout (&self->link);
  if (transport->fd < 0)
    timeout = qh_sooner (timeout, REOPEN_MS);
  if (self->ends_at != 0) {
    int64_t left = self->ends_at - qh_now ();
    timeout = qh_sooner (timeout, left > 0 ? (int)left : 0);
  }
  return timeout;
}

int
qh_agent_run (QhLoop *loop)
{
  Agent self = { .loop = loop, .monitor = -1 };
  QhTransport *transport = loop->transport;
  struct pollfd fds[N_POLL];

  if (!qh_link_init (&self.link, transport, loop->options) ||
      !qh_queue_init (&self.out, loop->options->queue_size) ||
      !qh_queue_init (&self.in, loop->options->queue_size)) {
    qh_log (QH_LOG_ERROR, "no memory for the queues");
    return QH_EXIT_RUNTIME;
  }
  for (;;) {
    int timeout = fill_poll (&self, fds);
    if (!qh_loop_wait (loop, fds, N_POLL, timeout))
      break;
    if (self.monitor >= 0 && fds[POLL_MONITOR].fd == self.monitor &&
        fds[POLL_MONITOR].revents & (POLLIN | POLLHUP | POLLERR))
      read_monitor (&self);
    if (fds[POLL_MONITOR].revents & POLLOUT || self.ends_at != 0)
      write_monitor (&self);
    if (transport->fd >= 0 &&
        (transport->type->ready (transport, fds[POLL_PEER].revents) || self.more))
      read_peer (&self);
    else if (transport->fd < 0 && transport->type->begin != NULL)
      transport->type->begin (transport);
    push (&self);
  }
  hang_up (&self);
  qh_link_free (&self.link);
  qh_queue_free (&self.in);
  qh_queue_free (&self.out);
  return QH_EXIT_CLEAN;
}

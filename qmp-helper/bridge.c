/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes between one client at a time and the other end. */
#include <errno.h>
#include <unistd.h>

#include "qmp-helper/link.h"
#include "qmp-helper/local.h"
#include "qmp-helper/loop.h"
#include "qmp-helper/message.h"
#include "qmp-helper/stats.h"

#define READS_AT_ONCE 64 /* messages; then others get their turn */
#define SMALL         4096
#define GOODBYE_MS    200 /* for the last `dead` */

enum { POLL_LISTENER = QH_POLL_FIRST, POLL_CLIENT, POLL_PEER, POLL_ROOM, N_POLL };

/** Bridge: the client, and what is on its way to it. */
typedef struct {
  QhLoop *loop;
  QhLink link;
  QhQueue out;
  QhSplitter splitter; /* for the statistics */
  int client;
  bool said_all;      /* the client will send no more */
  bool deaf;          /* it takes no more */
  bool leaving;       /* the other end is gone: what has come is still delivered */
  bool more;          /* the other end may have more, which was not read yet */
  int64_t full_since; /* since when nothing is taken from the other end for its sake; 0: not */
} Bridge;

static void
forget_client (Bridge *self)
{
  if (self->client >= 0)
    close (self->client);
  self->client = -1;
  self->full_since = 0;
  qh_stats.dropped += qh_queue_used (&self->out);
  qh_queue_clear (&self->out);
}

/* The client is gone. What it said last is still sent. */
static void
end_session (Bridge *self)
{
  qh_log (QH_LOG_DEBUG, "the client has left");
  forget_client (self);
  qh_link_end (&self->link);
}

static void
peer_lost (Bridge *self, int error)
{
  qh_log (QH_LOG_DEBUG, "the other end is gone (%d)", -error);
  if (error == -ESRCH && !self->loop->options->linger)
    self->loop->ending = true;
  if (self->client < 0)
    return;
  if (qh_queue_used (&self->out) == 0 || self->deaf)
    forget_client (self);
  else
    self->leaving = true;
}

static void
push (Bridge *self)
{
  int status = qh_link_push (&self->link);
  if (status < 0)
    peer_lost (self, status);
}

static void
accept_client (Bridge *self)
{
  self->client = qh_listener_accept (self->loop->listener);
  if (self->client < 0)
    return;
  qh_stats.sessions++;
  self->said_all = self->deaf = self->leaving = false;
  self->splitter = (QhSplitter){ 0 };
  qh_log (QH_LOG_DEBUG, "a client has come");
  qh_link_begin (&self->link);
  push (self);
  if (self->client < 0)
    qh_stats.refused++;
}

static void
read_client (Bridge *self, short revents)
{
  while (!self->said_all && !self->leaving) {
    ssize_t n = qh_local_fill (self->client, &self->link.out);
    if (n == 0 || (n < 0 && n != -EAGAIN && n != -ENOBUFS))
      self->said_all = true;
    if (n <= 0)
      break;
    push (self);
    if (n < SMALL)
      break;
  }
  /* Only now: what came before the hang-up has been read. A client that has just stopped sending
     may still wait for its answers. */
  if (self->client >= 0 && (revents & (POLLHUP | POLLERR)) && (self->said_all || self->leaving))
    end_session (self);
}

static void
write_client (Bridge *self)
{
  int status = self->deaf ? 0 : qh_local_flush (self->client, &self->out);
  if (status < 0 && status != -EAGAIN)
    self->deaf = true;
  if (self->deaf) {
    qh_stats.dropped += qh_queue_used (&self->out);
    qh_queue_clear (&self->out);
  }
  if (qh_queue_used (&self->out) < self->loop->options->queue_size / 2)
    self->full_since = 0;
  if (self->leaving && qh_queue_used (&self->out) == 0)
    forget_client (self);
}

/* Looks at what has come behind the first @before bytes of the queue. */
static void
count_messages (Bridge *self, size_t before)
{
  const unsigned char *bytes = qh_queue_front (&self->out) + before;
  size_t left = qh_queue_used (&self->out) - before, end;
  while (left > 0) {
    self->splitter.looked_at = 0;
    QhSplit split = qh_splitter_next (&self->splitter, bytes, left, &end);
    if (split == QH_SPLIT_MORE)
      return;
    *(split == QH_SPLIT_MESSAGE ? &qh_stats.messages : &qh_stats.bad_messages) += 1;
    bytes += end;
    left -= end;
  }
}

/* Takes what the other end has. Without a client it is thrown away, so that nobody there waits. */
static void
read_peer (Bridge *self)
{
  static QhQuiet quiet;
  QhQueue *into = self->client >= 0 && !self->leaving ? &self->out : NULL;
  uint64_t dropped = qh_stats.dropped;
  unsigned i;

  self->more = false;
  if (self->full_since != 0)
    return;
  for (i = 0; i < READS_AT_ONCE; i++) {
    size_t before = qh_queue_used (&self->out);
    ssize_t n = qh_link_pull (&self->link, into);
    if (n > 0 && into != NULL && self->loop->options->check)
      count_messages (self, before);
    if (n == -ENOBUFS) {
      write_client (self);
      if (self->client < 0 || qh_queue_used (&self->out) >= self->loop->options->queue_size / 2) {
        self->full_since = qh_now ();
        break;
      }
    }
    /* After a small piece there is hardly more: poll tells. */
    if (n == -EAGAIN || (n > 0 && n < SMALL && into != NULL))
      break;
    if (n < 0 && n != -EPERM && n != -ENOBUFS) {
      qh_link_drop (&self->link);
      peer_lost (self, (int)n);
      break;
    }
  }
  self->more = i == READS_AT_ONCE;
  if (qh_stats.dropped != dropped && self->client < 0 && qh_quiet_passed (&quiet))
    qh_log (QH_LOG_INFO, "%llu bytes were for nobody",
            (unsigned long long)(qh_stats.dropped - dropped));
  if (self->client >= 0)
    write_client (self);
}

static void
drop_stalled (Bridge *self)
{
  qh_stats.stalled++;
  qh_log (QH_LOG_NOTICE, "a client took nothing for %u s and is dropped",
          (unsigned)self->loop->options->stall_seconds);
  end_session (self);
}

static int
stall_left (const Bridge *self)
{
  if (self->full_since == 0)
    return -1;
  int64_t left = self->full_since + (int64_t)self->loop->options->stall_seconds * 1000 - qh_now ();
  return left > 0 ? (int)left : 0;
}

/* A client that is to be let go without a session any more has as long as a stalled one. */
static void
check_stall (Bridge *self)
{
  if (self->leaving && self->full_since == 0)
    self->full_since = qh_now ();
  if (self->client >= 0 && stall_left (self) == 0)
    drop_stalled (self);
}

static bool
may_accept (const Bridge *self)
{
  return self->client < 0 && self->link.phase == QH_LINK_CLOSED &&
         qh_listener_timeout (self->loop->listener) < 0;
}

static int
fill_poll (Bridge *self, struct pollfd *fds)
{
  QhTransport *transport = self->loop->transport;
  short client = 0;
  if (self->client >= 0) {
    if (!self->said_all && !self->leaving && qh_queue_room (&self->link.out) > 0)
      client |= POLLIN;
    if (qh_queue_used (&self->out) > 0)
      client |= POLLOUT;
  }
  self->loop->hurry = qh_link_hurry (&self->link);
  bool accepts = may_accept (self);
  fds[POLL_LISTENER] = (struct pollfd){ accepts ? self->loop->listener->fd : -1, POLLIN, 0 };
  /* While it is kept waiting, its hang-up can wait too: poll would tell of it without pause. */
  bool waits = client == 0 && !self->said_all && !self->leaving;
  fds[POLL_CLIENT] = (struct pollfd){ waits ? -1 : self->client, client, 0 };
  short events = 0;
  if (transport->fd >= 0)
    events = transport->type->events (transport, self->full_since == 0,
                                      qh_link_wants_write (&self->link));
  fds[POLL_PEER] = (struct pollfd){ events != 0 ? transport->fd : -1, events, 0 };
  fds[POLL_ROOM] = qh_link_room (&self->link);

  if (self->more)
    return 0;
  int timeout = qh_sooner (qh_link_timeout (&self->link), stall_left (self));
  return qh_sooner (timeout, qh_listener_timeout (self->loop->listener));
}

/* Says goodbye to the other end, for a bounded time. */
static void
say_goodbye (Bridge *self)
{
  int64_t until = qh_now () + GOODBYE_MS;
  struct pollfd nothing = { .fd = -1 };
  forget_client (self);
  qh_link_end (&self->link);
  while (qh_link_push (&self->link) == 0 && self->link.phase != QH_LINK_CLOSED && qh_now () < until)
    poll (&nothing, 1, 1);
}

int
qh_bridge_run (QhLoop *loop)
{
  Bridge self = { .loop = loop, .client = -1 };
  QhTransport *transport = loop->transport;
  struct pollfd fds[N_POLL];

  if (!qh_link_init (&self.link, transport, loop->options) ||
      !qh_queue_init (&self.out, loop->options->queue_size)) {
    qh_log (QH_LOG_ERROR, "no memory for the queues");
    return QH_EXIT_RUNTIME;
  }
  for (;;) {
    int timeout = fill_poll (&self, fds);
    if (!qh_loop_wait (loop, fds, N_POLL, timeout))
      break;
    if (self.client >= 0 && fds[POLL_CLIENT].fd == self.client) {
      if (fds[POLL_CLIENT].revents & POLLOUT)
        write_client (&self);
      if (self.client >= 0 && fds[POLL_CLIENT].revents & (POLLIN | POLLHUP | POLLERR))
        read_client (&self, fds[POLL_CLIENT].revents);
    }
    if (transport->fd >= 0 &&
        (transport->type->ready (transport, fds[POLL_PEER].revents) || self.more))
      read_peer (&self);
    /* Only now: what had come before it decides how its session begins. */
    if (fds[POLL_LISTENER].revents != 0)
      accept_client (&self);
    push (&self);
    check_stall (&self);
  }
  say_goodbye (&self);
  qh_link_free (&self.link);
  qh_queue_free (&self.out);
  return QH_EXIT_CLEAN;
}

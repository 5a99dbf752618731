/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmp-helper/link.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "qmp-helper/stats.h"

#define FIRST_BACKOFF   100 /* us: while the other end drains its ring */
#define LONGEST_BACKOFF 50000
#define STREAM_PIECE    65536
#define LEAST_ROOM      4096 /* for a piece of a stream */
#define PUSH_AT_ONCE    64   /* messages; then others get their turn */

/* What goes out before and after a session's bytes. The other end as OpenXT has it may hand a
   `dead` that it does not expect to the monitor as text: the line end lets the monitor reject that
   text while nobody listens, instead of in front of the session's first command. */
static const char *const open_known[] = { QH_LIVE, NULL };
static const char *const open_unknown[] = { QH_DEAD, "\n", QH_LIVE, NULL };
static const char *const open_marker[] = { "\1", NULL };
static const char *const nothing[] = { NULL };
static const char *const close_known[] = { QH_DEAD, NULL };

bool
qh_link_init (QhLink *link, QhTransport *transport, const QhOptions *options)
{
  *link = (QhLink){ .transport = transport, .unknown = true, .script = nothing };
  link->limit = options->max_datagram;
  link->largest = transport->messages ? options->ring_size : LEAST_ROOM;
  if (!qh_queue_init (&link->out, options->queue_size))
    return false;
  size_t size = link->largest > STREAM_PIECE ? link->largest : STREAM_PIECE;
  void *scratch =
      mmap (NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (scratch == MAP_FAILED)
    return false;
  link->scratch = scratch;
  return true;
}

void
qh_link_free (QhLink *link)
{
  qh_queue_free (&link->out);
  if (link->scratch != NULL)
    munmap (link->scratch, link->largest > STREAM_PIECE ? link->largest : STREAM_PIECE);
  link->scratch = NULL;
}

static void
unblock (QhLink *link)
{
  link->blocked = link->more = false;
  link->backoff = 0;
}

static void
block (QhLink *link)
{
  if (!link->blocked)
    qh_stats.blocked++;
  link->blocked = true;
  link->more = false;
  link->backoff = link->backoff == 0 ? FIRST_BACKOFF : link->backoff * 2;
  if (link->backoff > LONGEST_BACKOFF)
    link->backoff = LONGEST_BACKOFF;
}

void
qh_link_begin (QhLink *link)
{
  unblock (link);
  qh_queue_clear (&link->out);
  link->phase = QH_LINK_OPENING;
  link->limit = link->transport->options->max_datagram;
  /* Nothing is received from the session before: only a new greeting ends this. */
  link->awaits_greeting = true;
  qh_greeting_reset (&link->greeting);
  link->give_up = qh_now () + (int64_t)link->transport->options->stall_seconds * 1000;
  switch (link->transport->sessions) {
  case QH_SESSIONS_MAGIC:
    link->script = link->unknown ? open_unknown : open_known;
    break;
  case QH_SESSIONS_MARKER:
    link->script = open_marker;
    break;
  default:
    link->script = nothing;
  }
}

void
qh_link_attach (QhLink *link)
{
  unblock (link);
  qh_queue_clear (&link->out);
  link->phase = QH_LINK_OPEN;
  link->awaits_greeting = false;
  link->limit = link->transport->options->max_datagram;
  link->script = nothing;
}

void
qh_link_end (QhLink *link)
{
  if (link->phase == QH_LINK_CLOSED || link->phase == QH_LINK_CLOSING)
    return;
  if (link->phase == QH_LINK_OPENING && link->script == open_known) {
    /* Not even `live` has gone out, so there is nobody to tell. */
    link->phase = QH_LINK_CLOSED;
    qh_queue_clear (&link->out);
    return;
  }
  if (link->phase == QH_LINK_OPEN)
    link->script = link->transport->sessions == QH_SESSIONS_MAGIC ? close_known : nothing;
  link->phase = QH_LINK_CLOSING;
  link->give_up = qh_now () + (int64_t)link->transport->options->stall_seconds * 1000;
}

void
qh_link_drop (QhLink *link)
{
  link->phase = QH_LINK_CLOSED;
  link->unknown = true;
  link->script = nothing;
  qh_queue_clear (&link->out);
  unblock (link);
  if (link->transport->type->end != NULL)
    link->transport->type->end (link->transport);
}

static int
lost (QhLink *link, int error)
{
  qh_stats.lost++;
  qh_link_drop (link);
  return error;
}

/* Sends one control message. Returns 0 when it is out. */
static int
push_script (QhLink *link)
{
  for (; *link->script != NULL; link->script++) {
    size_t len = strlen (*link->script);
    ssize_t n = link->transport->type->write (link->transport, *link->script, len);
    if (n < 0)
      return (int)n;
    if (n == 0) /* a stream that is full */
      return -EAGAIN;
    qh_stats.datagrams_out++;
    qh_cutter_sent (&link->cutter, *link->script, len);
  }
  return 0;
}

static size_t
next_length (const QhLink *link)
{
  size_t used = qh_queue_used (&link->out);
  if (link->transport->messages)
    return qh_cutter_next (&link->cutter, qh_queue_front (&link->out), used, link->limit);
  return used;
}

/* Sends the queue. Returns 0 when it is empty or when others should get their turn. */
static int
push_bytes (QhLink *link)
{
  link->more = false;
  for (unsigned i = 0; qh_queue_used (&link->out) > 0; i++) {
    if (i == PUSH_AT_ONCE) {
      link->more = true;
      return 0;
    }
    const unsigned char *front = qh_queue_front (&link->out);
    size_t len = next_length (link);
    ssize_t n = link->transport->type->write (link->transport, front, len);
    if (n == -EMSGSIZE && len > 1) {
      qh_stats.oversized++;
      link->limit = len / 2;
      continue;
    }
    if (n < 0)
      return (int)n;
    if (n == 0)
      return -EAGAIN;
    link->blocked = false;
    link->backoff = 0;
    link->unanswered = true;
    qh_stats.datagrams_out++;
    qh_stats.to_peer += (uint64_t)n;
    qh_cutter_sent (&link->cutter, front, (size_t)n);
    qh_queue_take (&link->out, (size_t)n);
  }
  return 0;
}

/* What is to be done in this phase, up to the next obstacle. */
static int
advance (QhLink *link)
{
  const QhTransportType *type = link->transport->type;
  int status = 0;

  if (link->phase == QH_LINK_OPENING) {
    if (type->begin != NULL)
      status = type->begin (link->transport);
    if (status == 0)
      status = push_script (link);
    if (status < 0)
      return status;
    link->phase = QH_LINK_OPEN;
    link->unknown = false;
    link->unanswered = true;
    link->give_up = 0;
  }
  status = push_bytes (link);
  if (status < 0 || link->more || link->phase != QH_LINK_CLOSING)
    return status;
  status = push_script (link);
  if (status < 0)
    return status;
  link->phase = QH_LINK_CLOSED;
  link->give_up = 0;
  /* Who heard that may be a QEMU that has begun anew, and taken the `dead` for text. */
  if (link->unanswered)
    link->unknown = true;
  if (link->transport->sessions == QH_SESSIONS_REOPEN || link->transport->server)
    type->end (link->transport);
  return 0;
}

int
qh_link_push (QhLink *link)
{
  if (link->phase == QH_LINK_CLOSED)
    return 0;
  int status = advance (link);
  if (status == 0) {
    link->blocked = false;
    link->backoff = 0;
    return 0;
  }
  if (status != -EAGAIN)
    return lost (link, status);
  /* A session that can neither begin nor end in time is given up: what is left of it is dropped. */
  if (link->phase != QH_LINK_OPEN && link->give_up != 0 && qh_now () >= link->give_up)
    return lost (link, -ETIMEDOUT);
  block (link);
  return 0;
}

/* Looks for the greeting in what was read to the scratch memory. */
static void
take_greeting (QhLink *link, QhQueue *into, size_t count)
{
  bool found;
  size_t skipped = qh_greeting_find (&link->greeting, link->scratch, count, &found);
  if (!found) {
    qh_stats.dropped += skipped;
    return;
  }
  link->awaits_greeting = false;
  /* Both fit: there was room for more than the scratch memory and the begin. */
  qh_queue_add (into, link->greeting.held, link->greeting.count);
  qh_queue_add (into, link->scratch + skipped, count - skipped);
}

ssize_t
qh_link_pull (QhLink *link, QhQueue *into)
{
  const QhTransportType *type = link->transport->type;
  bool aside = into == NULL || link->awaits_greeting;
  size_t size = link->transport->messages ? link->largest : STREAM_PIECE;

  if (into != NULL) {
    size_t room = qh_queue_room (into);
    size_t needed = aside ? size + sizeof link->greeting.held : link->largest;
    if (room < needed)
      return -ENOBUFS;
    if (!aside)
      size = room;
  }
  unsigned char *at = into == NULL || aside ? link->scratch : qh_queue_back (into);
  ssize_t n = type->read (link->transport, at, size);
  if (n == -EPERM)
    qh_stats.foreign++;
  if (n == -EMSGSIZE) {
    qh_stats.oversized++;
    return 0;
  }
  if (n <= 0)
    return n;
  qh_stats.datagrams_in++;
  link->unanswered = false;
  /* What is sent after the end is late, or from a QEMU that has begun anew and is open. */
  if (link->phase == QH_LINK_CLOSED)
    link->unknown = true;
  if (into == NULL)
    qh_stats.dropped += (uint64_t)n;
  else if (aside)
    take_greeting (link, into, (size_t)n);
  else
    qh_queue_put (into, (size_t)n);
  return n;
}

bool
qh_link_wants_write (const QhLink *link)
{
  return link->blocked;
}

struct pollfd
qh_link_room (const QhLink *link)
{
  bool waits = link->blocked && link->phase != QH_LINK_CLOSED;
  return (struct pollfd){ waits ? link->transport->room_fd : -1, POLLOUT, 0 };
}

int
qh_link_timeout (const QhLink *link)
{
  if (link->more)
    return 0;
  if (link->phase == QH_LINK_CLOSED || !link->blocked)
    return -1;
  if (link->give_up == 0)
    return -1;
  int64_t left = link->give_up - qh_now ();
  return left < 0 ? 0 : (int)left;
}

unsigned
qh_link_hurry (const QhLink *link)
{
  const QhTransport *transport = link->transport;
  if (!link->blocked || link->phase == QH_LINK_CLOSED)
    return 0;
  if (transport->room_fd >= 0)
    return LONGEST_BACKOFF; /* for what it does not tell of: that another is there now */
  if (transport->fd >= 0 && (transport->type->events (transport, false, true) & POLLOUT))
    return 0;
  return link->backoff;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <poll.h>

#include "qmp-helper/framing.h"
#include "qmp-helper/queue.h"
#include "qmp-helper/transport.h"

/**
 * QhLink: one end's view of the other: sessions and bytes over a transport.
 *
 * A session begins with `live` (or a marker, or a connection) and ends with
 * `dead` once all bytes have gone out. What arrives before the new session's
 * greeting belongs to an earlier one and is thrown away, so that no client
 * sees the answer for another.
 */
typedef enum { QH_LINK_CLOSED, QH_LINK_OPENING, QH_LINK_OPEN, QH_LINK_CLOSING } QhLinkPhase;

typedef struct {
  QhTransport *transport;
  QhQueue out; /* bytes for the other end */
  QhLinkPhase phase;
  QhCutter cutter;
  QhGreeting greeting;
  bool awaits_greeting;
  bool unknown;              /* the other end may be open or closed */
  bool unanswered;           /* nothing has come since the last that went out */
  const char *const *script; /* control messages still to be sent, up to a NULL */
  size_t limit;              /* largest datagram of this session */
  bool blocked, more;        /* the other end takes nothing; there is more to do at once */
  unsigned backoff;          /* microseconds until the next try */
  int64_t give_up;           /* 0: never */
  size_t largest;            /* room that a read needs */
  unsigned char *scratch;
} QhLink;

/** qh_link_init: false with errno when there is no memory. */
bool qh_link_init (QhLink *link, QhTransport *transport, const QhOptions *options);
void qh_link_free (QhLink *link);

/** qh_link_begin: starts a session; only when the phase is CLOSED. */
void qh_link_begin (QhLink *link);

/** qh_link_attach: the stubdomain's end: the session has been started by the other one. */
void qh_link_attach (QhLink *link);

/** qh_link_end: no more bytes will come; the session ends when those in the queue are out. */
void qh_link_end (QhLink *link);

/** qh_link_drop: the session ends here and now; the other end is told by the next one. */
void qh_link_drop (QhLink *link);

/**
 * qh_link_push: sends what can be sent.
 *
 * Returns: 0, or a negative errno value: the other end is gone, the session is over (phase CLOSED)
 * and its bytes are dropped.
 */
int qh_link_push (QhLink *link);

/**
 * qh_link_pull: takes one message, or a piece of the stream, to the end of @into.
 * @into: (nullable): NULL if it is for nobody
 *
 * Returns: bytes taken from the transport; 0 for an empty message, -ENOBUFS when @into lacks room,
 * -EAGAIN when there is nothing, -EPERM for a message that was refused; else the other end is gone.
 */
ssize_t qh_link_pull (QhLink *link, QhQueue *into);

/** qh_link_wants_write: whether to poll for room. */
bool qh_link_wants_write (const QhLink *link);

/** qh_link_room: what to poll for room besides the transport's own descriptor. */
struct pollfd qh_link_room (const QhLink *link);

/** qh_link_timeout: milliseconds until qh_link_push is due, -1 for never. */
int qh_link_timeout (const QhLink *link);

/** qh_link_hurry: microseconds until it is due where nothing tells of room, 0 for never. */
unsigned qh_link_hurry (const QhLink *link);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "qmp-helper/options.h"

/*
 * What carries bytes between this process and the device model's domain.
 *
 * Nothing here blocks. Errors are negative errno values; those with a meaning
 * for the caller are
 *
 *   -EAGAIN        not now
 *   -EMSGSIZE      the message is too large for the other end
 *   -ECONNREFUSED  nobody is at the other end
 *   -ECONNRESET    there was, but no longer; begin anew
 *   -ESRCH         the other domain is gone
 */

typedef struct QhTransport QhTransport;

/** How the two ends agree where a client's session begins and ends. */
typedef enum {
  QH_SESSIONS_MAGIC,  /* `live` and `dead` datagrams */
  QH_SESSIONS_MARKER, /* a byte in the stream begins each */
  QH_SESSIONS_REOPEN, /* each has a connection of its own */
} QhSessions;

/** QhTransportType: one transport. */
typedef struct {
  const char *name;

  /* Returns 0 or an error; then @why says what could not be done (at most @size bytes). -ENODEV:
     this host or build lacks it. -ESRCH: worth trying again, the other domain does not exist yet.
   */
  int (*open) (QhTransport *transport, const QhOptions *options, char *why, size_t size);

  /* What to poll the descriptor for. */
  short (*events) (const QhTransport *transport, bool want_read, bool want_write);

  /* Whether something may have come, or the end, given what poll told. */
  bool (*ready) (QhTransport *transport, short revents);

  /* A message or a piece of the stream; of a message, all or nothing. 0 is an empty message, or
     that a stream has nothing. A message from anybody but the peer is -EPERM, and gone. */
  ssize_t (*read) (QhTransport *transport, void *buffer, size_t size);
  ssize_t (*write) (QhTransport *transport, const void *buffer, size_t count);

  /* Begins a connection, for QH_SESSIONS_REOPEN; NULL otherwise. */
  int (*begin) (QhTransport *transport);

  /* Lets the connection go; for QH_SESSIONS_REOPEN it can begin again. */
  void (*end) (QhTransport *transport);

  void (*close) (QhTransport *transport);
} QhTransportType;

/** QhTransport: an open one. */
struct QhTransport {
  const QhTransportType *type;
  const QhOptions *options;
  QhSessions sessions;
  bool messages; /* keeps message boundaries */
  bool server;   /* this is the stubdomain's end */
  int fd;        /* to poll; -1 while there is nothing to poll */
  int room_fd;   /* after -EAGAIN: polls writable when there may be room; -1: nothing tells */
  void *data;
};

/** qh_transport_find: NULL if @name is no transport. */
const QhTransportType *qh_transport_find (const char *name);

extern const QhTransportType qh_transport_argo, qh_transport_v4v, qh_transport_vchan,
    qh_transport_unix;

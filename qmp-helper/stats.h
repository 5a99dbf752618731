/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/** QhStats: what has happened since the start. */
typedef struct {
  uint64_t sessions;      /* clients served */
  uint64_t refused;       /* clients turned away: wrong user, no other end, too many */
  uint64_t stalled;       /* clients dropped because they took nothing */
  uint64_t fds;           /* descriptors that clients passed, and that were closed */
  uint64_t to_peer;       /* bytes */
  uint64_t to_client;     /* bytes */
  uint64_t dropped;       /* bytes from the other end that were for nobody */
  uint64_t datagrams_in;  /* messages from the other end */
  uint64_t datagrams_out; /* messages to it */
  uint64_t foreign;       /* messages from somebody else */
  uint64_t oversized;     /* messages that had to be cut smaller, or were too large to take */
  uint64_t blocked;       /* times the other end took nothing */
  uint64_t lost;          /* times the other end was found gone */
  uint64_t accept_errors; /* no descriptor, no memory */
  uint64_t bad_messages;  /* no JSON, or not as QMP wants it */
  uint64_t messages;      /* of QEMU, if they are looked at: --qmp-check, --mux */
} QhStats;

extern QhStats qh_stats;

/** qh_stats_write: all of them, in one line on stderr. */
void qh_stats_write (void);

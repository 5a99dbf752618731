/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "qmp-helper/options.h"

/* What the lock file holds. */
#define QH_LOCK_MUX    "mux\n"
#define QH_LOCK_SINGLE "single\n"

/**
 * QhListener: the socket that clients connect to.
 *
 * A lock beside it says that somebody serves it, and whether several clients at once. The socket
 * appears under its name in one step, ready to be connected to, in place of what a dead process may
 * have left; at the end both are removed if they are still these.
 */
typedef struct {
  const QhOptions *options;
  const char *name; /* within the folder */
  int folder, lock, fd;
  struct stat lock_made, made; /* the lock and the socket, as this one made them */
  int64_t pause_until;         /* no descriptors, no memory: not before then */
} QhListener;

/** qh_listener_open: Returns: 0 or the exit status; the reason is told. */
int qh_listener_open (QhListener *listener, const QhOptions *options);

/**
 * qh_listener_accept: the next client that may be served.
 *
 * Returns: its descriptor, or -1 if there is none now.
 */
int qh_listener_accept (QhListener *listener);

/** qh_listener_timeout: milliseconds until it may be polled again, -1 if now. */
int qh_listener_timeout (const QhListener *listener);

void qh_listener_close (QhListener *listener);

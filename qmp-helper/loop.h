/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <poll.h>
#include <stdbool.h>

#include "qmp-helper/listener.h"
#include "qmp-helper/transport.h"
#include "qmp-helper/xenstore.h"

/*
 * What every way of serving has: signals, the wait, the end.
 */

enum { QH_POLL_SIGNALS, QH_POLL_XENSTORE, QH_POLL_FIRST };

/** QhLoop: what is served, and whether to go on. */
typedef struct {
  const QhOptions *options;
  QhTransport *transport;
  QhListener *listener; /* NULL in the stubdomain */
  QhXenstore xenstore;
  int signals;
  unsigned hurry; /* microseconds: the next wait is no longer than that. 0: no matter */
  bool ending;
} QhLoop;

/** qh_loop_init: takes SIGTERM, SIGINT, SIGHUP and SIGUSR1 for itself. false with errno. */
bool qh_loop_init (QhLoop *loop, const QhOptions *options);

/**
 * qh_loop_wait: polls @fds, whose first QH_POLL_FIRST entries are the loop's own.
 * @timeout: milliseconds, -1 for ever
 *
 * Returns: false when it is time to end.
 */
bool qh_loop_wait (QhLoop *loop, struct pollfd *fds, unsigned count, int timeout);

/** qh_sooner: the earlier of two time-outs of which -1 means never. */
int qh_sooner (int a, int b);

void qh_loop_free (QhLoop *loop);

/** qh_bridge_run: serves clients one after the other, until the end. Returns: an exit status. */
int qh_bridge_run (QhLoop *loop);

/** qh_agent_run: the stubdomain's end: carries sessions to QEMU's socket. */
int qh_agent_run (QhLoop *loop);

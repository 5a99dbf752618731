/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qmp-helper: QMP between libxl and a device model in a stubdomain. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "qmp-helper/loop.h"
#include "qmp-helper/mux.h"
#include "qmp-helper/ready.h"
#include "qmp-helper/sandbox.h"
#include "qmp-helper/stats.h"

#define RETRY_MS 100

/* Opens the transport; waits a while for the other domain to appear. */
static int
open_transport (QhLoop *loop, QhTransport *transport)
{
  int64_t until = qh_now () + (int64_t)loop->options->wait_seconds * 1000;
  struct pollfd fds[QH_POLL_FIRST];
  char why[256];
  int status;

  do {
    why[0] = '\0';
    status = transport->type->open (transport, loop->options, why, sizeof why);
    if (status == 0)
      return QH_EXIT_CLEAN;
  } while (status == -ESRCH && qh_now () < until &&
           qh_loop_wait (loop, fds, QH_POLL_FIRST, RETRY_MS));
  if (loop->ending)
    return QH_EXIT_CLEAN;
  qh_log (QH_LOG_ERROR, "transport %s: %s", transport->type->name,
          why[0] != '\0' ? why : strerror (-status));
  return status == -ENODEV ? QH_EXIT_UNAVAILABLE : QH_EXIT_RUNTIME;
}

static int
serve (QhLoop *loop)
{
  const QhOptions *options = loop->options;
  if (!qh_ready_prepare (options, &loop->xenstore))
    return QH_EXIT_RUNTIME;
  if (options->sandbox && !qh_sandbox_enter (options, loop->transport))
    return QH_EXIT_RUNTIME;
  if (options->sandbox_test)
    return qh_sandbox_test (loop->transport);
  if (!qh_ready_tell (options, &loop->xenstore))
    return QH_EXIT_RUNTIME;
  if (options->connect != NULL)
    return qh_agent_run (loop);
  return options->mux ? qh_mux_run (loop) : qh_bridge_run (loop);
}

/* Everything between a command line that is right and the end. */
static int
run (const QhOptions *options, const QhTransportType *type)
{
  QhTransport transport = {
    .type = type, .options = options, .server = options->connect != NULL, .fd = -1, .room_fd = -1
  };
  QhListener listener;
  QhLoop loop;

  if (!qh_loop_init (&loop, options)) {
    qh_log (QH_LOG_ERROR, "signals: %s", strerror (errno));
    return QH_EXIT_RUNTIME;
  }
  loop.transport = &transport;
  int status = open_transport (&loop, &transport);
  if (status == QH_EXIT_CLEAN && !loop.ending && options->connect == NULL) {
    status = qh_listener_open (&listener, options);
    loop.listener = &listener;
  }
  if (status == QH_EXIT_CLEAN && !loop.ending)
    status = serve (&loop);
  qh_ready_undo (options, &loop.xenstore);
  if (options->stats)
    qh_stats_write ();
  if (loop.listener != NULL)
    qh_listener_close (loop.listener);
  if (transport.data != NULL)
    type->close (&transport);
  qh_loop_free (&loop);
  return status;
}

int
main (int argc, char **argv)
{
  static QhOptions options;

  switch (qh_options_parse (&options, argc, argv)) {
  case QH_PARSED_HELP:
    qh_options_help ();
    return QH_EXIT_CLEAN;
  case QH_PARSED_VERSION:
    puts ("qmp-helper " QH_VERSION);
    return QH_EXIT_CLEAN;
  case QH_PARSED_WRONG:
    return QH_EXIT_USAGE;
  default:
    break;
  }
  qh_log_set_level (options.log_level);
  const QhTransportType *type = qh_transport_find (options.transport);
  if (type == NULL) {
    qh_log (QH_LOG_ERROR, "--transport: `%s' is none of argo, v4v, vchan, unix", options.transport);
    return QH_EXIT_USAGE;
  }
  return run (&options, type);
}

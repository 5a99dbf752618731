/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "qmp-helper/log.h"

/** Exit statuses. */
typedef enum {
  QH_EXIT_CLEAN = 0,
  QH_EXIT_RUNTIME = 1,
  QH_EXIT_USAGE = 2,
  QH_EXIT_RUNNING = 3,     /* another instance serves this socket */
  QH_EXIT_UNAVAILABLE = 4, /* this build or host lacks the transport */
} QhExit;

#define QH_MAX_DOMID     32751
#define QH_RUN_DIR       "/var/run/xen"
#define QH_ALLOWED_UIDS  8
#define QH_PATH_SIZE     1024
#define QH_RING_SIZE     16304
#define QH_PORT          5100
#define QH_REMOTE_PORT   15100
#define QH_MAX_DATAGRAM  4096
#define QH_QUEUE_SIZE    (256 * 1024)
#define QH_STALL_SECONDS 10

typedef enum { QH_UNIX_DGRAM, QH_UNIX_SEQPACKET, QH_UNIX_STREAM } QhUnixType;

/** QhOptions: what the command line says. Texts point into argv or into the structure. */
typedef struct {
  const char *transport; /* one of the names in transport.c, not yet looked up */
  int guest, stubdom;    /* domids, -1 if not given; in a stubdomain `stubdom` is the other end */
  const char *socket;    /* where clients connect */
  const char *connect;   /* in a stubdomain: QEMU's socket; then `socket` is not used */
  const char *state_path, *vchan_path;
  const char *peer, *local; /* unix: paths of the other end and of this one */
  QhUnixType unix_type;
  uint32_t port, remote_port, ring_size, max_datagram, queue_size, stall_seconds, wait_seconds;
  int ready_fd; /* -1: none */
  const char *user, *group;
  mode_t mode;
  uid_t allowed[QH_ALLOWED_UIDS];
  unsigned n_allowed;
  bool marker, mux, sandbox, sandbox_test, any_port, linger, check, stats;
  QhLogLevel log_level;
  char default_socket[QH_PATH_SIZE], default_local[QH_PATH_SIZE];
} QhOptions;

typedef enum { QH_PARSED, QH_PARSED_HELP, QH_PARSED_VERSION, QH_PARSED_WRONG } QhParsed;

/**
 * qh_options_parse: any of the three forms of the command line:
 *
 *   qmp-helper GUEST STUBDOM                            as OpenXT's toolstack starts it
 *   qmp-helper --state-path=NODE STUBDOM NODE SOCKET    as libxl starts its proxy
 *   qmp-helper --guest=N --stubdom=N ...                by hand
 *
 * Whatever is wrong is told on stderr.
 */
QhParsed qh_options_parse (QhOptions *options, int argc, char **argv);

/** qh_options_help: writes the usage to stdout. */
void qh_options_help (void);

/**
 * qh_number_parse: decimal digits only, no sign, no blanks.
 *
 * Returns: false if @text is anything else or more than @most.
 */
bool qh_number_parse (const char *text, uint32_t most, uint32_t *number);

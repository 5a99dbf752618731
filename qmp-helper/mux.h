/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "qmp-helper/link.h"
#include "qmp-helper/loop.h"
#include "qmp-helper/message.h"

/*
 * Several clients over one monitor. The helper is the monitor's only client:
 * it takes the greeting and negotiates. Each client is greeted and negotiates
 * with the helper; its commands go on with an id of the helper's, and their
 * answers come back with the client's own. What nobody asked for, events
 * above all, goes to every client that has negotiated.
 */

#define QH_MUX_CLIENTS  16
#define QH_MUX_PENDING  128           /* commands without an answer yet, of all clients */
#define QH_MUX_EACH     32            /* of one */
#define QH_MUX_ID       256           /* bytes of a client's id */
#define QH_MUX_MESSAGE  (1088 * 1024) /* bytes of an answer: what libxl takes, and a little */
#define QH_MUX_GREETING 4096
#define QH_MUX_BEHIND   (256 * 1024) /* bytes that a client may be behind before all wait for it */

typedef enum { QH_CLIENT_NONE, QH_CLIENT_NEW, QH_CLIENT_GREETED, QH_CLIENT_READY } QhClientState;

/** QhMuxClient: one client. */
typedef struct {
  QhClientState state;
  int fd;
  unsigned pending;
  QhQueue in, out;
  QhSplitter splitter;
  bool oob, said_all, waits; /* `waits`: for room towards QEMU, or for answers */
  int64_t behind_since;
} QhMuxClient;

/** QhPending: a command that QEMU has not answered. */
typedef struct {
  bool used;
  int client; /* index, QH_FOR_NOBODY or QH_FOR_PROBE */
  unsigned number;
  size_t id_len; /* 0: the client gave none */
  char id[QH_MUX_ID];
} QhPending;

enum { QH_FOR_NOBODY = -1, QH_FOR_PROBE = -2, QH_FOR_NEGOTIATION = -3 };

typedef enum { QH_MONITOR_DOWN, QH_MONITOR_GREETS, QH_MONITOR_NEGOTIATES, QH_MONITOR_UP } QhMonitor;

/** QhMux: all of it. */
typedef struct {
  QhLoop *loop;
  QhLink link;
  QhQueue in; /* from QEMU */
  QhSplitter splitter;
  QhMonitor monitor;
  bool offers_oob;
  bool more;
  int64_t deadline; /* for the greeting, the negotiation or a probe's answer; 0: none */
  int64_t heard_at; /* when QEMU said something last */
  unsigned next_number;
  size_t greeting_len;
  char greeting[QH_MUX_GREETING];
  QhPending pending[QH_MUX_PENDING];
  QhMuxClient clients[QH_MUX_CLIENTS];
} QhMux;

/** qh_mux_init: false with errno when there is no memory. */
bool qh_mux_init (QhMux *mux, QhLoop *loop);
void qh_mux_free (QhMux *mux);

/** qh_mux_run: serves until the end. Returns: an exit status. */
int qh_mux_run (QhLoop *loop);

/** qh_mux_from_monitor: takes whole messages from mux->in. false: the monitor makes no sense. */
bool qh_mux_from_monitor (QhMux *mux);

/**
 * qh_mux_command: sends a command to QEMU under a number of its own.
 * @text: an object; @message tells where its id is
 * @client: an index, or one of QH_FOR_...
 *
 * Returns: false when there is no room now.
 */
bool
qh_mux_command (QhMux *mux, int client, const char *text, size_t len, const QhMessage *message);

/** qh_mux_probe: asks QEMU for a sign of life, if it has been silent. */
void qh_mux_probe (QhMux *mux);

/* mux-client.c */

/** qh_mux_add: a client has connected as @fd. */
void qh_mux_add (QhMux *mux, int fd);
void qh_mux_remove (QhMux *mux, QhMuxClient *client);
void qh_mux_remove_all (QhMux *mux);

/** qh_mux_greet: greets those who wait for it; the monitor is up. */
void qh_mux_greet (QhMux *mux);

/** qh_mux_from_client: takes whole messages from client->in, a bounded number. */
void qh_mux_from_client (QhMux *mux, QhMuxClient *client);

/** qh_mux_send: queues pieces of a message for a client, whose queue has room by design. */
void qh_mux_send (QhMux *mux,
                  QhMuxClient *client,
                  const QhSpan *pieces,
                  const char *const *texts,
                  unsigned count);

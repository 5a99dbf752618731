/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmp-helper/mux.h"

#include <errno.h>
#include <string.h>

#include "qmp-helper/local.h"
#include "qmp-helper/stats.h"

#define READS_AT_ONCE 64
#define GOODBYE_MS    200
#define BUSY_MS       60000 /* the longest that a command may keep QEMU silent */

enum {
  POLL_LISTENER = QH_POLL_FIRST,
  POLL_PEER,
  POLL_ROOM,
  POLL_CLIENTS,
  N_POLL = POLL_CLIENTS + QH_MUX_CLIENTS
};

static bool
init_queues (QhMux *mux)
{
  size_t command = mux->loop->options->queue_size - 4096;
  if (!qh_queue_init (&mux->in, QH_MUX_MESSAGE + mux->link.largest + 65536))
    return false;
  for (int i = 0; i < QH_MUX_CLIENTS; i++) {
    QhMuxClient *client = &mux->clients[i];
    client->fd = -1;
    /* Always room for one message more. */
    if (!qh_queue_init (&client->in, command) ||
        !qh_queue_init (&client->out, QH_MUX_BEHIND + QH_MUX_MESSAGE + 2 * 65536))
      return false;
  }
  return true;
}

bool
qh_mux_init (QhMux *mux, QhLoop *loop)
{
  memset (mux, 0, sizeof *mux);
  mux->loop = loop;
  mux->next_number = 1;
  return qh_link_init (&mux->link, loop->transport, loop->options) && init_queues (mux);
}

void
qh_mux_free (QhMux *mux)
{
  qh_mux_remove_all (mux);
  for (int i = 0; i < QH_MUX_CLIENTS; i++) {
    qh_queue_free (&mux->clients[i].in);
    qh_queue_free (&mux->clients[i].out);
  }
  qh_queue_free (&mux->in);
  qh_link_free (&mux->link);
}

/* The monitor is gone, or makes no sense. Whoever comes next begins anew. */
static void
monitor_lost (QhMux *mux, int error)
{
  qh_log (QH_LOG_INFO, "QEMU's monitor is gone (%d)", -error);
  qh_link_drop (&mux->link);
  mux->monitor = QH_MONITOR_DOWN;
  mux->splitter = (QhSplitter){ 0 };
  mux->deadline = 0;
  mux->more = false;
  qh_queue_clear (&mux->in);
  memset (mux->pending, 0, sizeof mux->pending);
  qh_mux_remove_all (mux);
  if (error == -ESRCH && !mux->loop->options->linger)
    mux->loop->ending = true;
}

static void
push (QhMux *mux)
{
  int status = qh_link_push (&mux->link);
  if (status < 0)
    monitor_lost (mux, status);
}

static void
accept_clients (QhMux *mux)
{
  int fd = qh_listener_accept (mux->loop->listener);
  if (fd < 0)
    return;
  qh_mux_add (mux, fd);
  if (mux->monitor == QH_MONITOR_DOWN) {
    mux->monitor = QH_MONITOR_GREETS;
    mux->deadline = qh_now () + (int64_t)mux->loop->options->stall_seconds * 1000;
    qh_link_begin (&mux->link);
  } else if (mux->monitor == QH_MONITOR_UP) {
    qh_mux_probe (mux);
    if (mux->deadline == 0)
      qh_mux_greet (mux);
  }
}

static void
heard (QhMux *mux)
{
  mux->heard_at = qh_now ();
  if (mux->monitor == QH_MONITOR_UP && mux->deadline != 0) {
    mux->deadline = 0;
    qh_mux_greet (mux);
  }
}

static void
read_peer (QhMux *mux)
{
  unsigned i;
  mux->more = false;
  for (i = 0; i < READS_AT_ONCE; i++) {
    bool up = mux->monitor != QH_MONITOR_DOWN;
    ssize_t n = qh_link_pull (&mux->link, up ? &mux->in : NULL);
    if (n == -EAGAIN)
      break;
    if (n == -ENOBUFS && qh_queue_compact (&mux->in))
      continue;
    if (n == -ENOBUFS)
      qh_log (QH_LOG_ERROR, "a message of QEMU is longer than %u bytes", (unsigned)QH_MUX_MESSAGE);
    if (n < 0 && n != -EPERM) {
      monitor_lost (mux, (int)n);
      return;
    }
    if (!up || n <= 0)
      continue;
    heard (mux);
    if (!qh_mux_from_monitor (mux)) {
      monitor_lost (mux, -EPROTO);
      return;
    }
  }
  mux->more = i == READS_AT_ONCE;
  qh_queue_shrink (&mux->in);
}

static void
write_client (QhMux *mux, QhMuxClient *client)
{
  int status = qh_local_flush (client->fd, &client->out);
  if (status < 0 && status != -EAGAIN) {
    qh_queue_clear (&client->out);
    client->behind_since = 0;
  }
  if (qh_queue_used (&client->out) <= QH_MUX_BEHIND / 2)
    client->behind_since = 0;
  qh_queue_shrink (&client->out);
}

static void
read_client (QhMux *mux, QhMuxClient *client, short revents)
{
  if (!client->said_all) {
    ssize_t n = qh_local_fill (client->fd, &client->in);
    if (n == -ENOBUFS)
      qh_queue_compact (&client->in);
    if (n == 0 || (n < 0 && n != -EAGAIN && n != -ENOBUFS))
      client->said_all = true;
  }
  if (client->said_all && revents & (POLLHUP | POLLERR)) {
    /* What it said last still counts. */
    if (client->state >= QH_CLIENT_GREETED)
      qh_mux_from_client (mux, client);
    else
      client->waits = qh_queue_used (&client->in) > 0;
    if (client->state != QH_CLIENT_NONE && !client->waits)
      qh_mux_remove (mux, client);
  }
}

static void
serve_client (QhMux *mux, QhMuxClient *client, const struct pollfd *fd)
{
  if (client->state == QH_CLIENT_NONE)
    return;
  if (fd->fd == client->fd && fd->revents & POLLOUT)
    write_client (mux, client);
  if (fd->fd == client->fd && fd->revents & (POLLIN | POLLHUP | POLLERR))
    read_client (mux, client, fd->revents);
  if (client->state >= QH_CLIENT_GREETED && qh_queue_used (&client->in) > 0)
    qh_mux_from_client (mux, client);
  if (client->state != QH_CLIENT_NONE && client->behind_since != 0 &&
      qh_now () - client->behind_since >= (int64_t)mux->loop->options->stall_seconds * 1000) {
    qh_stats.stalled++;
    qh_log (QH_LOG_NOTICE, "a client took nothing for %u s and is dropped",
            (unsigned)mux->loop->options->stall_seconds);
    qh_mux_remove (mux, client);
  }
}

static bool
is_behind (const QhMux *mux)
{
  for (int i = 0; i < QH_MUX_CLIENTS; i++)
    if (mux->clients[i].behind_since != 0)
      return true;
  return false;
}

static int
time_left (int64_t at)
{
  int64_t left = at - qh_now ();
  return at == 0 ? -1 : left > 0 ? (int)left : 0;
}

static int
fill_clients (QhMux *mux, struct pollfd *fds)
{
  int timeout = -1;
  for (int i = 0; i < QH_MUX_CLIENTS; i++) {
    QhMuxClient *client = &mux->clients[i];
    short events = 0;
    fds[i] = (struct pollfd){ .fd = -1 };
    if (client->state == QH_CLIENT_NONE)
      continue;
    if (!client->said_all && !client->waits && qh_queue_used (&client->in) < client->in.size)
      events |= POLLIN;
    if (qh_queue_used (&client->out) > 0)
      events |= POLLOUT;
    if (events != 0 || (client->said_all && !client->waits))
      fds[i] = (struct pollfd){ client->fd, events, 0 };
    if (client->behind_since != 0)
      timeout = qh_sooner (timeout, time_left (client->behind_since +
                                               (int64_t)mux->loop->options->stall_seconds * 1000));
  }
  return timeout;
}

static int
fill_poll (QhMux *mux, struct pollfd *fds)
{
  QhTransport *transport = mux->loop->transport;
  mux->loop->hurry = qh_link_hurry (&mux->link);
  bool accepts =
      qh_listener_timeout (mux->loop->listener) < 0 && mux->link.phase != QH_LINK_CLOSING;
  fds[POLL_LISTENER] = (struct pollfd){ accepts ? mux->loop->listener->fd : -1, POLLIN, 0 };
  short events = transport->fd < 0 ? 0
                                   : transport->type->events (transport, !is_behind (mux),
                                                              qh_link_wants_write (&mux->link));
  fds[POLL_PEER] = (struct pollfd){ events != 0 ? transport->fd : -1, events, 0 };
  fds[POLL_ROOM] = qh_link_room (&mux->link);
  int timeout = fill_clients (mux, fds + POLL_CLIENTS);
  if (mux->more && !is_behind (mux))
    return 0;
  timeout = qh_sooner (timeout, time_left (mux->deadline));
  timeout = qh_sooner (timeout, qh_link_timeout (&mux->link));
  return qh_sooner (timeout, qh_listener_timeout (mux->loop->listener));
}

/* Whether QEMU may just be busy with what a client asked for. */
static bool
may_be_busy (const QhMux *mux)
{
  if (mux->monitor != QH_MONITOR_UP || qh_now () - mux->heard_at >= BUSY_MS)
    return false;
  for (int i = 0; i < QH_MUX_PENDING; i++)
    if (mux->pending[i].used && mux->pending[i].client >= 0)
      return true;
  return false;
}

/* No greeting, no sign of life: QEMU may have begun anew without a word, which only a new session
   finds out. */
static void
check_deadline (QhMux *mux)
{
  if (mux->deadline == 0 || qh_now () < mux->deadline)
    return;
  if (may_be_busy (mux)) {
    mux->deadline = qh_now () + 1000;
    return;
  }
  qh_log (QH_LOG_NOTICE, "QEMU does not answer");
  monitor_lost (mux, -ETIMEDOUT);
}

static void
say_goodbye (QhMux *mux)
{
  int64_t until = qh_now () + GOODBYE_MS;
  struct pollfd nothing = { .fd = -1 };
  qh_link_end (&mux->link);
  while (qh_link_push (&mux->link) == 0 && mux->link.phase != QH_LINK_CLOSED && qh_now () < until)
    poll (&nothing, 1, 1);
}

/* Lets those go on who waited for an answer or for room, as long as that moves something. */
static void
serve_waiting (QhMux *mux)
{
  uint64_t before;
  do {
    before = qh_stats.to_peer;
    for (int i = 0; i < QH_MUX_CLIENTS; i++)
      if (mux->clients[i].state >= QH_CLIENT_GREETED && mux->clients[i].waits)
        qh_mux_from_client (mux, &mux->clients[i]);
    push (mux);
  } while (qh_stats.to_peer != before);
}

/* One round, between two waits. */
static void
turn (QhMux *mux, const struct pollfd *fds)
{
  QhTransport *transport = mux->loop->transport;
  if (fds[POLL_LISTENER].revents != 0)
    accept_clients (mux);
  for (int i = 0; i < QH_MUX_CLIENTS; i++)
    serve_client (mux, &mux->clients[i], &fds[POLL_CLIENTS + i]);
  push (mux);
  if (!is_behind (mux)) {
    /* What had come before somebody fell behind. */
    if (qh_queue_used (&mux->in) > 0 && !qh_mux_from_monitor (mux))
      monitor_lost (mux, -EPROTO);
    if (transport->fd >= 0 &&
        (transport->type->ready (transport, fds[POLL_PEER].revents) || mux->more))
      read_peer (mux);
  }
  serve_waiting (mux);
  check_deadline (mux);
}

int
qh_mux_run (QhLoop *loop)
{
  static QhMux mux;
  struct pollfd fds[N_POLL];
  if (!qh_mux_init (&mux, loop)) {
    qh_log (QH_LOG_ERROR, "no memory for the queues");
    return QH_EXIT_RUNTIME;
  }
  while (qh_loop_wait (loop, fds, N_POLL, fill_poll (&mux, fds)))
    turn (&mux, fds);
  say_goodbye (&mux);
  qh_mux_free (&mux);
  return QH_EXIT_CLEAN;
}

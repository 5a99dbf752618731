/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The multiplexer between any clients and any monitor.
 *
 * The input is a list of pieces: who says something, how long it is, what.
 */
#include <fcntl.h>
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "qmp-helper/mux.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static QhMux mux;

static void
check (bool holds)
{
  if (!holds)
    abort ();
}

static void
check_state (void)
{
  unsigned counts[QH_MUX_CLIENTS] = { 0 };
  for (int i = 0; i < QH_MUX_PENDING; i++)
    if (mux.pending[i].used && mux.pending[i].client >= 0) {
      check (mux.pending[i].client < QH_MUX_CLIENTS);
      check (mux.pending[i].id_len <= QH_MUX_ID);
      counts[mux.pending[i].client]++;
    }
  for (int i = 0; i < QH_MUX_CLIENTS; i++) {
    check (counts[i] <= QH_MUX_EACH);
    check (mux.clients[i].state == QH_CLIENT_NONE ? counts[i] == 0
                                                  : counts[i] == mux.clients[i].pending);
  }
}

/* What goes to QEMU is one JSON object a line, with an id. */
static void
check_commands (void)
{
  const char *text = (const char *)qh_queue_front (&mux.link.out);
  size_t left = qh_queue_used (&mux.link.out);
  while (left > 0) {
    json_error_t error;
    json_t *command =
        json_loadb (text, left, JSON_DISABLE_EOF_CHECK | JSON_DECODE_INT_AS_REAL, &error);
    check (json_is_object (command) && json_object_get (command, "id") != NULL);
    json_decref (command);
    size_t n = (size_t)error.position + 1; /* the line end */
    check (n <= left && text[n - 1] == '\n');
    text += n;
    left -= n;
  }
}

static void
put (QhQueue *queue, const uint8_t *bytes, size_t len)
{
  qh_queue_add (queue, bytes, len); /* or nothing, when full */
}

static void
begin (void)
{
  static QhOptions options;
  static QhTransport transport;
  static QhLoop loop;
  if (mux.loop == NULL) {
    options.queue_size = QH_QUEUE_SIZE;
    options.ring_size = QH_RING_SIZE;
    options.max_datagram = QH_MAX_DATAGRAM;
    options.stall_seconds = QH_STALL_SECONDS;
    qh_log_set_level (QH_LOG_ERROR);
    transport.options = loop.options = &options;
    transport.room_fd = -1;
    loop.transport = &transport;
    check (qh_mux_init (&mux, &loop));
  }
  qh_mux_remove_all (&mux);
  memset (mux.pending, 0, sizeof mux.pending);
  qh_queue_clear (&mux.in);
  qh_queue_clear (&mux.link.out);
  mux.splitter = (QhSplitter){ 0 };
  mux.monitor = QH_MONITOR_GREETS;
  mux.next_number = 1;
  mux.deadline = 0;
  for (int i = 0; i < 3; i++)
    qh_mux_add (&mux, open ("/dev/null", O_WRONLY | O_CLOEXEC));
}

/* The splitter and jansson agree on what is an object. */
static void
compare (const uint8_t *data, size_t size)
{
  QhMessage message;
  json_t *object = json_loadb ((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
  if (json_is_object (object)) {
    check (qh_message_look ((const char *)data, size, &message));
    check (((message.has & QH_HAS_EVENT) != 0) >= (json_object_get (object, "event") != NULL) ||
           memchr (data, '\\', size) != NULL);
    QhSplitter splitter = { 0 };
    size_t end = 0;
    check (qh_splitter_next (&splitter, data, size, &end) == QH_SPLIT_MESSAGE && end <= size);
  } else {
    qh_message_look ((const char *)data, size, &message);
  }
  json_decref (object);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  compare (data, size);
  begin ();
  while (size >= 2) {
    unsigned who = data[0] % 4;
    size_t len = data[1] < size - 2 ? data[1] : size - 2;
    if (who == 3) {
      put (&mux.in, data + 2, len);
      if (!qh_mux_from_monitor (&mux))
        break;
    } else if (mux.clients[who].state != QH_CLIENT_NONE) {
      put (&mux.clients[who].in, data + 2, len);
      if (mux.clients[who].state >= QH_CLIENT_GREETED)
        qh_mux_from_client (&mux, &mux.clients[who]);
    }
    check_state ();
    data += 2 + len;
    size -= 2 + len;
  }
  check_commands ();
  return 0;
}

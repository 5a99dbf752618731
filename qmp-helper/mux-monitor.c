/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The multiplexer towards QEMU: numbers for commands, and whose the answers are. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "qmp-helper/mux.h"
#include "qmp-helper/stats.h"

#define SILENT_MS 1000 /* then QEMU is asked for a sign of life before a client is greeted */
#define PROBE     "{\"execute\": \"query-version\"}"
#define NEGOTIATE "{\"execute\": \"qmp_capabilities\", \"arguments\": {\"enable\": [%s]}}"

static QhPending *
free_pending (QhMux *mux)
{
  for (int i = 0; i < QH_MUX_PENDING; i++)
    if (!mux->pending[i].used)
      return &mux->pending[i];
  return NULL;
}

bool
qh_mux_command (QhMux *mux, int index, const char *text, size_t len, const QhMessage *message)
{
  QhMuxClient *client = index >= 0 ? &mux->clients[index] : NULL;
  QhPending *pending = free_pending (mux);
  bool has_id = message->has & QH_HAS_ID;
  char id[32];

  if (pending == NULL || (client != NULL && client->pending >= QH_MUX_EACH))
    return false;
  unsigned number = mux->next_number;
  int id_len = snprintf (id, sizeof id, has_id ? "%u" : "\"id\": %u,", number);
  QhQueue *out = &mux->link.out;
  if (out->size - qh_queue_used (out) < len + (size_t)id_len + 1)
    return false;
  size_t cut = has_id ? message->id.at : message->body;
  size_t go_on = has_id ? message->id.at + message->id.len : message->body;
  qh_queue_add (out, text, cut);
  qh_queue_add (out, id, (size_t)id_len);
  qh_queue_add (out, text + go_on, len - go_on);
  qh_queue_add (out, "\n", 1);

  *pending = (QhPending){ .used = true, .client = index, .number = number };
  if (has_id) {
    pending->id_len = message->id.len;
    memcpy (pending->id, text + message->id.at, message->id.len);
  }
  mux->next_number = number == UINT32_MAX ? 1 : number + 1;
  if (client != NULL)
    client->pending++;
  return true;
}

static bool
own_command (QhMux *mux, int whose, const char *text)
{
  QhMessage message;
  return qh_message_look (text, strlen (text), &message) &&
         qh_mux_command (mux, whose, text, strlen (text), &message);
}

static void
set_deadline (QhMux *mux)
{
  mux->deadline = qh_now () + (int64_t)mux->loop->options->stall_seconds * 500;
}

void
qh_mux_probe (QhMux *mux)
{
  if (mux->deadline == 0 && qh_now () - mux->heard_at >= SILENT_MS) {
    /* Without room there are answers to come, which are a sign of life too. */
    own_command (mux, QH_FOR_PROBE, PROBE);
    set_deadline (mux);
  }
}

/* A number that was given out; whatever else a monitor may send as an id belongs to nobody. */
static QhPending *
find_pending (QhMux *mux, const char *text, QhSpan id)
{
  unsigned number = 0;
  if (id.len == 0 || id.len > 10)
    return NULL;
  for (size_t i = 0; i < id.len; i++) {
    if (text[id.at + i] < '0' || text[id.at + i] > '9')
      return NULL;
    number = number * 10 + (unsigned)(text[id.at + i] - '0');
  }
  for (int i = 0; i < QH_MUX_PENDING; i++)
    if (mux->pending[i].used && mux->pending[i].number == number)
      return &mux->pending[i];
  return NULL;
}

/* Greets the one who greeted: the rest of the helper's own session setup. */
static bool
take_greeting (QhMux *mux, const char *text, size_t len)
{
  char line[128];
  size_t i;
  json_t *item;
  if (mux->monitor != QH_MONITOR_GREETS) {
    qh_log (QH_LOG_NOTICE, "QEMU has begun anew");
    return false;
  }
  json_t *greeting = len <= sizeof mux->greeting - 2 ? json_loadb (text, len, 0, NULL) : NULL;
  if (greeting == NULL)
    return false;
  mux->offers_oob = false;
  json_array_foreach (json_object_get (json_object_get (greeting, "QMP"), "capabilities"), i, item)
  {
    const char *name = json_string_value (item);
    if (name != NULL && strcmp (name, "oob") == 0)
      mux->offers_oob = true;
  }
  json_decref (greeting);
  memcpy (mux->greeting, text, len);
  memcpy (mux->greeting + len, "\r\n", 2);
  mux->greeting_len = len + 2;
  mux->monitor = QH_MONITOR_NEGOTIATES;
  snprintf (line, sizeof line, NEGOTIATE, mux->offers_oob ? "\"oob\"" : "");
  return own_command (mux, QH_FOR_NEGOTIATION, line);
}

/* Sends @text to the client whose it is, with its own id in place of the number. */
static void
give_back (QhMux *mux,
           const QhPending *pending,
           const char *text,
           size_t len,
           const QhMessage *message)
{
  static const char end[] = "\r\n";
  QhMuxClient *client = &mux->clients[pending->client];
  QhSpan out = pending->id_len > 0 ? message->id : message->id_whole;
  const QhSpan pieces[] = {
    { 0, out.at }, { 0, pending->id_len }, { out.at + out.len, len - out.at - out.len }, { 0, 2 }
  };
  const char *const texts[] = { text, pending->id, text, end };
  client->pending--;
  qh_mux_send (mux, client, pieces, texts, 4);
}

static bool
take_answer (QhMux *mux, QhPending *pending, const char *text, size_t len, const QhMessage *message)
{
  pending->used = false;
  if (pending->client >= 0) {
    give_back (mux, pending, text, len, message);
  } else if (pending->client == QH_FOR_NEGOTIATION) {
    /* An error says that the monitor was not as new as it looked: it is in command mode all the
     * same. */
    mux->monitor = QH_MONITOR_UP;
    mux->deadline = 0;
    qh_mux_greet (mux);
  } else {
    qh_stats.dropped += pending->client == QH_FOR_NOBODY ? len : 0;
  }
  return true;
}

static void
give_all (QhMux *mux, const char *text, size_t len)
{
  const QhSpan pieces[] = { { 0, len }, { 0, 2 } };
  const char *const texts[] = { text, "\r\n" };
  for (int i = 0; i < QH_MUX_CLIENTS; i++)
    if (mux->clients[i].state == QH_CLIENT_READY)
      qh_mux_send (mux, &mux->clients[i], pieces, texts, 2);
}

static bool
take_message (QhMux *mux, const char *text, size_t len)
{
  QhMessage message;
  while (len > 0 && (*text == ' ' || *text == '\r' || *text == '\n' || *text == '\t')) {
    text++;
    len--;
  }
  if (!qh_message_look (text, len, &message)) {
    qh_stats.bad_messages++;
    return true;
  }
  qh_stats.messages++;
  if (message.has & QH_HAS_GREETING)
    return take_greeting (mux, text, len);
  if (message.has & QH_HAS_ID && message.has & QH_HAS_ANSWER) {
    QhPending *pending = find_pending (mux, text, message.id);
    if (pending != NULL)
      return take_answer (mux, pending, text, len, &message);
  }
  give_all (mux, text, len);
  return true;
}

static bool
somebody_is_behind (const QhMux *mux)
{
  for (int i = 0; i < QH_MUX_CLIENTS; i++)
    if (mux->clients[i].behind_since != 0)
      return true;
  return false;
}

bool
qh_mux_from_monitor (QhMux *mux)
{
  size_t end;
  while (!somebody_is_behind (mux)) {
    QhSplit split = qh_splitter_next (&mux->splitter, qh_queue_front (&mux->in),
                                      qh_queue_used (&mux->in), &end);
    if (split == QH_SPLIT_MORE)
      return true;
    if (split == QH_SPLIT_GARBAGE)
      qh_stats.bad_messages++;
    else if (!take_message (mux, (const char *)qh_queue_front (&mux->in), end))
      return false;
    qh_queue_take (&mux->in, end);
    for (int i = 0; i < QH_MUX_CLIENTS; i++) {
      QhMuxClient *client = &mux->clients[i];
      if (client->state != QH_CLIENT_NONE && qh_queue_used (&client->out) > QH_MUX_BEHIND &&
          client->behind_since == 0)
        client->behind_since = qh_now ();
    }
  }
  return true;
}

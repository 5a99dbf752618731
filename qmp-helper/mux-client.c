/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a client of the multiplexer says, and what it is told. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "qmp-helper/local.h"
#include "qmp-helper/mux.h"
#include "qmp-helper/stats.h"

/* Gives what a queue once needed back to the kernel. */
static void
release (QhQueue *queue)
{
  qh_queue_clear (queue);
  madvise (queue->bytes, queue->size, MADV_DONTNEED);
}

void
qh_mux_add (QhMux *mux, int fd)
{
  for (int i = 0; i < QH_MUX_CLIENTS; i++) {
    QhMuxClient *client = &mux->clients[i];
    if (client->state != QH_CLIENT_NONE)
      continue;
    client->state = QH_CLIENT_NEW;
    client->fd = fd;
    client->pending = 0;
    client->splitter = (QhSplitter){ 0 };
    client->oob = client->said_all = client->waits = false;
    client->behind_since = 0;
    qh_stats.sessions++;
    return;
  }
  qh_stats.refused++;
  close (fd);
}

void
qh_mux_remove (QhMux *mux, QhMuxClient *client)
{
  int index = (int)(client - mux->clients);
  close (client->fd);
  client->fd = -1;
  client->state = QH_CLIENT_NONE;
  client->behind_since = 0;
  release (&client->in);
  release (&client->out);
  for (int i = 0; i < QH_MUX_PENDING; i++)
    if (mux->pending[i].used && mux->pending[i].client == index)
      mux->pending[i].client = QH_FOR_NOBODY;
}

void
qh_mux_remove_all (QhMux *mux)
{
  for (int i = 0; i < QH_MUX_CLIENTS; i++) {
    QhMuxClient *client = &mux->clients[i];
    if (client->state == QH_CLIENT_NONE)
      continue;
    qh_local_flush (client->fd, &client->out);
    qh_mux_remove (mux, client);
  }
}

void
qh_mux_send (QhMux *mux,
             QhMuxClient *client,
             const QhSpan *pieces,
             const char *const *texts,
             unsigned count)
{
  size_t before = qh_queue_used (&client->out);
  for (unsigned i = 0; i < count; i++)
    if (!qh_queue_add (&client->out, texts[i] + pieces[i].at, pieces[i].len)) {
      /* Cannot be: nothing is read from QEMU while somebody is that far behind. */
      qh_log (QH_LOG_ERROR, "a client is too far behind and is dropped");
      qh_mux_remove (mux, client);
      return;
    }
  if (before == 0 && qh_local_flush (client->fd, &client->out) == 0)
    qh_queue_shrink (&client->out);
}

static void
say (QhMux *mux, QhMuxClient *client, const char *text, size_t len)
{
  qh_mux_send (mux, client, &(QhSpan){ 0, len }, &text, 1);
}

void
qh_mux_greet (QhMux *mux)
{
  for (int i = 0; i < QH_MUX_CLIENTS; i++) {
    if (mux->clients[i].state != QH_CLIENT_NEW)
      continue;
    mux->clients[i].state = QH_CLIENT_GREETED;
    /* It may have spoken first. */
    mux->clients[i].waits = qh_queue_used (&mux->clients[i].in) > 0;
    say (mux, &mux->clients[i], mux->greeting, mux->greeting_len);
  }
}

/* Answers in QEMU's place; @text and @message are the command, for its id. */
static void
answer (QhMux *mux,
        QhMuxClient *client,
        const char *text,
        const QhMessage *message,
        const char *class,
        const char *format,
        const char *name)
{
  char line[QH_MUX_ID + 512], reason[256];
  int len = 0;
  if (message != NULL && message->has & QH_HAS_ID && message->id.len <= QH_MUX_ID)
    len = snprintf (line, sizeof line, "{\"id\": %.*s, ", (int)message->id.len,
                    text + message->id.at);
  else
    len = snprintf (line, sizeof line, "{");
  if (class == NULL) {
    len += snprintf (line + len, sizeof line - (size_t)len, "\"return\": {}}\r\n");
  } else {
    /* The name is the client's own and may hold anything: only what needs no quoting is told. */
    char plain[64] = "";
    for (size_t i = 0; name != NULL && name[i] != '\0' && i < sizeof plain - 1; i++) {
      bool fine = (unsigned char)name[i] >= ' ' && (unsigned char)name[i] < 0x7f &&
                  name[i] != '"' && name[i] != '\\';
      plain[i] = fine ? name[i] : '?';
      plain[i + 1] = '\0';
    }
    const char *slot = strstr (format, "%s");
    if (slot != NULL)
      snprintf (reason, sizeof reason, "%.*s%s%s", (int)(slot - format), format, plain, slot + 2);
    else
      snprintf (reason, sizeof reason, "%s", format);
    len += snprintf (line + len, sizeof line - (size_t)len,
                     "\"error\": {\"class\": \"%s\", \"desc\": \"%s\"}}\r\n", class, reason);
    qh_stats.bad_messages++;
  }
  say (mux, client, line, (size_t)len);
}

#define GENERIC   "GenericError"
#define NOT_FOUND "CommandNotFound"

/* Whether the capabilities asked for are there. NULL, or what is wrong. */
static const char *
negotiate (const QhMux *mux, QhMuxClient *client, const json_t *arguments)
{
  const json_t *enable = json_object_get (arguments, "enable");
  size_t i;
  json_t *item;
  client->oob = false;
  if (arguments != NULL && json_object_size (arguments) != (enable != NULL))
    return "Parameter of 'qmp_capabilities' is unexpected";
  if (enable != NULL && !json_is_array (enable))
    return "Invalid parameter type for 'enable', expected: array";
  json_array_foreach (enable, i, item)
  {
    if (!json_is_string (item) || strcmp (json_string_value (item), "oob") != 0 || !mux->offers_oob)
      return "Capability is not available";
    client->oob = true;
  }
  return NULL;
}

/* What QEMU would say of the first level of a command. NULL: nothing wrong. @name: what about. */
static const char *
check_command (const QhMuxClient *client, json_t *command, const char **name)
{
  const char *key;
  json_t *value;
  bool in = json_object_get (command, "execute") != NULL;
  bool out = json_object_get (command, "exec-oob") != NULL;
  json_object_foreach (command, key, value)
  {
    *name = key;
    if (strcmp (key, "execute") == 0 || (strcmp (key, "exec-oob") == 0 && client->oob)) {
      if (!json_is_string (value))
        return "QMP input member '%s' must be a string";
    } else if (strcmp (key, "arguments") == 0) {
      if (!json_is_object (value))
        return "QMP input member '%s' must be an object";
    } else if (strcmp (key, "id") != 0) {
      return "QMP input member '%s' is unexpected";
    }
  }
  if (in && out)
    return "QMP input members 'execute' and 'exec-oob' cannot be used together";
  return in || out ? NULL : "QMP input lacks member 'execute'";
}

/* Carries out one command. Returns false when it has to wait. */
static bool
run_command (QhMux *mux,
             QhMuxClient *client,
             const char *text,
             size_t len,
             json_t *command,
             const QhMessage *message)
{
  const char *name = NULL;
  const char *wrong = check_command (client, command, &name);
  if (wrong == NULL && message->id.len > QH_MUX_ID)
    wrong = "The id is too long";
  if (wrong != NULL) {
    answer (mux, client, text, message, GENERIC, wrong, name);
    return true;
  }
  const char *execute = json_string_value (json_object_get (command, "execute"));
  bool negotiates = execute != NULL && strcmp (execute, "qmp_capabilities") == 0;
  if (client->state == QH_CLIENT_READY && negotiates) {
    answer (mux, client, text, message, NOT_FOUND,
            "Capabilities negotiation is already complete, command ignored", NULL);
  } else if (client->state == QH_CLIENT_READY) {
    return qh_mux_command (mux, (int)(client - mux->clients), text, len, message);
  } else if (!negotiates) {
    answer (mux, client, text, message, NOT_FOUND,
            "Expecting capabilities negotiation with 'qmp_capabilities'", NULL);
  } else {
    wrong = negotiate (mux, client, json_object_get (command, "arguments"));
    if (wrong == NULL)
      client->state = QH_CLIENT_READY;
    answer (mux, client, text, message, wrong != NULL ? GENERIC : NULL, wrong, NULL);
  }
  return true;
}

static bool
take_command (QhMux *mux, QhMuxClient *client, const char *text, size_t len)
{
  QhMessage message;
  for (; len > 0 && *text != '{'; len--)
    text++; /* blanks */
  /* Integers of any size are fine here: only the text goes on. */
  json_t *command = json_loadb (text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, NULL);
  bool done = true;
  if (!json_is_object (command) || !qh_message_look (text, len, &message))
    answer (mux, client, NULL, NULL, GENERIC, "JSON parse error", NULL);
  else
    done = run_command (mux, client, text, len, command, &message);
  json_decref (command);
  return done;
}

void
qh_mux_from_client (QhMux *mux, QhMuxClient *client)
{
  client->waits = false;
  /* Bounded by the commands that may wait for answers, and by the answers that may wait. */
  while (client->state >= QH_CLIENT_GREETED) {
    QhSplitter before = client->splitter;
    size_t end;
    if (qh_queue_used (&client->out) > QH_MUX_BEHIND) {
      client->waits = true; /* it asks without listening */
      return;
    }
    QhSplit split = qh_splitter_next (&client->splitter, qh_queue_front (&client->in),
                                      qh_queue_used (&client->in), &end);
    if (split == QH_SPLIT_MORE) {
      /* A command that fills the queue and does not end. */
      if (qh_queue_used (&client->in) == client->in.size)
        qh_mux_remove (mux, client);
      return;
    }
    if (split == QH_SPLIT_GARBAGE)
      answer (mux, client, NULL, NULL, GENERIC, "JSON parse error", NULL);
    else if (!take_command (mux, client, (const char *)qh_queue_front (&client->in), end)) {
      client->splitter = before;
      client->waits = true;
      return;
    }
    if (client->state != QH_CLIENT_NONE)
      qh_queue_take (&client->in, end);
  }
}

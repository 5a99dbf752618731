/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmp-helper/message.h"

#include <string.h>

#define DEEPEST 1024 /* as QEMU */

static bool
is_blank (unsigned char byte)
{
  return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static QhSplit
split_end (QhSplitter *self, size_t *end, QhSplit what)
{
  *end = self->looked_at;
  *self = (QhSplitter){ 0 };
  return what;
}

/* Within a message. Returns whether it ends here. */
static bool
split_step (QhSplitter *self, unsigned char byte)
{
  if (self->quote != 0) {
    if (self->escaped)
      self->escaped = false;
    else if (byte == '\\')
      self->escaped = true;
    else if (byte == (unsigned char)self->quote)
      self->quote = 0;
    return false;
  }
  switch (byte) {
  case '"':
  case '\'':
    self->quote = (char)byte;
    return false;
  case '{':
  case '[':
    if (++self->depth > DEEPEST)
      self->garbage = true;
    return false;
  case '}':
  case ']':
    return --self->depth == 0;
  default:
    return false;
  }
}

QhSplit
qh_splitter_next (QhSplitter *self, const unsigned char *bytes, size_t len, size_t *end)
{
  while (self->looked_at < len) {
    unsigned char byte = bytes[self->looked_at++];
    if (self->garbage) {
      /* A line end is where both sides can begin anew. */
      if (byte == '\n')
        return split_end (self, end, QH_SPLIT_GARBAGE);
    } else if (self->depth == 0) {
      if (byte == '{')
        self->depth = 1;
      else if (!is_blank (byte))
        self->garbage = true;
    } else if (split_step (self, byte)) {
      return split_end (self, end, QH_SPLIT_MESSAGE);
    }
  }
  return QH_SPLIT_MORE;
}

static size_t
skip_blanks (const char *text, size_t len, size_t at)
{
  while (at < len && is_blank ((unsigned char)text[at]))
    at++;
  return at;
}

/* Behind the string that begins at @at; @len if it does not end. */
static size_t
skip_string (const char *text, size_t len, size_t at)
{
  char quote = text[at];
  for (at++; at < len; at++) {
    if (text[at] == '\\')
      at++;
    else if (text[at] == quote)
      return at + 1;
  }
  return len;
}

/* Behind the value that begins at @at. */
static size_t
skip_value (const char *text, size_t len, size_t at)
{
  size_t depth = 0;
  while (at < len) {
    char byte = text[at];
    if (byte == '"' || byte == '\'') {
      at = skip_string (text, len, at);
    } else {
      if (depth == 0 &&
          (byte == ',' || byte == '}' || byte == ']' || is_blank ((unsigned char)byte)))
        return at;
      if (byte == '{' || byte == '[')
        depth++;
      if (byte == '}' || byte == ']')
        depth--;
      at++;
    }
    if (depth == 0 && (text[at - 1] == '}' || text[at - 1] == ']' || text[at - 1] == '"'))
      return at;
  }
  return at;
}

static unsigned
key_of (const char *text, QhSpan key)
{
  static const struct {
    const char *name;
    unsigned has;
  } keys[] = { { "id", QH_HAS_ID },
               { "QMP", QH_HAS_GREETING },
               { "event", QH_HAS_EVENT },
               { "return", QH_HAS_ANSWER },
               { "error", QH_HAS_ANSWER } };
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (key.len == strlen (keys[i].name) && memcmp (text + key.at, keys[i].name, key.len) == 0)
      return keys[i].has;
  return 0;
}

/* Reads one member at @at. Returns where the next thing is, 0 if it is none. */
static size_t
look_at_member (const char *text, size_t len, size_t at, QhMessage *message, size_t comma)
{
  size_t begin = at;
  if (at >= len || (text[at] != '"' && text[at] != '\''))
    return 0;
  size_t end = skip_string (text, len, at);
  unsigned has = end > at + 2 ? key_of (text, (QhSpan){ at + 1, end - at - 2 }) : 0;
  at = skip_blanks (text, len, end);
  if (at >= len || text[at] != ':')
    return 0;
  at = skip_blanks (text, len, at + 1);
  size_t value = at;
  at = skip_value (text, len, at);
  if (at == value || at >= len)
    return 0;
  if (has == QH_HAS_ID) {
    if (message->has & QH_HAS_ID)
      return 0;
    message->id = (QhSpan){ value, at - value };
    size_t next = skip_blanks (text, len, at);
    size_t from = comma != 0 ? comma : begin;
    /* With the comma behind it if it is the first. */
    size_t to = comma == 0 && next < len && text[next] == ',' ? next + 1 : at;
    message->id_whole = (QhSpan){ from, to - from };
  }
  message->has |= has;
  return skip_blanks (text, len, at);
}

bool
qh_message_look (const char *text, size_t len, QhMessage *message)
{
  size_t at = skip_blanks (text, len, 0), comma = 0;
  *message = (QhMessage){ 0 };
  if (at >= len || text[at] != '{')
    return false;
  message->body = at + 1;
  at = skip_blanks (text, len, at + 1);
  if (at < len && text[at] == '}')
    return skip_blanks (text, len, at + 1) == len;
  for (;;) {
    at = look_at_member (text, len, at, message, comma);
    if (at == 0 || at >= len)
      return false;
    if (text[at] == '}')
      return skip_blanks (text, len, at + 1) == len;
    if (text[at] != ',')
      return false;
    comma = at;
    at = skip_blanks (text, len, at + 1);
  }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmp-helper/framing.h"

#include <string.h>

static bool
is_magic (const unsigned char *bytes)
{
  return memcmp (bytes, QH_LIVE, QH_MAGIC_LEN) == 0 || memcmp (bytes, QH_DEAD, QH_MAGIC_LEN) == 0;
}

QhMagic
qh_magic_of (const void *datagram, size_t len)
{
  if (len != QH_MAGIC_LEN)
    return QH_MAGIC_NONE;
  if (memcmp (datagram, QH_LIVE, QH_MAGIC_LEN) == 0)
    return QH_MAGIC_LIVE;
  return memcmp (datagram, QH_DEAD, QH_MAGIC_LEN) == 0 ? QH_MAGIC_DEAD : QH_MAGIC_NONE;
}

void
qh_cutter_sent (QhCutter *cutter, const void *datagram, size_t len)
{
  memcpy (cutter->buffer, datagram, len < QH_MAGIC_LEN ? len : QH_MAGIC_LEN);
}

/* Whether the first @count of @bytes may be a datagram. */
static bool
looks_like_data (const QhCutter *cutter, const unsigned char *bytes, size_t count)
{
  unsigned char there[QH_MAGIC_LEN];
  memcpy (there, cutter->buffer, sizeof there);
  memcpy (there, bytes, count < sizeof there ? count : sizeof there);
  return !is_magic (there);
}

size_t
qh_cutter_next (const QhCutter *cutter, const void *data, size_t len, size_t most)
{
  const unsigned char *bytes = data;
  size_t longest = len < most ? len : most;

  /* A datagram less than four bytes long decides little about the one behind it: from eight
     lengths on, one at least fits if any can. */
  for (size_t count = longest; count > 0 && longest - count < 8; count--)
    if (looks_like_data (cutter, bytes, count) &&
        (len - count < QH_MAGIC_LEN || !is_magic (bytes + count)))
      return count;
  for (size_t count = longest < QH_MAGIC_LEN ? longest : QH_MAGIC_LEN - 1; count > 0; count--)
    if (looks_like_data (cutter, bytes, count))
      return count;
  return longest;
}

void
qh_greeting_reset (QhGreeting *greeting)
{
  greeting->matched = greeting->count = 0;
}

/* Takes one byte; blanks may stand behind the bracket. */
static bool
greeting_step (QhGreeting *greeting, unsigned char byte)
{
  static const char begin[] = "{\"QMP\"";

  bool blank = byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
  if (greeting->matched == 1 && blank && greeting->count < sizeof greeting->held - sizeof begin) {
    greeting->held[greeting->count++] = byte;
    return false;
  }
  if (byte != (unsigned char)begin[greeting->matched])
    qh_greeting_reset (greeting);
  if (byte == (unsigned char)begin[greeting->matched]) {
    greeting->held[greeting->count++] = byte;
    greeting->matched++;
  }
  return begin[greeting->matched] == '\0';
}

size_t
qh_greeting_find (QhGreeting *greeting, const unsigned char *bytes, size_t len, bool *found)
{
  *found = false;
  for (size_t i = 0; i < len; i++)
    if (greeting_step (greeting, bytes[i])) {
      *found = true;
      return i + 1;
    }
  return len;
}

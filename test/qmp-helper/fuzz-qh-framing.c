/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whatever is sent arrives whole at both kinds of other end, and no datagram is taken for a word.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "qmp-helper/framing.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
check (bool holds)
{
  if (!holds)
    abort ();
}

static bool
is_safe (const QhCutter *cutter, const uint8_t *bytes, size_t len)
{
  unsigned char buffer[4];
  memcpy (buffer, cutter->buffer, 4);
  memcpy (buffer, bytes, len < 4 ? len : 4);
  return memcmp (buffer, "dead", 4) != 0 && memcmp (buffer, "live", 4) != 0;
}

static bool
any_is_safe (const QhCutter *cutter, const uint8_t *bytes, size_t known, size_t most)
{
  for (size_t len = 1; len <= known && len <= most; len++)
    if (is_safe (cutter, bytes, len))
      return true;
  return false;
}

/* @data: two numbers, then the bytes of a client that writes so many at a time. */
static void
fuzz_cutter (const uint8_t *data, size_t size)
{
  size_t most = data[0] % 64 + 4, piece = data[1] % 32 + 4;
  QhCutter cutter = { { 0 } };
  qh_cutter_sent (&cutter, "live", 4);
  data += 2;
  size -= 2;
  for (size_t at = 0; at < size;) {
    size_t known = size - at < piece ? size - at : piece;
    size_t n = qh_cutter_next (&cutter, data + at, known, most);
    check (n >= 1 && n <= known && n <= most);
    /* A length that looks like no word in the other end's buffer, if there is any. */
    check (is_safe (&cutter, data + at, n) || !any_is_safe (&cutter, data + at, known, most));
    qh_cutter_sent (&cutter, data + at, n);
    at += n;
  }
}

/* The greeting is found at the same place however the stream is cut. */
static void
fuzz_greeting (const uint8_t *data, size_t size)
{
  QhGreeting whole = { .count = 0 }, cut = { .count = 0 };
  bool found_whole = false, found_cut = false;
  size_t at = 0, step = size > 0 ? data[0] % 7 + 1 : 1;
  size_t end = qh_greeting_find (&whole, data, size, &found_whole);
  while (at < size && !found_cut) {
    size_t n = size - at < step ? size - at : step;
    at += qh_greeting_find (&cut, data + at, n, &found_cut);
  }
  check (found_whole == found_cut && at == end);
  check (whole.count <= sizeof whole.held && whole.count == cut.count);
  check (memcmp (whole.held, cut.held, whole.count) == 0);
  if (found_whole) {
    check (end >= whole.count && memcmp (data + end - whole.count, whole.held, whole.count) == 0);
    check (whole.held[0] == '{' && memcmp (whole.held + whole.count - 5, "\"QMP\"", 5) == 0);
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  if (size >= 2)
    fuzz_cutter (data, size);
  fuzz_greeting (data, size);
  return 0;
}

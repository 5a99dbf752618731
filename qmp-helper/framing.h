/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * What travels between the two ends besides QMP's bytes.
 *
 * Over datagrams: a datagram `live` opens the monitor, one `dead` closes it;
 * only the helper sends them. QEMU's end as OpenXT has it compares the first
 * four bytes of its receive buffer, whatever the datagram's length, so no
 * other datagram may look like one of them there.
 *
 * Over a byte stream: one byte of value 1 begins each session, if both ends
 * agree on it. JSON never holds that byte.
 */

#define QH_MAGIC_LEN 4
#define QH_LIVE      "live"
#define QH_DEAD      "dead"
#define QH_MARKER    1

typedef enum { QH_MAGIC_NONE, QH_MAGIC_LIVE, QH_MAGIC_DEAD } QhMagic;

/** qh_magic_of: what this datagram says; only exactly four bytes say anything. */
QhMagic qh_magic_of (const void *datagram, size_t len);

/** QhCutter: remembers what the other end's receive buffer begins with. */
typedef struct {
  unsigned char buffer[QH_MAGIC_LEN];
} QhCutter;

/** qh_cutter_sent: tell it of each datagram that went out, control ones too. */
void qh_cutter_sent (QhCutter *cutter, const void *datagram, size_t len);

/**
 * qh_cutter_next: how long the next datagram should be.
 *
 * @bytes: all that is known to follow
 * @len: at least 1
 * @most: the largest datagram allowed, at least 1
 *
 * Returns: 1 to min (len, most). That datagram looks like no magic, and the one behind it will not
 * begin with one if that can be known. (If bytes come so that no length does, which takes a client
 * that sends single bytes right after datagrams of a certain content, the longest is returned.)
 */
size_t qh_cutter_next (const QhCutter *cutter, const void *bytes, size_t len, size_t most);

/**
 * QhGreeting: finds the greeting, an object whose first member is "QMP", in the
 * stream that QEMU sends, wherever it is cut.
 */
typedef struct {
  unsigned char held[16];
  unsigned matched, count;
} QhGreeting;

/** qh_greeting_reset: looks for the next one. */
void qh_greeting_reset (QhGreeting *greeting);

/**
 * qh_greeting_find:
 *
 * Returns: how many of @bytes are to be skipped. If @found, the greeting's begin is in
 * greeting->held (count bytes, from the end of what is skipped and from before), and what follows
 * in
 * @bytes belongs behind it.
 */
size_t qh_greeting_find (QhGreeting *greeting, const unsigned char *bytes, size_t len, bool *found);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * QMP messages as text. Parsing one and writing it again would change numbers
 * that no C integer holds, and takes ten times its size: so messages are only
 * split from the stream, and the one member that has to change is cut out.
 */

/** QhSplitter: finds where the messages of a stream end. */
typedef struct {
  size_t looked_at; /* bytes of the message that begins at the front */
  unsigned depth;
  char quote; /* within a string: how it began */
  bool escaped, garbage;
} QhSplitter;

typedef enum {
  QH_SPLIT_MORE,    /* the message has not ended */
  QH_SPLIT_MESSAGE, /* the bytes up to @len are one, blanks in front of it included */
  QH_SPLIT_GARBAGE, /* the bytes up to @len are none */
} QhSplit;

/**
 * qh_splitter_next: looks at the front of a stream.
 * @bytes: (array length=len): all that has come and was not taken; in later calls more of the same
 *
 * After QH_SPLIT_MESSAGE and QH_SPLIT_GARBAGE the caller takes @end bytes away.
 */
QhSplit
qh_splitter_next (QhSplitter *splitter, const unsigned char *bytes, size_t len, size_t *end);

/** QhSpan: a part of a message: where it is. */
typedef struct {
  size_t at, len;
} QhSpan;

typedef enum {
  QH_HAS_ID = 1,
  QH_HAS_GREETING = 2, /* QMP */
  QH_HAS_EVENT = 4,
  QH_HAS_ANSWER = 8, /* return or error */
} QhHas;

/** QhMessage: what a message's first level holds. */
typedef struct {
  unsigned has;
  QhSpan id;       /* the value */
  QhSpan id_whole; /* the member, with the comma that goes if it goes */
  size_t body;     /* behind the opening bracket */
} QhMessage;

/** qh_message_look: false if @text is no object, or has two ids. What is nested is not looked at.
 */
bool qh_message_look (const char *text, size_t len, QhMessage *message);

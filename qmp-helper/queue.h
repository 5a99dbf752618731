/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/**
 * QhQueue: bytes on their way, bounded, in one piece of memory that is got once.
 *
 * What is in it is always contiguous, so that a message of any length can be
 * cut from its front.
 */
typedef struct {
  unsigned char *bytes;
  size_t size, head, tail;
} QhQueue;

/** qh_queue_init: false with errno when there is no memory. */
bool qh_queue_init (QhQueue *queue, size_t size);
void qh_queue_free (QhQueue *queue);

/** qh_queue_used: bytes at qh_queue_front(). */
size_t qh_queue_used (const QhQueue *queue);
const unsigned char *qh_queue_front (const QhQueue *queue);
/** qh_queue_take: drops that many from the front; the rest may move. */
void qh_queue_take (QhQueue *queue, size_t count);
void qh_queue_clear (QhQueue *queue);

/**
 * qh_queue_room: how many bytes may be put at qh_queue_back(). Moves the content when that pays, so
 * it can be a little less than the free bytes; 0 means full.
 */
size_t qh_queue_room (QhQueue *queue);
unsigned char *qh_queue_back (QhQueue *queue);
void qh_queue_put (QhQueue *queue, size_t count);

/** qh_queue_compact: moves the content to the begin. Returns: whether that gave more room. */
bool qh_queue_compact (QhQueue *queue);

/** qh_queue_shrink: gives memory that a past need took back to the kernel; only when empty. */
void qh_queue_shrink (QhQueue *queue);

/** qh_queue_add: copies all of @data, or nothing and false when it does not fit. */
bool qh_queue_add (QhQueue *queue, const void *data, size_t count);

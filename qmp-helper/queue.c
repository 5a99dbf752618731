/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmp-helper/queue.h"

#include <string.h>
#include <sys/mman.h>

#define KEPT  65536 /* bytes of a queue that stay resident */
#define SMALL 4096  /* bytes that are moved to the front rather than touch ever more memory */

bool
qh_queue_init (QhQueue *queue, size_t size)
{
  /* From the kernel, so that what is never used never becomes resident. */
  void *bytes =
      mmap (NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (bytes == MAP_FAILED)
    return false;
  *queue = (QhQueue){ .bytes = bytes, .size = size };
  return true;
}

void
qh_queue_free (QhQueue *queue)
{
  if (queue->bytes != NULL)
    munmap (queue->bytes, queue->size);
  *queue = (QhQueue){ 0 };
}

size_t
qh_queue_used (const QhQueue *queue)
{
  return queue->tail - queue->head;
}

const unsigned char *
qh_queue_front (const QhQueue *queue)
{
  return queue->bytes + queue->head;
}

void
qh_queue_take (QhQueue *queue, size_t count)
{
  queue->head += count;
  if (queue->head == queue->tail)
    queue->head = queue->tail = 0;
  else if (qh_queue_used (queue) <= SMALL && queue->head >= KEPT / 2)
    qh_queue_compact (queue);
}

void
qh_queue_clear (QhQueue *queue)
{
  queue->head = queue->tail = 0;
}

bool
qh_queue_compact (QhQueue *queue)
{
  if (queue->head == 0)
    return false;
  memmove (queue->bytes, queue->bytes + queue->head, qh_queue_used (queue));
  queue->tail -= queue->head;
  queue->head = 0;
  return true;
}

void
qh_queue_shrink (QhQueue *queue)
{
  /* Only what has been beyond the first part at some time has that byte set, nearly always. */
  if (qh_queue_used (queue) == 0 && queue->size > KEPT && queue->bytes[KEPT] != 0)
    madvise (queue->bytes, queue->size, MADV_DONTNEED);
}

size_t
qh_queue_room (QhQueue *queue)
{
  /* Only after a quarter has been taken, so that each byte is moved three times at most. */
  if (queue->size - queue->tail < queue->size / 4 && queue->head >= queue->size / 4)
    qh_queue_compact (queue);
  return queue->size - queue->tail;
}

unsigned char *
qh_queue_back (QhQueue *queue)
{
  return queue->bytes + queue->tail;
}

void
qh_queue_put (QhQueue *queue, size_t count)
{
  queue->tail += count;
}

bool
qh_queue_add (QhQueue *queue, const void *data, size_t count)
{
  if (count > queue->size - qh_queue_used (queue))
    return false;
  if (count > queue->size - queue->tail)
    qh_queue_compact (queue);
  memcpy (queue->bytes + queue->tail, data, count);
  queue->tail += count;
  return true;
}

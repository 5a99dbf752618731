/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "qmp-helper/queue.h"

/*
 * The UNIX stream socket of a client, or of QEMU: bytes to and from queues,
 * without blocking, without signals.
 */

/**
 * qh_local_fill: reads once, to the end of @into. Descriptors that come along are closed: they
 * cannot cross to another domain.
 *
 * Returns: bytes; 0 at the end; -EAGAIN, -ENOBUFS when the queue is full, or another error.
 */
ssize_t qh_local_fill (int fd, QhQueue *into);

/** qh_local_flush: writes what it takes. Returns: 0 when the queue is empty, -EAGAIN, or an error.
 */
int qh_local_flush (int fd, QhQueue *from);

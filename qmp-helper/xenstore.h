/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/**
 * QhXenstore: the little that is needed of xenstore: a node that says when the
 * helper is ready, and word of a domain's end.
 *
 * libxenstore reads watch events on a thread of its own and waits for answers
 * without a limit; here everything goes through the one loop, without
 * allocating, so that a xenstored that hangs stops nothing.
 */
typedef struct {
  int fd, domid;
  bool gone;    /* the domain is */
  size_t count; /* bytes in @bytes */
  _Alignas(8) char bytes[4096 + 16];
  unsigned answered; /* the number of the request that was waited for, once it is, and how */
  bool refused;
} QhXenstore;

/** qh_xenstore_open: false with errno when there is none. */
bool qh_xenstore_open (QhXenstore *xenstore);

/** qh_xenstore_write, _remove: wait at most @ms for the answer. false: refused, or no answer. */
bool qh_xenstore_write (QhXenstore *xenstore, const char *path, const char *value, int ms);
bool qh_xenstore_remove (QhXenstore *xenstore, const char *path, int ms);

/** qh_xenstore_watch_domain: from now on `gone` tells whether the domain still exists. */
bool qh_xenstore_watch_domain (QhXenstore *xenstore, int domid);

/** qh_xenstore_process: takes what has come, without waiting. Closes the connection if it broke. */
void qh_xenstore_process (QhXenstore *xenstore);

void qh_xenstore_close (QhXenstore *xenstore);

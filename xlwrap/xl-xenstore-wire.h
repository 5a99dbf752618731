/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * XlXenstoreWire:
 *
 * The connection for watches. It speaks xenstored's protocol (xen/io/xs_wire.h)
 * itself, without ever blocking, because libxenstore's way of watching starts a
 * thread that can neither tell when xenstored goes nor be ended without losing
 * a file descriptor now and then. No reply is waited for; one thread at a time.
 */
typedef struct _XlXenstoreWire XlXenstoreWire;

/** xl_xenstore_wire_open: Returns: (transfer full) (nullable): %NULL when nobody serves xenstore.
 */
XlXenstoreWire *xl_xenstore_wire_open (void);
void xl_xenstore_wire_close (XlXenstoreWire *self);

/** xl_xenstore_wire_watch: events of @path will come with @token, the first at once. */
void xl_xenstore_wire_watch (XlXenstoreWire *self, guint32 token, const char *path);

/** xl_xenstore_wire_unwatch: ends a watch; events that are on their way still come. */
void xl_xenstore_wire_unwatch (XlXenstoreWire *self, guint32 token, const char *path);

/** xl_xenstore_wire_get_fd: for poll(), with xl_xenstore_wire_get_events(). */
int xl_xenstore_wire_get_fd (XlXenstoreWire *self);
short xl_xenstore_wire_get_events (XlXenstoreWire *self);

/**
 * XlXenstoreWireFuncs:
 * @changed: the node or special node @path changed
 * @refused: xenstored does not accept the watch; @why is the name of an errno
 */
typedef struct {
  void (*changed) (guint32 token, const char *path, gpointer user_data);
  void (*refused) (guint32 token, const char *why, gpointer user_data);
} XlXenstoreWireFuncs;

/**
 * xl_xenstore_wire_process: writes and reads what is possible without waiting.
 * Neither function may close the connection.
 *
 * Returns: %FALSE when the connection is broken, and good only to be closed.
 */
gboolean xl_xenstore_wire_process (XlXenstoreWire *self,
                                   const XlXenstoreWireFuncs *funcs,
                                   gpointer user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (XlXenstoreWire, xl_xenstore_wire_close)

G_END_DECLS

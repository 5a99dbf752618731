/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "xlwrap/xl-error.h"

G_BEGIN_DECLS

/**
 * XlXenstore:
 *
 * A connection to xenstored whose blocking calls all run on one worker thread.
 * When xenstored goes away the connection is made again, with back-off, and
 * every watch is registered again and fires once. Requests made meanwhile fail
 * with XL_ERROR_XENSTORE; they are not kept. All callbacks come in the thread-
 * default main context of the caller.
 *
 * Requests are made in order. One that is cancelled returns at once; when
 * xenstored had it already, it may still be carried out.
 *
 * Values are bytes; this interface deals in NUL-terminated text and refuses
 * values with an embedded NUL on read (XL_ERROR_XENSTORE). What a guest can
 * write must still be validated by the reader.
 */
#define XL_TYPE_XENSTORE (xl_xenstore_get_type ())
G_DECLARE_FINAL_TYPE (XlXenstore, xl_xenstore, XL, XENSTORE, GObject)

/** xl_xenstore_new: connects in the background; never blocks, never fails. Returns: (transfer full)
 */
XlXenstore *xl_xenstore_new (void);

/**
 * xl_xenstore_close: ends the worker; pending and later requests fail as cancelled, watches end.
 * Waits for the call in progress, but at most one second: a worker stuck in it is left behind and
 * ends when xenstored answers or dies.
 */
void xl_xenstore_close (XlXenstore *self);

/** xl_xenstore_read_async: reads one node. A missing node is XL_ERROR_NOT_FOUND. */
void xl_xenstore_read_async (XlXenstore *self,
                             const char *path,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
/** Returns: (transfer full): the node's text. */
char *xl_xenstore_read_finish (XlXenstore *self, GAsyncResult *result, GError **error);

/** xl_xenstore_list_async: names of the children of a node. */
void xl_xenstore_list_async (XlXenstore *self,
                             const char *path,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
/** Returns: (transfer full) (array zero-terminated=1): names in xenstored's order. */
char **xl_xenstore_list_finish (XlXenstore *self, GAsyncResult *result, GError **error);

/**
 * XlXenstoreChange: one step of xl_xenstore_apply_async().
 * @path: absolute path
 * @value: (nullable): text to write, at most 4096 bytes with its path; %NULL with @permissions
 *   leaves the value of a node as it is (a missing node is an error), without them it removes the
 *   node and what is below (a missing node is no error)
 * @permissions: (nullable): after the write, such as "n0" or "n0,r5": letter n, r, w or b and
 *   domid, the first entry's domid owning the node
 */
typedef struct {
  const char *path;
  const char *value;
  const char *permissions;
} XlXenstoreChange;

/**
 * xl_xenstore_apply_async: makes all changes in one transaction, tried again when xenstored answers
 * EAGAIN (at most 100 times).
 * @changes: (array length=n_changes): copied
 */
void xl_xenstore_apply_async (XlXenstore *self,
                              const XlXenstoreChange *changes,
                              gsize n_changes,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
gboolean xl_xenstore_apply_finish (XlXenstore *self, GAsyncResult *result, GError **error);

/**
 * XlXenstoreWatchFunc: called in the main context once after registration and after each change;
 * @path is the node that changed, or the special node such as "@releaseDomain".
 * Returns: G_SOURCE_CONTINUE or G_SOURCE_REMOVE.
 */
typedef gboolean (*XlXenstoreWatchFunc) (const char *path, gpointer user_data);

/**
 * xl_xenstore_watch_source_new:
 * @path: a node, watched with everything below it, or a special node ("@introduceDomain")
 *
 * Set its callback with g_source_set_callback() and G_SOURCE_FUNC(), attach it to the context that
 * shall run it. Destroying the source ends the watch. Events that repeat while the callback has not
 * run yet are merged by path; beyond 1024 paths @path itself is reported for all.
 *
 * Returns: (transfer full): a new source.
 */
GSource *xl_xenstore_watch_source_new (XlXenstore *self, const char *path);

G_END_DECLS

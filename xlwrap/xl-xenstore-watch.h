/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xlwrap/xl-xenstore-worker.h"

G_BEGIN_DECLS

/**
 * XlXenstoreWatch: what a watch source and the worker share. Events wait here
 * until the source's main context takes them.
 */

XlXenstoreWatch *xl_xenstore_watch_ref (XlXenstoreWatch *watch);
void xl_xenstore_watch_unref (XlXenstoreWatch *watch);

/** xl_xenstore_watch_get_path: the node or special node that is watched. */
const char *xl_xenstore_watch_get_path (const XlXenstoreWatch *watch);

/** xl_xenstore_watch_deliver: @path changed. Any thread. */
void xl_xenstore_watch_deliver (XlXenstoreWatch *watch, const char *path);

/** xl_xenstore_watch_new_source: Returns: (transfer full): a source whose watch @worker knows. */
GSource *xl_xenstore_watch_new_source (XlXenstoreWorker *worker, const char *path);

G_END_DECLS

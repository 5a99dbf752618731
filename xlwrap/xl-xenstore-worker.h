/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xlwrap/xl-xenstore-calls.h"

G_BEGIN_DECLS

typedef struct _XlXenstoreWatch XlXenstoreWatch;

/**
 * XlXenstoreWorker:
 *
 * The thread in which every call of libxenstore is made, its queue and its
 * connections. The thread holds a reference of its own, so a worker that is
 * stuck in a call can be left behind.
 */
typedef struct _XlXenstoreWorker XlXenstoreWorker;

/** xl_xenstore_worker_new: Returns: (transfer full): a worker whose thread begins to connect. */
XlXenstoreWorker *xl_xenstore_worker_new (void);
XlXenstoreWorker *xl_xenstore_worker_ref (XlXenstoreWorker *self);
void xl_xenstore_worker_unref (XlXenstoreWorker *self);

/**
 * xl_xenstore_worker_close: fails what is queued and what is in progress as
 * cancelled, then waits for the thread, at most one second when a call hangs.
 */
void xl_xenstore_worker_close (XlXenstoreWorker *self);

/** XlXenstoreCall: makes one request with @data, its arguments. Runs in the worker's thread. */
typedef gpointer (*XlXenstoreCall) (XlXenstoreLink *link, gpointer data, GError **error);

/**
 * xl_xenstore_worker_submit:
 * @task: its task data are the arguments of @call; returns the result as a pointer
 * @free_result: for a result that nobody takes, because the task was cancelled
 */
void xl_xenstore_worker_submit (XlXenstoreWorker *self,
                                GTask *task,
                                XlXenstoreCall call,
                                GDestroyNotify free_result);

/** xl_xenstore_worker_watch: registers @watch in this and in every later connection. */
void xl_xenstore_worker_watch (XlXenstoreWorker *self, XlXenstoreWatch *watch);

/** xl_xenstore_worker_unwatch: ends it. */
void xl_xenstore_worker_unwatch (XlXenstoreWorker *self, XlXenstoreWatch *watch);

G_END_DECLS

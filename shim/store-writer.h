/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * Which files of the store have changed, and their way to disk: one write at
 * a time on a worker thread, for all commits that wait (group commit). A
 * commit waits for all changes made before it, and fails when any file it
 * waits for fails. All functions are for the thread of the store.
 */
typedef struct _XmStoreWriter XmStoreWriter;

typedef struct {
  /* (transfer full) (nullable): the new text of @file, %NULL when its node is gone. */
  char *(*get_text) (GObject *owner, const char *file);
  /* These could not be written: what memory claims of them is to be read from disk again. */
  void (*failed) (GObject *owner, GPtrArray *files);
} XmStoreWriterFuncs;

/** xm_store_writer_new: @owner is kept alive only while a write is in progress. */
XmStoreWriter *
xm_store_writer_new (const char *base, GObject *owner, const XmStoreWriterFuncs *funcs);
void xm_store_writer_free (XmStoreWriter *self);

/** xm_store_writer_mark: takes @file, which has changed. */
void xm_store_writer_mark (XmStoreWriter *self, char *file);

/** xm_store_writer_commit: takes @task, and returns a boolean to it when all marked so far is
 * durable. */
void xm_store_writer_commit (XmStoreWriter *self, GTask *task);

/** xm_store_writer_flush: blocks until nothing is marked. */
gboolean xm_store_writer_flush (XmStoreWriter *self, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/**
 * XmHostStorage: size of the file system that holds the disks, and the watch over it, which emits
 * `storage_space_low` at each look that finds too little free (settings: storage-interval,
 * storage-low-percent). The file system is asked on a thread: one on a share may not answer. Then
 * what was known stays.
 */
typedef struct _XmHostStorage XmHostStorage;

XmHostStorage *xm_host_storage_new (XmService *service);

/** xm_host_storage_free: whoever waits is told at once. */
void xm_host_storage_free (XmHostStorage *storage);

/** xm_host_storage_reload: the settings have changed. */
void xm_host_storage_reload (XmHostStorage *storage);

/** XmStorageSpace: bytes; what only root may use counts as free. */
typedef struct {
  guint64 total, free;
} XmStorageSpace;

/** xm_host_storage_get: as last measured; zeros when never. */
XmStorageSpace xm_host_storage_get (const XmHostStorage *storage);

/** xm_host_storage_measure: measures; @done is called once with @user_data when that has ended, or
 * has taken 5 s. */
void xm_host_storage_measure (XmHostStorage *storage,
                              void (*done) (gpointer user_data),
                              gpointer user_data);

/** xm_storage_space_percent_free: rounded down; 100 for what has no size. */
int xm_storage_space_percent_free (const XmStorageSpace *space);

/** xm_storage_space_measure: of the file system of @path or, where that does not exist yet, of what
 * it will be made in. Blocks. */
XmStorageSpace xm_storage_space_measure (const char *path);

G_END_DECLS

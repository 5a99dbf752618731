/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/store-tree.h"

G_BEGIN_DECLS

/*
 * The files of the store: which node is in which, loading, and replacing them
 * so that a crash at any moment leaves the old or the new one. A file is named
 * by its path below the base directory: "db", "vms/<name>.db".
 */

/** XmStoreMount: a node whose children have a file each. */
typedef struct {
  const char *node;
  const char *directory;
} XmStoreMount;

#define XM_STORE_N_MOUNTS 2
extern const XmStoreMount xm_store_mounts[XM_STORE_N_MOUNTS];

/** The file of all nodes that are not below a mount. */
#define XM_STORE_MAIN_FILE "db"

/** xm_store_find_mount: (nullable): the mount whose node has this name. */
const XmStoreMount *xm_store_find_mount (const char *name, gsize len);

/** xm_store_file_for: (transfer full): file of the child @name of @mount. */
char *xm_store_file_for (const XmStoreMount *mount, const char *name, gsize len);

/** xm_store_name_fits: whether a child of a mount may have this name, which becomes a file's. */
gboolean xm_store_name_fits (const char *name, gsize len, GError **error);

/**
 * xm_store_load_all: makes @root what the files say; the mounts come first. Makes missing
 * directories. Damaged files are set aside, left-over temporary files taken or removed.
 */
gboolean xm_store_load_all (const char *base, XmStoreNode *root, GError **error);

/** xm_store_load_again: replaces in @root what comes from @file, after it could not be written. */
void xm_store_load_again (const char *base, const char *file, XmStoreNode *root);

/** XmFileChange: what shall happen to one file. */
typedef struct {
  char *file;
  char *text;    /* new content; NULL: the file shall go */
  char *failure; /* result: what failed and why, NULL when all is durable */
  int errsv;     /* result: its errno */
} XmFileChange;

/** xm_file_change_new: takes @text. */
XmFileChange *xm_file_change_new (const char *file, char *text);
void xm_file_change_free (XmFileChange *change);

/**
 * xm_store_apply: carries out all changes, blocking; for a worker thread.
 * @changes: (element-type XmFileChange): each gets its result; one's failure does not stop others
 *
 * First all new contents are written and fsynced under temporary names, then all
 * renames and removals are done in order, then the directories are fsynced.
 */
void xm_store_apply (const char *base, GPtrArray *changes);

G_END_DECLS

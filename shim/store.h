/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <jansson.h>

#include "shim/store-tree.h"

G_BEGIN_DECLS

/**
 * XmStore:
 *
 * The configuration tree, in memory, kept in dbd's files below a base
 * directory:
 *
 *   <base>/db                  everything but the next two
 *   <base>/vms/<name>.db       what is below /vm/<name>
 *   <base>/dom-store/<name>.db what is below /dom-store/<name>
 *
 * Any other file below the two directories is a binary node, read only; its
 * path is its file path, sub-directories being inner nodes. Only `*.db.tmp` and
 * `*.db.damaged-<n>` directly in them are not.
 *
 * Paths are split at `/`; empty segments do not count; "" and "/" are the
 * root. Nothing is escaped. Children keep the order of insertion; after
 * loading, those of /vm and /dom-store are sorted by name. These two are always
 * there, before all others, and stay objects.
 *
 * What no file could hold is refused (XM_ERROR_PLAIN): text that is not UTF-8,
 * names below /vm and /dom-store that cannot be file names, values at /, /vm
 * and /dom-store themselves, more than XM_TREE_MAX_DEPTH names in a path.
 *
 * Changes take effect in memory at once and mark their file as dirty;
 * xm_store_commit_async() ends when all changes made before it are on disk
 * (temporary file, fsync, rename, fsync of the directory; all on a worker
 * thread). Several commits share one write. When a write fails, the file's
 * part of the tree is read back from disk, so that memory never claims what
 * disk does not hold, and every commit that waits for this file fails
 * (G_IO_ERROR, text `<file>: <reason>`). Each file is replaced as a whole, but
 * several changed files are not replaced as one: they appear in the order of
 * their first change, and a crash in between leaves the later ones old.
 */
#define XM_TYPE_STORE (xm_store_get_type ())
G_DECLARE_FINAL_TYPE (XmStore, xm_store, XM, STORE, GObject)

/**
 * xm_store_new:
 * @base: directory; made (0755) with its two sub-directories when missing
 *
 * Reads all files; the only blocking call here besides xm_store_reload(). A
 * damaged file is renamed to `<file>.damaged-<n>`, reported as a warning, and
 * the rest served. `<file>.tmp` is taken when <file> is missing and it parses;
 * other left-over `.tmp` files are removed. An empty file is an empty tree. A
 * new store gets `db-version` 42.
 *
 * Returns: (transfer full): or %NULL when @base cannot be made or read.
 */
XmStore *xm_store_new (const char *base, GError **error);

/** xm_store_reload: reads everything from disk again (SIGHUP), after writing what has changed.
 * Blocks. On failure nothing changes. */
gboolean xm_store_reload (XmStore *self, GError **error);

/** xm_store_get_base: (transfer none). */
const char *xm_store_get_base (XmStore *self);

/**
 * xm_store_commit_async: ends when everything changed so far is durable. Without changes it ends in
 * the next iteration of the main context. Cancelling ends the wait, not the write.
 */
void xm_store_commit_async (XmStore *self,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);
gboolean xm_store_commit_finish (XmStore *self, GAsyncResult *result, GError **error);

/** xm_store_flush: blocks until all is durable; for the way out of main(). */
gboolean xm_store_flush (XmStore *self, GError **error);

/** xm_store_exists: an inner node, a leaf or an empty node is there. The root always is. */
gboolean xm_store_exists (XmStore *self, const char *path);

/**
 * xm_store_read: (transfer none) (nullable): text of a string leaf, %NULL when there is none
 * (missing, inner, empty, array). Numbers and booleans are text too. Valid until the next change.
 */
const char *xm_store_read (XmStore *self, const char *path);

/**
 * xm_store_lookup: (nullable): the node at @path, for what is read often: one look-up of
 * `/vm/<uuid>`, and many xm_store_node_read() below it. Valid until the next change.
 */
const XmStoreNode *xm_store_lookup (XmStore *self, const char *path);

/** xm_store_node_read: xm_store_read() with a path that starts at @base. */
const char *xm_store_node_read (XmStore *self, const XmStoreNode *base, const char *relative_path);

/** xm_store_write: makes @path a string leaf; the rules of dbd's `write` (a node with children
 * stays: no error). */
gboolean xm_store_write (XmStore *self, const char *path, const char *value, GError **error);

/** xm_store_remove: removes a node with all below; a missing one is no error. Binary nodes refuse.
 */
gboolean xm_store_remove (XmStore *self, const char *path, GError **error);

/** xm_store_list: (transfer container) (array zero-terminated=1): names of the children, in order;
 * empty for leaves. Valid until the next change. */
const char **xm_store_list (XmStore *self, const char *path);

/** xm_store_dump: (transfer full): the subtree as JSON text in dbd's exact format, `null` when
 * missing; ends with a newline. */
char *xm_store_dump (XmStore *self, const char *path);

/** xm_store_inject: parses @json and replaces the subtree at @path by it. On bad JSON nothing
 * changes. */
gboolean xm_store_inject (XmStore *self, const char *path, const char *json, GError **error);

/** xm_store_inject_json: the same without the text; keeps no reference to @json. */
gboolean xm_store_inject_json (XmStore *self, const char *path, json_t *json, GError **error);

/** xm_store_read_dbd: (transfer full): the text that dbd's `read` answers: "" when missing,
 * `file:<path>` for a binary node. */
char *xm_store_read_dbd (XmStore *self, const char *path);

/** xm_store_binary_path: (transfer full) (nullable): host path of a binary node. */
char *xm_store_binary_path (XmStore *self, const char *path);

/**
 * XmStore::changed:
 * @path: (type utf8): "/"-joined normal form of what was written, removed or injected
 *
 * Emitted after each change in memory (also by xm_store_reload() and after a failed write, with
 * path "/").
 */

G_END_DECLS

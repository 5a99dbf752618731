/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Directories of diagnostic files: fresh ones with names that nobody can
 * foresee, for nobody but root, and only a few at a time. All functions block and
 * are for worker threads.
 */

/** So many of a sort are kept; a new one removes the oldest. */
#define XM_DIAG_DIRS_KEPT 3

/**
 * xm_diag_dir_new: makes `<base>/<prefix>-XXXXXX` (0700), and @base when it is missing.
 *
 * Returns: (transfer full): its path; or 223
 */
char *xm_diag_dir_new (const char *base, const char *prefix, GError **error);

/** xm_diag_dir_remove: removes @dir with all in it; what cannot be removed is logged. */
void xm_diag_dir_remove (const char *dir);

/** xm_diag_name_check: whether @name can be one file's: no path, nothing that a terminal obeys.
 * Error: `bad file name`. */
gboolean xm_diag_name_check (const char *name, GError **error);

/**
 * xm_diag_dir_write: writes a new file (0600) into @dir; follows no link. Where @name is taken,
 * `<name>.2` and so on, so that no file replaces another's.
 */
gboolean xm_diag_dir_write (const char *dir,
                            const char *name,
                            gconstpointer data,
                            gsize length,
                            GError **error);

/** xm_hex_decode: (transfer full): the bytes that @text names in hexadecimal; or `unexpected char:
 * ...`, `malformed bytes string` for half a byte. */
guint8 *xm_hex_decode (const char *text, gsize *length, GError **error);

G_END_DECLS

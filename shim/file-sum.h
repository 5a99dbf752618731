/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** XmFileProgress: called on the thread, after each MiB. @done, @size: bytes. */
typedef void (*XmFileProgress) (goffset done, goffset size, gpointer user_data);

/** xm_file_size: bytes of a file or block device; 0 when it cannot be read. Blocks; for threads. */
goffset xm_file_size (const char *path);

/**
 * xm_file_sha1: SHA-1 sum of a file or block device. Blocks; for threads.
 * @progress: (nullable)
 *
 * Errors: XM_ERROR_IO; G_IO_ERROR_CANCELLED.
 *
 * Returns: (transfer full): 40 hexadecimal digits.
 */
char *xm_file_sha1 (const char *path,
                    XmFileProgress progress,
                    gpointer user_data,
                    GCancellable *cancellable,
                    GError **error);

G_END_DECLS

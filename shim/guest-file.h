/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * xm_guest_file_copy: copies a regular file out of a guest's mounted file system. Blocks; for
 * threads.
 * @root: where it is mounted; symbolic links and `..` of the guest lead nowhere else
 * @path: of the file as the guest sees it
 * @to: (0600) replaced as a whole
 * @limit: most bytes that the file may have
 *
 * Errors: XM_ERROR_IO, or G_IO_ERROR_CANCELLED.
 */
gboolean xm_guest_file_copy (const char *root,
                             const char *path,
                             const char *to,
                             goffset limit,
                             GCancellable *cancellable,
                             GError **error);

G_END_DECLS

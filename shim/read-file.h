/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * xm_read_file: reads a small regular file as a whole; never waits for a FIFO or device.
 * @limit: most bytes that it may have
 * @text: (out): (transfer full): the bytes and a NUL beyond them
 *
 * Returns: 0 or an errno: EFBIG beyond @limit, EISDIR or EINVAL for what is no regular file.
 */
int xm_read_file (const char *path, gsize limit, char **text, gsize *len);

/** xm_read_file_start: the same, but of a file that is larger only the first @limit bytes. */
int xm_read_file_start (const char *path, gsize limit, char **text, gsize *len);

G_END_DECLS

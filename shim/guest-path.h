/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * xm_guest_path_open: opens a file of a guest's mounted file system for reading, never waiting for
 * a FIFO or device. Symbolic links and `..` lead where they would lead in a guest that has @root as
 * its root, and so never out of it. (openat2() does this too, but not below valgrind and in older
 * kernels.) Nobody else may change what is below @root meanwhile.
 *
 * Returns: a descriptor, or -1 with errno: EISDIR for a directory, ELOOP for more than 40 links.
 */
int xm_guest_path_open (const char *root, const char *path);

G_END_DECLS

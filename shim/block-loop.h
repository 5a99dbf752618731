/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * xm_block_loop_attach: makes a loop device of a raw image or block device. Blocks; for threads.
 * @dev: the directory of the device files, /dev
 * @partitions: whether the kernel shall look for partitions
 * @device: (out): (transfer full): such as /dev/loop3
 *
 * The device goes away by itself when nobody has it open or mounted any more, so a service that
 * dies leaves nothing behind. Errors: XM_ERROR_IO.
 *
 * Returns: a descriptor that holds the device until it is mounted, or -1.
 */
int xm_block_loop_attach (const char *dev,
                          const char *image,
                          gboolean read_only,
                          gboolean partitions,
                          char **device,
                          GError **error);

G_END_DECLS

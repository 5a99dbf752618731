/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** XmVhdInfo: what is read from a VHD file without looking at its data. */
typedef struct {
  guint64 size;          /* bytes that the guest sees */
  gboolean differencing; /* its other blocks are in another image */
  gboolean encrypted;    /* blktap bound it to a key */
} XmVhdInfo;

/**
 * xm_vhd_read:
 * @fd: a regular file or block device, open for reading; its position does not matter
 *
 * Reads the footer of the VHD (the copy at the beginning when the one at the end is damaged) and,
 * of a dynamic one, the header of blktap's batmap, where the hash of an encryption key stands. At
 * most four sectors are read, wherever the file says that they are. May block as long as the file
 * system does.
 *
 * Returns: 0, or an errno: EINVAL when it is no VHD.
 */
int xm_vhd_read (int fd, XmVhdInfo *info);

G_END_DECLS

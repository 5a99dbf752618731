/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/start.h"

G_BEGIN_DECLS

/**
 * xm_start_check_disks: every disk, enabled or not, must have an image that exists and is no
 * directory, unless it is an empty drive: `Bad Physical Path for disk <id> (<path>)`. VHDs that
 * stock QEMU cannot read, because they are encrypted or hold only the difference to another image,
 * are refused: the guest would see garbage. Finds out XmStart.disk_formats.
 */
void xm_start_check_disks (XmStart *start, GTask *task);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/**
 * xm_create_vhd: method of `/` (@owner: XmService): makes an empty dynamic VHD of the given number
 * of MiB in [paths] disks-dir, which is made when missing, with qemu-img, or vhd-util where only
 * that is installed; answers its path. 1 MiB to 2040 GiB, the most that a VHD can have. What a
 * failed program leaves is removed.
 */
void xm_create_vhd (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation);

G_END_DECLS

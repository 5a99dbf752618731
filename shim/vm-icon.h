/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** XM_ICON_MAX: bytes of the largest icon that is handed out. */
#define XM_ICON_MAX (4 * 1024 * 1024)

/**
 * xm_vm_read_icon: method `read_icon`: the bytes of the file that `image-path` names, below
 * /usr/lib/xui unless it is absolute. Errors: 223 for one that is missing, no file, too large, or
 * that leaves that folder.
 */
void xm_vm_read_icon (gpointer vm, GVariant *parameters, GDBusMethodInvocation *invocation);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm-config-lines.h"

G_BEGIN_DECLS

/*
 * What xl.cfg says of the stubdomain that an HVM guest's QEMU runs in.
 */

/** xm_vm_config_stubdom_memory: @memory: (out): MiB: what the property says, but enough for the
 * ramdisk; 0: xl's own default. */
gboolean xm_vm_config_stubdom_memory (const XmConfigBuilder *b, gint64 *memory, GError **error);

/**
 * xm_vm_config_add_stubdom: kernel, ramdisk and memory, and to an xl that can be told so who
 * carries QMP: qmp-helper, which the service shares with libxl. Without a stubdomain only the
 * memory that the property asks for.
 */
gboolean xm_vm_config_add_stubdom (XmConfigBuilder *b, GError **error);

G_END_DECLS

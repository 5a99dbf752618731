/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm-config-lines.h"

G_BEGIN_DECLS

/*
 * What only OpenXT's patched xl, with its hotplug scripts and QEMU, understands. Rows of the
 * property table marked XM_CONFIG_OPENXT come on top.
 */

/** xm_vm_config_add_openxt: the keys that come of more than one property. */
gboolean xm_vm_config_add_openxt (XmConfigBuilder *b, GError **error);

/**
 * xm_openxt_disk_spec: (transfer full): the element of `disk=[...]` for disk @id.
 * @path: its image, or the overlay to use in its place
 */
char *xm_openxt_disk_spec (const XmVm *vm, guint id, const char *path, GError **error);

/**
 * xm_openxt_drive_specs: (transfer full) (array zero-terminated=1): elements for the host's own
 * optical drives, as far as the VM's policies let it use them. Reads /proc/scsi/scsi.
 * @stubdom: QEMU runs in a domain of its own
 */
char **xm_openxt_drive_specs (const XmVm *vm, gboolean stubdom);

G_END_DECLS

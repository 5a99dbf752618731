/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/start.h"

G_BEGIN_DECLS

/**
 * XmVmConfig: the xl.cfg of a VM, and the files that must exist before xl is
 * asked to build it.
 */
typedef struct _XmVmConfig XmVmConfig;
void xm_vm_config_free (XmVmConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XmVmConfig, xm_vm_config_free)

/**
 * xm_vm_config_build:
 * @start: (nullable): what the steps of a start have found out
 *
 * Builds the text from the store; of the host it only looks at a few fixed paths. A property whose
 * value xl.cfg cannot hold is refused with an error that names the property.
 */
XmVmConfig *xm_vm_config_build (XmVm *vm, const XmStart *start, GError **error);

/** xm_vm_config_need: @path must exist at start; @disk is the id for the error text, -1 for none.
 */
void xm_vm_config_need (XmVmConfig *config, const char *path, int disk);

/** xm_vm_config_get_text: (transfer none). */
const char *xm_vm_config_get_text (const XmVmConfig *config);

/**
 * xm_vm_config_write_async:
 * @config: (transfer full)
 *
 * On a thread: checks the files, then writes the text to `<run-dir>/<uuid>.cfg` (0600).
 */
void xm_vm_config_write_async (XmVmConfig *config,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);

/** xm_vm_config_write_finish: (transfer full): the path of the file. */
char *xm_vm_config_write_finish (GAsyncResult *result, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xlwrap/xl-runner.h"

G_BEGIN_DECLS

/**
 * XmToolstack: which xl is at hand, by what `xl help` lists. It is asked once, when the service
 * begins; if that failed, again at the next start of a VM. Looking at the answer starts no process.
 */
typedef struct _XmToolstack XmToolstack;

XmToolstack *xm_toolstack_new (XlRunner *runner);

/** xm_toolstack_free: an `xl help` in progress is killed. */
void xm_toolstack_free (XmToolstack *toolstack);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XmToolstack, xm_toolstack_free)

/**
 * xm_toolstack_find_async: asks xl, unless the answer is known. @toolstack may be freed meanwhile.
 * @callback: (nullable)
 */
void xm_toolstack_find_async (XmToolstack *toolstack,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);

/** xm_toolstack_find_finish: on an error all xl is taken for stock. */
gboolean xm_toolstack_find_finish (GAsyncResult *result, GError **error);

/** xm_toolstack_forget: xl may have been replaced. */
void xm_toolstack_forget (XmToolstack *toolstack);

/** xm_toolstack_has: whether xl has @subcommand; %FALSE while the answer is not known. */
gboolean xm_toolstack_has (const XmToolstack *toolstack, const char *subcommand);

/**
 * xm_toolstack_is_openxt: whether this is OpenXT's patched xl, which reads more keys of xl.cfg and
 * has the block-tap script. It has `acpi-state` and `uuid-to-domid`; an xl that has `sleep` beside
 * them is one with this project's own patches, and reads stock configurations.
 */
gboolean xm_toolstack_is_openxt (const XmToolstack *toolstack);

/**
 * xm_toolstack_chooses_qmp_proxy: whether xl.cfg says which program carries QMP into a stubdomain:
 * this is an xl with this project's patches.
 */
gboolean xm_toolstack_chooses_qmp_proxy (const XmToolstack *toolstack);

G_END_DECLS

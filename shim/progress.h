/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/**
 * XmProgress: tells the bus how far a long operation is, by signal `progress` of
 * com.citrix.xenclient.xenmgr_xl: at its beginning, when there is news but not more than twice a
 * second, and at its end.
 */
typedef struct _XmProgress XmProgress;

/**
 * xm_progress_begin: (transfer full):
 * @path: of the VM, or `/`
 * @operation: static: a word that the XML of the signal has
 * @total: bytes, 0: not known yet
 */
XmProgress *
xm_progress_begin (XmService *service, const char *path, const char *operation, guint64 total);

/** xm_progress_set: how far it is, in bytes. May be called on any thread, as often as one likes. */
void xm_progress_set (XmProgress *progress, guint64 done, guint64 total);

/**
 * xm_progress_begin_xl: (transfer full): the same for xl that is about to save to @file, or to
 * restore from it: looks, on a thread, how far in the file it is.
 * @file: absolute path of a plain file
 */
XmProgress *xm_progress_begin_xl (XmVm *vm, const char *operation, const char *file, guint64 total);

/** xm_progress_end: (transfer full) (nullable): @well: all was done. */
void xm_progress_end (XmProgress *progress, gboolean well);

G_END_DECLS

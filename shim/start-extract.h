/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/start.h"

G_BEGIN_DECLS

/*
 * A guest's kernel and initrd, taken out of its disk before it starts
 * (properties kernel-extract and initrd-extract). The kernel goes to the path
 * in the property kernel, or without one to `<run-dir>/<uuid>.kernel` and
 * XmStart.kernel; HVM guests need none. The initrd goes to the path in the
 * property initrd, and is left alone without one.
 *
 * The disk is mounted read-only at `<run-dir>/extract-XXXXXX` meanwhile.
 */
void xm_start_extract_kernel (XmStart *start, GTask *task);
void xm_start_extract_initrd (XmStart *start, GTask *task);

/** xm_start_extract_undo: removes the kernel in the run directory. */
void xm_start_extract_undo (XmVm *vm);

/** XM_EXTRACT_PREFIX: names of the directories. */
#define XM_EXTRACT_PREFIX "extract-"

G_END_DECLS

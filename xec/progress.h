/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * XecProgress: a line on stderr that says how far the service is with a VM, from signal `progress`
 * of com.citrix.xenclient.xenmgr_xl. On stderr, because stdout is for results, which may go
 * elsewhere while somebody looks on.
 */
typedef struct _XecProgress XecProgress;

/**
 * xec_progress_begin: shows the line as long as the main context runs. An interrupt (SIGINT) still
 * ends the program, once the line is erased.
 * @object: the VM
 *
 * Returns: (transfer full) (nullable): %NULL where stderr is no terminal
 */
XecProgress *
xec_progress_begin (GDBusConnection *connection, const char *service, const char *object);

/** xec_progress_end: (transfer full) (nullable): erases the line. */
void xec_progress_end (XecProgress *progress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XecProgress, xec_progress_end)

/**
 * xec_progress_format: the line, without control characters.
 * @done, @total: bytes, or 0 for what is not known
 *
 * Returns: (transfer full)
 */
char *xec_progress_format (const char *operation, guint64 done, guint64 total);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/start.h"

G_BEGIN_DECLS

/*
 * The end of all VMs before the host's: groups of equal `shutdown-priority`,
 * the highest first, the VMs of a group at once. A VM that sleeps is woken
 * first. From the begin on no VM starts, whoever wants it: `start` ends well
 * without a domain, as in the original.
 */

/**
 * xm_shutdown_all_async:
 * @forced: destroys the VMs instead of asking the guests
 *
 * Ends when every VM is off, or has been asked in vain. One that stays keeps no other from being
 * asked.
 */
void xm_shutdown_all_async (XmService *service,
                            gboolean forced,
                            GAsyncReadyCallback callback,
                            gpointer user_data);

/** xm_shutdown_all_finish: the error is that of the first VM that stays: XM_ERROR_RESUME when it
 * could not be woken, else what `shutdown` of it fails with. VMs cannot start even now. */
gboolean xm_shutdown_all_finish (GAsyncResult *result, GError **error);

/** xm_shutdown_all_is_on: whether it was begun, and not taken back. */
gboolean xm_shutdown_all_is_on (const XmService *service);

/** xm_shutdown_all_take_back: the host stays: VMs may start again. */
void xm_shutdown_all_take_back (XmService *service);

/** xm_start_check_host: step of a start. Errors: XM_ERROR_NOT_STARTED when the host is not idle. */
void xm_start_check_host (XmStart *start, GTask *task);

G_END_DECLS

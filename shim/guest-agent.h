/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * The agent in a guest, which a proxy puts on the bus under
 * `com.citrix.xenclient.guest.uuid_<uuid with _ for ->`, object `/`, interface
 * `com.citrix.xenclient.guest`. Most guests have none.
 */

/** xm_guest_agent_find_async: whether somebody owns the agent's name. */
void xm_guest_agent_find_async (XmVm *vm,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);

/** xm_guest_agent_find_finish: @found: (out). The only error is G_IO_ERROR_CANCELLED; a bus that
 * does not answer has no agent. */
gboolean xm_guest_agent_find_finish (GAsyncResult *result, gboolean *found, GError **error);

/**
 * xm_guest_agent_request_async:
 * @method: request_shutdown, request_sleep, request_hibernate or request_reboot
 *
 * Ends when the agent has taken the request, within 10 s. What the guest then does shows elsewhere.
 */
void xm_guest_agent_request_async (XmVm *vm,
                                   const char *method,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean xm_guest_agent_request_finish (GAsyncResult *result, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/** XmNicMoves: moves of a VM's NICs that are under way or wait, by NIC. */
typedef struct _XmNicMoves XmNicMoves;

/** xm_nic_moves_free: (nullable): when no move is left. */
void xm_nic_moves_free (XmNicMoves *moves);

/**
 * xm_nic_move_async: connects NIC @id of the running domain to @network, when all earlier moves of
 * this NIC have ended. Does nothing when the VM has no domain, or the domain has no such NIC.
 *
 * Errors: of xenstore, of ip(8), of the network daemon; 223 when another domain serves the NIC and
 * there is no network daemon.
 */
void xm_nic_move_async (XmVm *vm,
                        guint id,
                        const char *network,
                        GAsyncReadyCallback callback,
                        gpointer user_data);
gboolean xm_nic_move_finish (GAsyncResult *result, GError **error);

G_END_DECLS

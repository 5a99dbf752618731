/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/** XmHookRpc: a hook's `rpc:` item: `destination=...,interface=...,member=...`, and perhaps
 * `objpath=...` and `vm=...`. */
typedef struct {
  char *destination, *interface, *member;
  char *objpath; /* `/` when not given */
  char *vm;      /* uuid: the call goes to the bus of that VM; NULL: to the host's */
} XmHookRpc;

/**
 * xm_hook_rpc_parse:
 * @text: what follows `rpc:`. Blanks do not count; values may be in single or double quotes.
 *
 * Returns: (transfer full) (nullable): %NULL when one of the three required keys is missing.
 */
XmHookRpc *xm_hook_rpc_parse (const char *text);
void xm_hook_rpc_free (XmHookRpc *rpc);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XmHookRpc, xm_hook_rpc_free)

/**
 * xm_hook_rpc_async: makes the call with @arguments as strings; without a time limit. No host of
 * ours gives a way to the bus inside a VM: with `vm` it fails, as in the original when that VM is
 * not running.
 */
void xm_hook_rpc_async (XmService *service,
                        const XmHookRpc *rpc,
                        const char *const *arguments,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data);
gboolean xm_hook_rpc_finish (GAsyncResult *result, GError **error);

G_END_DECLS

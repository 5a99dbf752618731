/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * Hooks: what a VM's run-* properties say is to be done at certain moments. A
 * value is one or more items separated by `;`, done one after the other; the
 * first that fails ends it. An item is `rpc:` and a D-Bus call (hook-rpc.h), or
 * the path of a program (hook-program.h). Both get the VM's uuid and, for some
 * hooks, one argument more. There is no time limit.
 *
 * The hooks of a VM do not run at once in each other's way: the same one never
 * runs twice at a time, and the two that follow the VM's states run one after
 * the other. Different ones may overlap, because a program run instead of a
 * start may well start the VM.
 */

typedef enum {
  XM_HOOK_POST_CREATE,
  XM_HOOK_INSTEADOF_START,
  XM_HOOK_PRE_BOOT,
  XM_HOOK_PRE_DELETE,
  XM_HOOK_STATE_CHANGE,      /* argument: the public state */
  XM_HOOK_ACPI_STATE_CHANGE, /* argument: the number */
  XM_N_HOOKS,
} XmHook;

/** XM_HOOK_MAX_WAITING: so many runs of a VM's hooks may wait for others to end; the next one
 * fails. Guests cause state changes, and a hook need not end. */
#define XM_HOOK_MAX_WAITING 64

/** xm_hook_is_set: whether @vm has anything to do for @hook. */
gboolean xm_hook_is_set (const XmVm *vm, XmHook hook);

/**
 * xm_hook_run_async:
 * @argument: (nullable): what comes behind the uuid
 * @cancellable: (nullable): kills the program that runs; one that waits for its turn is left out
 *
 * Does what the hook's property says now, after the earlier runs that it must not overlap. Ends
 * well when the property is not set.
 */
void xm_hook_run_async (XmVm *vm,
                        XmHook hook,
                        const char *argument,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data);

/** xm_hook_run_finish: Errors: G_IO_ERROR_CANCELLED, or that of the item that failed, in XM_ERROR.
 */
gboolean xm_hook_run_finish (GAsyncResult *result, GError **error);

/** xm_hooks_free: of XmVm.hooks; nothing runs any more. */
void xm_hooks_free (XmHooks *hooks);

G_END_DECLS

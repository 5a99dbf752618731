/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * How a change of a VM's state becomes known, in the original's order: `notify`
 * at once; then the hooks run-on-state-change and run-on-acpi-state-change;
 * when they have ended, `vm_state_changed` with what was true at the change.
 * What the properties say never waits. Signals of one VM keep their order, so a
 * slow hook delays those behind it, and only those of its VM.
 *
 * A hook need not end, so there are two bounds: each signal goes out after
 * [timeouts] state-hook seconds at the latest, the hook ended or not, and when
 * more than XM_STATE_HOOKS_MAX_WAITING wait, the oldest goes out at once. The
 * hook itself goes on, and the next one of the VM waits for it (hook.h).
 */

#define XM_STATE_HOOKS_MAX_WAITING 64

/** xm_state_hooks_state: the VM has taken on vm->state.
 * @news: %FALSE when the service only finds what is so already: no hook runs then */
void xm_state_hooks_state (XmVm *vm, gboolean news);

/** xm_state_hooks_power: the guest has told ACPI state @number: 0, 3 or 4. */
void xm_state_hooks_power (XmVm *vm, int number);

/** xm_state_hooks_flush: sends what waits; the hooks go on. For a VM that leaves the bus. */
void xm_state_hooks_flush (XmVm *vm);

/** xm_state_hooks_free: of XmVm.state_hooks; nothing waits any more. */
void xm_state_hooks_free (XmStateHooks *hooks);

G_END_DECLS

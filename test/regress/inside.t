#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Guests that end by themselves: power-off, reboot, crash; and reboot by request.
. "$(dirname "$0")/lib.sh"

watch_signals

# --- power-off ---
new_guest inner
xec-vm -n inner start; guest_up inner
forget_signals
guest_do inner poweroff
states_become 'power-off from inside: the states told' "$U" 'stopping stopped'
prints 'state' stopped xec-vm -n inner get state
prints 'domid' -1 xec-vm -n inner get domid
fails 'no domain is left' . xl list inner

# --- reboot, from inside ---
xec-vm -n inner start; guest_up inner
before=$(xec-vm -n inner get domid)
forget_signals
guest_do inner reboot
states_become 'reboot from inside: the states told' "$U" 'rebooting stopped creating running'
after=$(xec-vm -n inner get domid)
like 'a new domid' "$((after > before))" 1
is 'of the same uuid' "$(xl list -v inner | awk 'NR == 2 { print $7 }')" "$U"
is 'and only one domain' "$(xl list | grep -c '^inner ')" 1

# --- reboot, by request, with a changed configuration ---
guest_up inner
before=$after
xec -o "$VM" set cmd-line "${XM_GUEST_CMDLINE-} changed=1"
forget_signals
succeeds 'reboot' xec-vm -n inner reboot
states_become 'reboot by request: the states told' "$U" 'rebooting stopped creating running'
after=$(xec-vm -n inner get domid)
like 'a new domid' "$((after > before))" 1
like 'the new configuration holds' "$(xl list -l inner)" 'changed=1'
prints 'state' running xec-vm -n inner get state

# --- crash ---
guest_up inner
forget_signals
guest_do inner crash
states_become 'crash: the states told' "$U" stopped
prints 'state' stopped xec-vm -n inner get state
fails 'no domain is left' . xl list inner

# --- a guest that powers off by itself, soon ---
xec -o "$VM" set cmd-line "${XM_GUEST_CMDLINE-} xmtest.poweroff_after=1"
forget_signals
succeeds 'start of a guest that ends soon' xec-vm -n inner start
states_become 'the states told' "$U" 'creating running stopping stopped'
xec -o "$VM" set cmd-line "${XM_GUEST_CMDLINE-}"

# --- it starts again after all this ---
succeeds 'start after a crash' xec-vm -n inner start
prints 'state' running xec-vm -n inner get state
xec-vm -n inner destroy
succeeds 'reboot of a stopped VM does nothing' xec-vm -n inner reboot
prints 'it stays off' stopped xec-vm -n inner get state

done_testing

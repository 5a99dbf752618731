#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A VM from start to shutdown and destruction, on request.
. "$(dirname "$0")/lib.sh"

watch_signals
new_guest life

# --- before it runs ---
prints 'state' stopped xec-vm -n life get state
prints 'domid' -1 xec-vm -n life get domid
prints 'acpi-state' 5 xec-vm -n life get acpi-state
succeeds 'shutdown of a stopped VM does nothing' xec-vm -n life shutdown
succeeds 'destroy neither' xec-vm -n life destroy
succeeds 'unpause neither' xec-vm -n life unpause
fails 'pause fails' "^$FAILED: 223:IO error: \"Error parsing domain.\"" xec-vm -n life pause
sync_signals
is 'no signal' "$(states "$U")" ''

# --- start ---
succeeds 'start' xec-vm -n life start
is 'start prints nothing' "$out" ''
prints 'it runs when start has returned' running xec-vm -n life get state
states_become 'the states told' "$U" 'creating running'
prints 'acpi-state' 0 xec-vm -n life get acpi-state
domid=$(xec-vm -n life get domid)
is 'the domid is xl'"'"'s' "$domid" "$(xl domid life)"
is 'the uuid in xl list -v' "$(xl list -v life | awk 'NR == 2 { print $7 }')" "$U"
prints 'list-domids' "$domid" xec list-domids
prints 'find-vm-by-domid' "$VM" xec find-vm-by-domid "$domid"
# libxl's target is without the memory of the display
prints 'memory-target' "$([[ $GUEST == hvm ]] && echo 112 || echo 128)" xec-vm -n life get memory-target
unlike 'xl list: it is not paused' "$(xl_state life)" p
sync_signals
like 'the last signal' "$(signals vm_state_changed "$U" | tail -n 1)" "^\\[\"$U\",\"$VM\",\"running\",0\\]\$"
forget_signals
succeeds 'start again' xec-vm -n life start
sync_signals
is 'changes nothing' "$(states "$U") $(xl domid life)" " $domid"
succeeds 'start-internal again' xec-vm -n life start-internal
prints 'neither' "$domid" xec-vm -n life get domid

# --- shutdown by request ---
guest_up life
forget_signals
succeeds 'shutdown' xec-vm -n life shutdown
prints 'it is off when shutdown has returned' stopped xec-vm -n life get state
states_become 'the states told' "$U" 'stopping stopped'
like 'acpi-state in the last signal' "$(signals vm_state_changed "$U" | tail -n 1)" ',"stopped",5\]$'
prints 'domid' -1 xec-vm -n life get domid
prints 'memory-target' 0 xec-vm -n life get memory-target
prints 'list-domids' '' xec list-domids
fails 'no domain is left' . xl list life
fails 'find-vm-by-domid' "^$FAILED: no vm with domid $domid" xec find-vm-by-domid "$domid"

# --- start-internal, destroy ---
forget_signals
succeeds 'start-internal' xec-vm -n life start-internal
states_become 'the states told' "$U" 'creating running'
forget_signals
succeeds 'destroy' xec-vm -n life destroy
prints 'it is off when destroy has returned' stopped xec-vm -n life get state
states_become 'the states told' "$U" stopped
fails 'no domain is left' . xl list life

# --- what stops a start ---
forget_signals
if [[ $GUEST != hvm ]]; then # which has firmware
  xec -o "$VM" set kernel /nosuch/kernel
  fails 'a missing kernel' "^$FAILED: .*/nosuch/kernel" xec-vm -n life start
  prints 'it is off' stopped xec-vm -n life get state
  xec -o "$VM" set kernel "$XM_GUEST_KERNEL"
fi
xec -o "$VM" set memory 99999999
xec -o "$VM" set memory-static-max 99999999
fails 'more memory than there is' "^$FAILED: 101:Not enough free memory!" xec-vm -n life start
prints 'it is off' stopped xec-vm -n life get state
fails 'no domain is left' . xl list life
xec -o "$VM" set memory 128
xec -o "$VM" set memory-static-max 128
succeeds 'then it starts' xec-vm -n life start
prints 'and runs' running xec-vm -n life get state
xec-vm -n life destroy

new_vm no-kernel
fails 'a PV guest without kernel names the property' "^$FAILED: .*kernel" xec-vm -n no-kernel start

done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# stopped -> creating -> running
. "$(dirname "$0")/../lib.sh"

recorded_guest life

# --- before it runs ---
prints 'state' stopped xec-vm -n life get state
prints 'domid' -1 xec-vm -n life get domid
prints 'acpi-state' 5 xec-vm -n life get acpi-state

# --- start ---
succeeds 'start' xec-vm -n life start
is 'start prints nothing' "$out" ''
prints 'it runs when start has returned' running xec-vm -n life get state
passes 'start' 'creating running'
like 'the last signal' "$(grep vm_state_changed "$WORK/signals" | tail -n 1)" "\\[\"$U\",\"$VM\",\"running\",0\\]"
prints 'acpi-state' 0 xec-vm -n life get acpi-state
domid=$(xec-vm -n life get domid)
is 'the domid is xl'"'"'s' "$domid" "$(xl domid life)"
is 'the uuid in xl list -v' "$(xl list -v life | awk 'NR == 2 { print $7 }')" "$U"
prints 'list-domids' "$domid" xec list-domids
prints 'find-vm-by-domid' "$VM" xec find-vm-by-domid "$domid"
# libxl's target is without the memory of the display
prints 'memory-target' "$([[ $GUEST == hvm ]] && echo 112 || echo 128)" xec-vm -n life get memory-target
unlike 'xl list: it is not paused' "$(xl_state life)" p
guest_up life

# --- again ---
succeeds 'start again' xec-vm -n life start
succeeds 'start-internal again' xec-vm -n life start-internal
prints 'change nothing' "$domid" xec-vm -n life get domid
xec-vm -n life destroy
passes 'nor tell anything' stopped

# --- start-internal ---
succeeds 'start-internal' xec-vm -n life start-internal
passes 'start-internal' 'creating running'

done_testing

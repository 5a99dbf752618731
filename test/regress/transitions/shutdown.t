#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# running -> stopping -> stopped, by request
. "$(dirname "$0")/../lib.sh"

recorded_guest halt
succeeds 'shutdown of a stopped VM does nothing' xec-vm -n halt shutdown
xec-vm -n halt start
passes 'start' 'creating running'
domid=$(xec-vm -n halt get domid)

guest_up halt
succeeds 'shutdown' xec-vm -n halt shutdown
prints 'it is off when shutdown has returned' stopped xec-vm -n halt get state
passes 'shutdown' 'stopping stopped'
like 'acpi-state in the last signal' "$(grep vm_state_changed "$WORK/signals" | tail -n 1)" ',"stopped",5\]'
prints 'domid' -1 xec-vm -n halt get domid
prints 'acpi-state' 5 xec-vm -n halt get acpi-state
prints 'memory-target' 0 xec-vm -n halt get memory-target
prints 'list-domids' '' xec list-domids
fails 'no domain is left' . xl list halt
fails 'find-vm-by-domid' "^$FAILED: no vm with domid $domid" xec find-vm-by-domid "$domid"

done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# running -> stopping -> stopped, by the guest
. "$(dirname "$0")/../lib.sh"

recorded_guest inner
xec-vm -n inner start
passes 'start' 'creating running'
guest_up inner
guest_do inner poweroff
passes 'power-off from inside' 'stopping stopped'
prints 'state' stopped xec-vm -n inner get state
prints 'domid' -1 xec-vm -n inner get domid
prints 'acpi-state' 5 xec-vm -n inner get acpi-state
fails 'no domain is left' . xl list inner

new_guest soon xmtest.poweroff_after=1
forget_signals
succeeds 'start of a guest that ends soon' xec-vm -n soon start
states_become 'the states told' "$U" 'creating running stopping stopped'
fails 'no domain is left' . xl list soon

done_testing

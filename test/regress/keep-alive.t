#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# keep-alive: the VM starts again after every end but a reboot and a save.
. "$(dirname "$0")/lib.sh"

again='stopped creating running'
domid () { xec-vm -u "$1" get domid; }

new_guest kept
watch_signals
xec -o "$VM" set keep-alive true
xec-vm -u "$U" start
guest_up kept
first=$(domid "$U")

forget_signals
guest_do kept poweroff
states_become 'a guest that powers off' "$U" "stopping $again"
unlike 'in another domain' "$(domid "$U")" "^$first\$"
guest_up kept
forget_signals
guest_do kept reboot
states_become 'a reboot is one start, at once' "$U" "rebooting $again"
guest_up kept
forget_signals
xl destroy kept
states_become_destroyed 'xl destroy' "$U" "$again"

# --- taking it away is how to keep it off ---
guest_up kept
forget_signals
xec -o "$VM" set keep-alive false
xec-vm -u "$U" shutdown
# another VM, ended later, has started again by the time that this one would have
kept=$U
new_guest measure
xec -o "$VM" set keep-alive true
xec-vm -u "$U" start
xl destroy measure
states_become_destroyed 'another VM starts again' "$U" "creating running $again"
is 'this one does not' "$(states "$kept")" 'stopping stopped'

# --- a domain that ends while the service is away ---
daemon kill
xl destroy measure
daemon start || diag 'start failed'
state_becomes 'an end while the service was away' "$U" running
xec -o "$VM" set keep-alive false
xec-vm -u "$U" destroy

done_testing

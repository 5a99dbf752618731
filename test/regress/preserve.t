#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# preserve-on-reboot: the domain of a guest that reboots stays, until somebody decides.
. "$(dirname "$0")/lib.sh"

watch_signals
new_guest preserved
xec -o "$VM" set preserve-on-reboot true

# reboots NAME COMMAND...: its guest does, told by the command, and its domain stays
reboots () {
  guest_up preserved
  domid=$(xl domid preserved)
  forget_signals
  "${@:2}"
  states_become "$1: the guest reboots" "$U" rebooting
  like "$1: its domain has ended" "$(xl_state preserved)" s
  prints "$1: and is still the VM's" "$domid" xec-vm -n preserved get domid
}
another () { local now; now=$(xl domid preserved 2>/dev/null) && [[ $now != "$domid" ]]; }

xec-vm -n preserved start
reboots 'preserved' guest_do preserved reboot
daemon restart || diag 'restart failed'
prints 'a restart of the service changes nothing' rebooting xec-vm -n preserved get state
succeeds 'start does nothing: it has a domain' xec-vm -n preserved start
prints 'the same one' "$domid" xec-vm -n preserved get domid

forget_signals
succeeds 'reboot' xec-vm -n preserved reboot
states_become 'starts it anew' "$U" 'stopped creating running'
another; is 'in another domain' $? 0

reboots 'by request' xec-vm -n preserved reboot
forget_signals
succeeds 'shutdown' xec-vm -n preserved shutdown
prints 'ends it, at once' stopped xec-vm -n preserved get state
states_become 'which is told' "$U" stopped
fails 'no domain is left' . xl list preserved

# --- a guest that does not reboot ---
xec-vm -n preserved start
guest_up preserved
forget_signals
guest_do preserved poweroff
states_become 'a guest that powers off' "$U" 'stopping stopped'

# --- no more ---
xec-vm -n preserved start
reboots 'a last time' guest_do preserved reboot
forget_signals
xec -o "$VM" set preserve-on-reboot false
states_become 'taken away: the VM starts anew' "$U" 'stopped creating running'
xec-vm -n preserved destroy

done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# /state/<uuid>: what OpenXT's xl writes of a domain is honoured where Xen cannot tell.
. "$(dirname "$0")/../lib.sh"

watch_signals
new_guest told
guest_config told "$U" >"$WORK/told.cfg"
say () { xenstore-write "/state/$U/state" "$1"; }
node_is () { [[ $(xenstore-read "/state/$U/state") == "$1" ]]; }

# --- it says nothing about existence ---
forget_signals
say running
new_vm later; later=$U # whoever answers this has seen the node
U=${made[0]}
prints 'no domain, whatever it says' stopped xec-vm -n told get state
sync_signals
is 'no signal' "$(states "$U")" ''
succeeds 'destroy repairs it' xec-vm -n told destroy
within 'as the original does' "$LIMIT" node_is shutdown

# --- an admin's domain ---
xl create -q -e -p "$WORK/told.cfg"
state_becomes 'a paused domain is being created' "$U" creating
say paused
state_becomes 'unless it says that it was paused' "$U" paused
forget_signals
xl unpause told
say running
states_become 'it runs' "$U" running
forget_signals
say suspending
states_become 'a save begins' "$U" suspending
say running
states_become 'and fails' "$U" 'suspending running'
forget_signals
say shutdowning
states_become 'a shutdown is asked for' "$U" stopping
say rebooting
states_become 'a reboot' "$U" 'stopping rebooting'
for word in shutdown rebooted '' "$(printf 'x%.0s' {1..2000})" $'new\nline'; do
  say running; state_becomes 'it runs' "$U" running
  forget_signals
  say "$word"
  xec-vm -n told pause; xec-vm -n told unpause
  states_become "\"${word:0:10}\" does not end what lives" "$U" 'paused running'
done
guest_up told
say running
xenstore-write "/state/$U/reboot" 1
xec -o "$VM" get state >/dev/null
forget_signals
guest_do told poweroff
states_become 'a power-off that is a reboot' "$U" rebooting
xl destroy told
state_becomes 'its end' "$U" stopped
xenstore-rm "/state/$U/reboot"

# --- the service's own: it writes their end ---
xec-vm -n told start
say running
forget_signals
xec-vm -n told destroy
states_become 'destroy' "$U" stopped
within 'the end is written' "$LIMIT" node_is shutdown
xec -i $IFACE.unrestricted unrestricted-delete-vm "$U"
node_gone () { ! xenstore-exists "/state/$U"; }
within 'with the VM goes its node' "$LIMIT" node_gone

done_testing

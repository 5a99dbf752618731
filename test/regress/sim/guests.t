#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Guests that do not do as they are told, and guests that end at a bad moment.
. "$(dirname "$0")/../lib.sh"
sim_only

cat >"$XM_SIM_DIR/xenmgr-xl.conf" <<CONF
[timeouts]
shutdown=4
[limits]
refresh-interval=1
CONF
daemon restart
watch_signals
new_guest wilful

# --- it does not listen ---
xl-sim policy wilful ignore
xec-vm -n wilful start
fails 'shutdown of a guest that does not listen' "^$FAILED: " xec-vm -n wilful shutdown
state_becomes 'it still runs' "$U" running
succeeds 'destroy' xec-vm -n wilful destroy

# --- it takes its time ---
xl-sim policy wilful slow-shutdown 1500
xec-vm -n wilful start
forget_signals
milliseconds xec-vm -n wilful shutdown
like "shutdown waits for the end ($ms ms)" "$((ms >= 1400))" 1
prints 'then it is off' stopped xec-vm -n wilful get state
states_become 'the states told' "$U" 'stopping stopped'

# --- it crashes when asked ---
xl-sim policy wilful crash
xec-vm -n wilful start
succeeds 'shutdown of a guest that crashes' xec-vm -n wilful shutdown
prints 'it is off' stopped xec-vm -n wilful get state

# --- it powers off by itself ---
xl-sim policy wilful poweroff-after 200
forget_signals
xec-vm -n wilful start
states_become 'a guest that powers off soon' "$U" 'creating running stopping stopped'

# --- it suspends by itself ---
xl-sim policy wilful obedient
xec-vm -n wilful start
forget_signals
xl-sim guest wilful suspend
states_become 'a domain shut down with reason suspend' "$U" suspended
prints 'still has a domain' "$(xl domid wilful)" xec-vm -n wilful get domid
succeeds 'destroy' xec-vm -n wilful destroy

# --- destroying it takes time, in which Xen shows it paused ---
xl-sim policy wilful slow-destroy 2500
xec-vm -n wilful start
forget_signals
succeeds 'destroy of a domain whose devices are slow to go' xec-vm -n wilful destroy
states_become 'the states told' "$U" stopped

# --- its domain does not die ---
xl-sim policy wilful zombie
xec-vm -n wilful start
succeeds 'destroy of a domain that goes on dying' xec-vm -n wilful destroy
like 'xl list shows it' "$(xl list)" '\(null\) .*d '
like 'the VM does not run' "$(xec-vm -n wilful get state)" '^stop(ping|ped)$'
xl-sim policy wilful obedient
succeeds 'and starts anew' xec-vm -n wilful start
prints 'it runs' running xec-vm -n wilful get state
xl-sim reap
xec-vm -n wilful destroy

# --- rebooting for ever is rebooting each time ---
xl-sim policy wilful reboot-after 300
forget_signals
xec-vm -n wilful start
rebooted_thrice () { (($(signals vm_state_changed "$U" | grep -c '"rebooting"') >= 3)); }
within 'a guest that reboots again and again' "$LIMIT" rebooted_thrice
xl-sim policy wilful obedient
succeeds 'destroy stops it' xec-vm -n wilful destroy
state_becomes 'it is off' "$U" stopped

rm "$XM_SIM_DIR/xenmgr-xl.conf"
daemon restart

done_testing

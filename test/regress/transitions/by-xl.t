#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What an admin does with xl to a VM that the service knows: each transition is told
# with the documented words, and a domain of the admin's stays the admin's.
. "$(dirname "$0")/../lib.sh"

# What leaves no trace is looked for at this interval.
if [[ $XM_TARGET == sim ]]; then
  printf '[limits]\nrefresh-interval=1\n' >"$XM_SIM_DIR/xenmgr-xl.conf"
  trap 'rm -f "$XM_SIM_DIR/xenmgr-xl.conf"; clean_up' EXIT
  daemon restart || diag 'restart failed'
fi
watch_signals
place_for_saves
new_guest hand

# the admin's own configuration of the VM
config () { guest_config hand "$U" >"$WORK/hand.cfg"; }
create () { xl create -q "$@" "$WORK/hand.cfg" 2>"$WORK/xl.err" || diag "$(<"$WORK/xl.err")"; }

# notices UUID: the internal words that notify told; the same twice running counts once
notices () { signals notify "$1" | sed 's/.*"vm:state:\([a-z-]*\)"\]$/\1/' | uniq | paste -sd ' '; }
domain_gone () { ! xl list hand >/dev/null 2>&1; }
has_domid () { [[ $(xec-vm -n hand get domid) == "$1" ]]; }
has_the_domid () { # that xl has
  local domid
  domid=$(xl domid hand 2>/dev/null) && has_domid "$domid"
}

# --- create: a domain that its own xl watches over ---
config
forget_signals
create
states_become 'create' "$U" 'creating running'
like 'the words of notify' "$(notices "$U")" '^creating-devices created running$'
prints 'domid' "$(xl domid hand)" xec-vm -n hand get domid
prints 'acpi-state' 0 xec-vm -n hand get acpi-state
prints 'memory-target' 128 xec-vm -n hand get memory-target

# --- pause, unpause: counted ---
forget_signals
xl pause hand; xl pause hand
states_become 'pause, twice' "$U" paused
xl unpause hand
xec-vm -n hand unpause
states_become 'one unpause by hand and one by the service' "$U" 'paused running'

# --- mem-set ---
has_memory () { [[ $(xec-vm -n hand get memory-target) == "$1" ]]; }
xl mem-set hand 100
within 'mem-set' "$LIMIT" has_memory 100
prints 'what the VM gets at its next start stays' 128 xec-vm -n hand get memory

# --- rename ---
guest_up hand
domid=$(xl domid hand)
forget_signals
xl rename hand other
xec-vm -n hand pause
prints 'rename: the VM keeps its domain' "$domid" xec-vm -n hand get domid
prints 'and its name' hand xec-vm -u "$U" get name
xec-vm -n hand unpause
states_become 'rename changes no state' "$U" 'paused running'
xl rename other hand

# --- reboot: the watching xl makes a new domain ---
forget_signals
xl reboot hand 2>/dev/null
running_anew () { [[ $(states "$U") == *'creating running' ]]; }
within 'reboot' "$LIMIT" running_anew
# what xl removes at once may never have been seen ended
like 'the states told' "$(states "$U")" '^(rebooting )?stopped creating running$'
within 'with a new domid' "$LIMIT" has_the_domid
like 'a higher one' "$(($(xl domid hand) > domid))" 1
is 'made once' "$(xl list | grep -c '^hand ')" 1

# --- shutdown ---
guest_up hand
forget_signals
xl shutdown hand 2>/dev/null
state_becomes 'shutdown' "$U" stopped
sync_signals
like 'the states told' "$(states "$U")" '^(stopping )?stopped$'
prints 'domid' -1 xec-vm -n hand get domid
prints 'acpi-state' 5 xec-vm -n hand get acpi-state

# --- the xl that watches over it is killed: the domain is not removed, and can be told to end ---
xl create -q -F "$WORK/hand.cfg" 2>/dev/null & watching=$!
state_becomes 'create, in the foreground' "$U" running
guest_up hand
kill -KILL $watching; wait $watching 2>/dev/null
prints 'without it the VM runs on' running xec-vm -n hand get state
forget_signals
xl shutdown hand 2>/dev/null
states_become 'its end is told' "$U" stopping
like 'the domain stays' "$(xl_state hand)" s
succeeds 'destroy by the service' xec-vm -n hand destroy
states_become 'is told' "$U" 'stopping stopped'

# --- create -e: nobody watches over the domain, and it is not the service's to remove ---
forget_signals
create -e
states_become 'create -e' "$U" 'creating running'
guest_up hand
forget_signals
xl shutdown hand 2>/dev/null
states_become 'shutdown: it has not gone' "$U" stopping
xec-vm -n hand start
like 'the service leaves it' "$(xl_state hand)" s
forget_signals
xl destroy hand
states_become 'destroy' "$U" stopped

forget_signals
create -e
states_become 'create -e' "$U" 'creating running'
guest_up hand
forget_signals
succeeds 'shutdown by the service, which does not wait for somebody to remove it' xec-vm -n hand shutdown
states_become 'the states told' "$U" stopping
like 'the domain stays' "$(xl_state hand)" s
succeeds 'until destroy is asked for' xec-vm -n hand destroy
states_become 'and told' "$U" 'stopping stopped'

# --- create -p: creating until it runs ---
forget_signals
create -e -p
within 'create -p' "$LIMIT" has_the_domid
states_become 'is creating' "$U" creating
prints 'state' creating xec-vm -n hand get state
xl unpause hand
states_become 'until it runs' "$U" 'creating running'
forget_signals
succeeds 'destroy by the service, when it is asked for' xec-vm -n hand destroy
states_become 'is told' "$U" stopped

# --- with the service's own configuration ---
succeeds 'start' xec-vm -n hand start
guest_up hand
domid=$(xl domid hand)

# --- save -c: the domain goes on, and is still the service's ---
forget_signals
xl save -c hand "$SAVES/image" >/dev/null 2>&1
state_becomes 'save -c' "$U" running
prints 'the same domain' "$domid" xec-vm -n hand get domid
guest_up hand
forget_signals
guest_do hand poweroff
states_become 'whose end the service cleans up' "$U" 'stopping stopped'
fails 'nothing is left' . xl list hand

# --- save, restore ---
xec-vm -n hand start
guest_up hand
domid=$(xl domid hand)
forget_signals
xl save hand "$SAVES/image" >/dev/null 2>&1
state_becomes 'save' "$U" stopped
sync_signals
like 'the states told' "$(states "$U")" '^(suspended )?stopped$'
forget_signals
xl restore -e "$SAVES/image" >/dev/null 2>&1
states_become 'restore' "$U" 'creating running'
like 'a new domid' "$(($(xec-vm -n hand get domid) > domid))" 1
forget_signals
xl shutdown hand 2>/dev/null
states_become 'what an admin restored is the admin'"'"'s' "$U" stopping
forget_signals
xl destroy hand
states_become 'destroy' "$U" stopped

done_testing

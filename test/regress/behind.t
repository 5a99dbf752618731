#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What an admin does with xl is noticed and reported, never undone.
. "$(dirname "$0")/lib.sh"

watch_signals
new_guest behind

xec-vm -n behind start
forget_signals
xl destroy behind
states_become_destroyed 'xl destroy' "$U" stopped
prints 'state' stopped xec-vm -n behind get state

xec-vm -n behind start; guest_up behind
forget_signals
xl shutdown behind 2>/dev/null
states_become 'xl shutdown' "$U" 'stopping stopped'

# --- a domain that the service did not start, of a VM that it knows ---
guest_config behind "$U" >"$WORK/behind.cfg"
forget_signals
xl create -q "$WORK/behind.cfg" || diag "xl create failed"
state_becomes 'xl create is noticed' "$U" running
prints 'with its domid' "$(xl domid behind)" xec-vm -n behind get domid
like 'running was told' "$(states "$U")" 'running$'
succeeds 'start of what runs already' xec-vm -n behind start
succeeds 'pause by the service' xec-vm -n behind pause
like 'works for it' "$(xl_state behind)" p
succeeds 'unpause' xec-vm -n behind unpause
forget_signals
succeeds 'destroy by the service' xec-vm -n behind destroy
states_become 'works for it' "$U" stopped

# --- a domain that the service does not know ---
sed -e 's/^name.*/name = "foreign"/' -e '/^uuid/d' "$WORK/behind.cfg" >"$WORK/foreign.cfg"
vms=$(xec list-vms)
xl create -q -e -p "$WORK/foreign.cfg"
xec-vm -n behind start
prints 'no VM is made of a foreign domain' "$vms" xec list-vms
prints 'its domid is not listed' "$(xl domid behind)" xec list-domids
prints 'xl still has it' "$(xl domid foreign)" xl domid foreign
xec-vm -n behind destroy
like 'it was left alone' "$(xl_state foreign)" p
xl destroy foreign

# --- nor does a foreign domain of a strange name hide the others ---
sed -i 's/^name.*/name = "two\\nlines  1  2 3  r-----  1.0"/' "$WORK/foreign.cfg"
xl create -q -e -p "$WORK/foreign.cfg"
succeeds 'start beside a domain whose name has two lines' xec-vm -n behind start
prints 'state' running xec-vm -n behind get state
prints 'list-domids' "$(xl domid behind)" xec list-domids
succeeds 'destroy' xec-vm -n behind destroy
xl destroy $'two\nlines  1  2 3  r-----  1.0'

# --- two at a time ---
new_guest other
at_once () { # NAME WORD: both VMs do it
  xec-vm -n behind "$2" >"$WORK/one" 2>&1 & one=$!
  xec-vm -n other "$2" >"$WORK/two" 2>&1 & two=$!
  wait $one; first=$?; wait $two
  is "$1" "$first $? $(cat "$WORK/one" "$WORK/two")" '0 0 '
}
at_once 'two VMs start at once' start
is 'and both run' "$(xec-vm -n behind get state) $(xec-vm -n other get state)" 'running running'
at_once 'two end at once' destroy

done_testing

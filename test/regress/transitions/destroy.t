#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# running -> stopped, and paused -> stopped: destroy
. "$(dirname "$0")/../lib.sh"

recorded_guest felled
succeeds 'destroy of a stopped VM does nothing' xec-vm -n felled destroy

xec-vm -n felled start
passes 'start' 'creating running'
succeeds 'destroy' xec-vm -n felled destroy
prints 'it is off when destroy has returned' stopped xec-vm -n felled get state
passes 'destroy' stopped
fails 'no domain is left' . xl list felled

xec-vm -n felled start
passes 'start' 'creating running'
xec-vm -n felled pause
succeeds 'destroy while it is paused' xec-vm -n felled destroy
passes 'destroy while it is paused' 'paused stopped'

# --- two at a time ---
recorded_guest other
other=$U felled=${made[0]}
at_once () { # NAME WORD STATES: both VMs do it
  xec-vm -n felled "$2" >"$WORK/one" 2>&1 & one=$!
  xec-vm -n other "$2" >"$WORK/two" 2>&1 & two=$!
  wait $one; first=$?; wait $two
  is "$1" "$first $? $(cat "$WORK/one" "$WORK/two")" '0 0 '
  from=$seen
  passes "$1: the one" "$3" "$felled"
  seen=$from
  passes "$1: the other" "$3" "$other"
}
at_once 'two VMs start at once' start 'creating running'
at_once 'two end at once' destroy stopped

done_testing

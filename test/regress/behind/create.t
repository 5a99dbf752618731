#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# xl create of a VM that the service knows: with an xl that watches over the domain, without (-e),
# and paused (-p)
. "$(dirname "$0")/../lib.sh"

look_every_second
recorded_guest hand
guest_config hand "$U" >"$WORK/hand.cfg"
create () { xl create -q "$@" "$WORK/hand.cfg" 2>"$WORK/xl.err" || diag "$(<"$WORK/xl.err")"; }
# the internal words that notify told; the same twice running counts once
notices () { grep -F "$U" "$WORK/signals" | sed -n 's/.*"member":"notify".*"vm:state:\([a-z-]*\)".*/\1/p' | uniq | paste -sd ' '; }

create
passes 'xl create' 'creating running'
is 'the words of notify' "$(notices)" 'creating-devices created running'
prints 'domid' "$(xl domid hand)" xec-vm -n hand get domid
prints 'acpi-state' 0 xec-vm -n hand get acpi-state
prints 'memory-target' 128 xec-vm -n hand get memory-target
prints 'find-vm-by-domid' "$VM" xec find-vm-by-domid "$(xl domid hand)"

# --- the same bookkeeping as for the service's own ---
succeeds 'start of what runs already' xec-vm -n hand start
succeeds 'pause by the service' xec-vm -n hand pause
like 'works for it' "$(xl_state hand)" p
succeeds 'unpause' xec-vm -n hand unpause
passes 'pause and unpause by the service' 'paused running'
succeeds 'destroy by the service' xec-vm -n hand destroy
passes 'destroy by the service' stopped

# --- nobody watches over it ---
create -e
passes 'xl create -e' 'creating running'
xec-vm -n hand destroy
passes 'destroy by the service' stopped

# --- creating until it runs ---
create -e -p
passes 'xl create -p' creating
prints 'state' creating xec-vm -n hand get state
prints 'domid' "$(xl domid hand)" xec-vm -n hand get domid
xl unpause hand
passes 'xl unpause' '(creating )?running' # creating is told of each phase
xec-vm -n hand destroy
passes 'destroy by the service' stopped

done_testing

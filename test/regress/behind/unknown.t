#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Domains of no VM: they are left alone, and seen by xl only
. "$(dirname "$0")/../lib.sh"

recorded_guest behind
guest_config foreign "$U" | sed '/^uuid/d' >"$WORK/foreign.cfg"
vms=$(xec list-vms)
xl create -q -e -p "$WORK/foreign.cfg"
xec-vm -n behind start
prints 'no VM is made of a foreign domain' "$vms" xec list-vms
prints 'its domid is not listed' "$(xl domid behind)" xec list-domids
prints 'xl still has it' "$(xl domid foreign)" xl domid foreign
xec-vm -n behind destroy
like 'it was left alone' "$(xl_state foreign)" p
xl destroy foreign

# --- nor does one of a strange name hide the others ---
sed -i 's/^name.*/name = "two\\nlines  1  2 3  r-----  1.0"/' "$WORK/foreign.cfg"
xl create -q -e -p "$WORK/foreign.cfg"
succeeds 'start beside a domain whose name has two lines' xec-vm -n behind start
prints 'state' running xec-vm -n behind get state
prints 'list-domids' "$(xl domid behind)" xec list-domids
succeeds 'destroy' xec-vm -n behind destroy
xl destroy $'two\nlines  1  2 3  r-----  1.0'
passes 'nothing was told but of the VM' 'creating running stopped creating running stopped'
is 'nothing was told of others' "$(grep vm_state_changed "$WORK/signals" | grep -vc "$U")" 0

done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# keep-alive: what happens while a VM waits for its next start, and when that is of no use.
. "$(dirname "$0")/../lib.sh"
sim_only

config () { # KEY=VALUE...
  printf '[limits]\n' >"$XM_SIM_DIR/xenmgr-xl.conf"
  printf '%s\n' "$@" >>"$XM_SIM_DIR/xenmgr-xl.conf"
  daemon restart || diag 'the daemon does not take the key file'
}
config keep-alive-delay-ms=4000
new_vm_kept () { new_guest "$1"; xec -o "$VM" set keep-alive true; }
saw () { [[ " $(states "$1") " == *" $2 "* ]]; } # UUID STATE
waits () { [[ -e $XM_SIM_DIR/run/$1.again ]]; }

new_vm_kept switched; switched=$U
new_vm_kept deleted; deleted=$U
new_vm_kept recovered; recovered=$U
new_vm_kept started; started=$U
for uuid in "$switched" "$deleted" "$recovered" "$started"; do xec-vm -u "$uuid" start; done
watch_signals
for uuid in "$switched" "$deleted" "$started" "$recovered"; do xec-vm -u "$uuid" destroy; done
waits "$switched"; is 'destroyed, it waits' $? 0
xec -o "$(path_of "$switched")" set keep-alive false
succeeds 'one that waits can be deleted' xec-vm -u "$deleted" delete
waits "$deleted"; is 'and waits no more' $? 1
succeeds 'one that waits can be started' xec-vm -u "$started" start
prints 'it runs at once' running xec-vm -u "$started" get state
daemon kill; daemon start || diag 'start failed'
state_becomes 'a restart of the service does not lose one that waits' "$recovered" running
sync_signals
is 'taken off while it waited' "$(states "$switched")" stopped
is 'deleted while it waited' "$(states "$deleted")" stopped
waits "$switched"; is 'nothing is left' $? 1

# --- a file that the VM was saved to stays of use ---
forget_signals
succeeds 'suspend-to-file' xec -o "$(path_of "$started")" suspend-to-file "$WORK/saved"
xl destroy recovered
states_become 'another VM starts again' "$recovered" 'stopped creating running'
prints 'the saved one does not' stopped xec-vm -u "$started" get state
xec -o "$(path_of "$recovered")" set keep-alive false

# --- one that cannot live ---
for uuid in "$started" "$recovered"; do
  xec -o "$(path_of "$uuid")" set keep-alive false
  xec-vm -u "$uuid" destroy
done
config keep-alive-delay-ms=50 keep-alive-failures=3
new_guest short xmtest.poweroff_after=0
xec -o "$VM" set keep-alive true
forget_signals
xec-vm -u "$U" start >/dev/null
gave_up () { grep -q "$U: not started again" "$XM_SIM_DIR/daemon.log"; }
within 'a guest that always ends at once is given up' "$LIMIT" gave_up
sync_signals
is 'after three runs' "$(signals notify "$U" | grep -c 'vm:state:creating-devices')" 3
waits "$U"; is 'it waits no more' $? 1
xec -o "$VM" set keep-alive false

new_guest broken
xec -o "$VM" set keep-alive true
xec-vm -u "$U" start
xec -o "$VM" set kernel /no/such/kernel
xl destroy broken
within 'one whose starts fail is given up' "$LIMIT" gave_up
xec -o "$VM" set kernel "$XM_GUEST_KERNEL"
prints 'it is off' stopped xec-vm -u "$U" get state
succeeds 'and can be started' xec-vm -u "$U" start
forget_signals
xl destroy broken
states_become 'from then on it is kept again' "$U" 'stopped creating running'
xec -o "$VM" set keep-alive false
xec-vm -u "$U" destroy

rm "$XM_SIM_DIR/xenmgr-xl.conf"
daemon restart

done_testing

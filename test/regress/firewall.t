#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Firewall rules of a VM: kept in one form, refused when they are none.
. "$(dirname "$0")/lib.sh"
UNRESTRICTED=$VM_IFACE.unrestricted

new_vm firewall
watch_signals
add () { xec -o "$VM" add-argo-firewall-rule "$1"; }
delete () { xec -o "$VM" delete-argo-firewall-rule "$1"; }
rules () { xec -o "$VM" list-argo-firewall-rules; }

# --- argo ---
prints 'no rules' '' rules
succeeds 'add' add 'My-Stubdom->0:4001'
succeeds 'another' add $'*:*\t->  dom-name=Web:080'
succeeds 'one with a uuid' add "$U -> myself-if-seamless"
signal_comes 'the change is told' vm_config_changed "$U"
expected="my-stubdom -> 0:4001
* -> dom-name=web:80
$U -> myself-if-seamless"
prints 'they have one form' "$expected" rules
forget_signals
succeeds 'the same again' add 'MY-STUBDOM:* -> 0:4001'
succeeds 'delete what is not there' delete '0 -> 0'
prints 'changes nothing' "$expected" rules
for text in '' '->' '0 -> ' '0 - 0' 'somebody -> 0' '0:4294967296 -> 0' '0 -> 0 -> 0' 'dom-type=a-b -> 0' "0 -> 0
0 -> 0"; do
  fails "no rule to add: ${text@Q}" "^$FAILED: 237:Rule parse error\$" add "$text"
  fails "nor to delete: ${text@Q}" "^$FAILED: 237:Rule parse error\$" delete "$text"
done
prints 'nothing has come of that' "$expected" rules
daemon restart
prints 'they survive a restart' "$expected" rules
succeeds 'delete, written in another way' delete '*->dom-name=WEB:80'
prints 'two are left' "${expected/'* -> dom-name=web:80'$'\n'/}" rules

adopt "$(xec create-vm-with-template-and-json new-vm-linux '{"slot":"0"}')"
prints 'those of a template' 'my-stubdom -> 0:4001
my-stubdom -> 0:4002
my-stubdom -> 0:5000
my-stubdom -> 0:5001
my-stubdom -> 0:5100' rules

# --- network ---
add_net () { xec -o "$VM" add-net-firewall-rule "$@"; }
delete_net () { xec -o "$VM" delete-net-firewall-rule "$1"; }
net () { xec -o "$VM" list-net-firewall-rules | sed -n 's/^ *"\([a-z-]*\)" *= \(.*\)$/\1=\2/p' | paste -sd ' '; }
prints 'no network rules' '' net
succeeds 'add' add_net 7 in 10.0.0.1 'p 80'
succeeds 'another' add_net 3 out 10.0.0.2 ''
prints 'in their order' 'id=7 direction=in remote-ip=10.0.0.1 extra=p 80 id=3 direction=out remote-ip=10.0.0.2 extra=' net
fails 'another direction' "bad direction - needs to be 'in' or 'out'" add_net 4 up 10.0.0.1 ''
succeeds 'delete' delete_net 7
succeeds 'delete it again' delete_net 7
prints 'one is left' 'id=3 direction=out remote-ip=10.0.0.2 extra=' net

xec -o "$VM" -i "$UNRESTRICTED" set policy-modify-vm-settings false
fails 'policy forbids to add' "^$FAILED: 202:" add_net 9 in 10.0.0.1 ''
fails 'and to delete' "^$FAILED: 202:" delete_net 3
prints 'but not to look' 'id=3 direction=out remote-ip=10.0.0.2 extra=' net
succeeds 'Argo rules it does not cover' add '0 -> 0'

done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A VM that serves NICs of others ends and starts again: they move to its new domain, and OpenXT's
# network daemon, when there is one, is asked whether they are connected. The simulated xl has dom0
# serve every NIC: the test says otherwise in libxl's own node.
. "$(dirname "$0")/../lib.sh"
sim_only

peer () { # REPLY...
  bus-peer com.citrix.xenclient.networkdaemon "$@" >"$WORK/peer" 2>&1 &
  peer=$!
  watchers+=("$peer")
  within 'the network daemon is on the bus' "$LIMIT" grep -q ready "$WORK/peer"
}
end_peer () { kill "$peer"; wait "$peer" 2>/dev/null; }

new_guest backend; backend=$U
new_guest user
xec -o "$VM" add-nic >/dev/null
xec -o "$VM" add-nic >/dev/null # served by dom0
xec -o "$VM/nic/0" set backend-name backend
xec-vm -u "$backend" start
succeeds 'start' xec-vm -n user start
domid=$(xec-vm -n user get domid)
now () { xec-vm -u "$backend" get domid; }
disconnected () { [[ $(xenstore-read "/local/domain/$domid/device/vif/0/disconnect") == 1 ]]; }
serve () { # the backend serves the NIC
  xenstore-write "/libxl/$domid/device/vif/0/backend" "/local/domain/$(now)/backend/vif/$domid/0"
}
given () { xl-sim log | grep -q "network-attach $domid .*backend=$(now) .*devid=0"; }

# --- without a network daemon ---
serve
xec-vm -u "$backend" destroy
within 'the frontend is told that the link is down' "$LIMIT" disconnected
xl-sim forget
xec-vm -u "$backend" start
within 'then it is given to the new domain' "$LIMIT" given
is 'once' "$(xl-sim calls network-attach)" 1
is 'and taken before' "$(xl-sim log | grep -o 'network-[a-z]* [0-9]* *[0-9]*' | head -n 1)" "network-detach $domid 0"
prints 'the VM is the same' "$domid" xec-vm -n user get domid

# --- one whose backend lives stays ---
xl-sim forget
new_guest bystander
xec-vm -n bystander start
xec-vm -n bystander destroy
is 'nothing moves' "$(xl-sim calls network-detach)" 0

# --- with one ---
peer 'is_initialized=(true,)' "get_network_backend=('',)" 'vif_connected=(true,)'
serve
xec-vm -u "$backend" destroy
xec-vm -u "$backend" start
within 'it is asked whether it is connected' "$LIMIT" grep -qF "vif_connected ('vif$domid.0', $(now))" "$WORK/peer"
succeeds 'when it was given to the new domain' given
end_peer

# --- with one that knows better ---
peer 'is_initialized=(true,)' "get_network_backend=('',)" 'vif_connected=(false,)'
serve
xl-sim forget
xec-vm -u "$backend" destroy
xec-vm -u "$backend" start
asked_thrice () { (($(grep -cF "vif_connected ('vif$domid.0', $(now))" "$WORK/peer") >= 3)); }
within 'it is asked again and again' "$LIMIT" asked_thrice
is 'but the NIC is given once' "$(xl-sim calls network-attach)" 1
end_peer

xec-vm -n user destroy
xec-vm -u "$backend" destroy
done_testing

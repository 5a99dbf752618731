#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A guest on a real bridge, which moves to another one while it runs.
. "$(dirname "$0")/../lib.sh"
[[ $XM_TARGET == lab ]] || { echo '1..0 # SKIP needs the Xen lab'; exit 0; }

bridges=(xenbr0 xenbr1 xenbr2)
remove_bridges () { for bridge in "${bridges[@]}"; do ip link del "$bridge" 2>/dev/null; done; }
trap 'clean_up; remove_bridges' EXIT
for bridge in "${bridges[@]}"; do
  ip link add "$bridge" type bridge && ip link set "$bridge" up || diag "no $bridge"
done

# bridge_of INTERFACE
bridge_of () { basename "$(readlink "/sys/class/net/$1/master")" 2>/dev/null; }
is_on () { [[ $(bridge_of "$1") == "$2" ]]; }

new_guest bridged
prints 'add-nic' "$VM/nic/0" xec -o "$VM" add-nic
prints 'add-nic' "$VM/nic/1" xec -o "$VM" add-nic
succeeds 'a network of its own' xec -o "$VM/nic/1" set network /wired/1/bridged
succeeds 'delete the first one' xec -o "$VM/nic/0" delete
mac=$(xec -o "$VM/nic/1" get mac-actual)
succeeds 'start' xec-vm -n bridged start
vif=vif$(xec-vm -n bridged get domid).1
is 'the interface has the id of the NIC, and is on the bridge' "$(bridge_of "$vif")" xenbr1
succeeds 'the guest sees the NIC' lab-guest-console --wait "guest nic eth0 $mac" bridged
like 'it is connected' "$(xl network-list bridged)" $'\n1 +0 +'"$mac"' .* 4 '

# --- while it runs ---
succeeds 'set network' xec -o "$VM/nic/1" set network /wired/0/bridged
is 'the interface is on the other bridge when that returns' "$(bridge_of "$vif")" xenbr0
node=${vif#vif}
is 'and xenstore says so' "$(xenstore-read "/local/domain/0/backend/vif/${node/.//}/bridge")" xenbr0
is 'its link is up' "$(cat "/sys/class/net/$vif/operstate")" up
succeeds 'set wired-network' xec-vm -n bridged set wired-network /wired/2/bridged
is 'moves it too' "$(bridge_of "$vif")" xenbr2
fails 'to a bridge that does not exist' "^$FAILED: 223:IO error: command: \"ip link set dev $vif master xenbr9\" FAILED\." \
  xec -o "$VM/nic/1" set network /wired/9/bridged
is 'it stays where it was' "$(bridge_of "$vif")" xenbr2
prints 'but the network is stored' /wired/9/bridged xec -o "$VM/nic/1" get network
succeeds 'set network' xec -o "$VM/nic/1" set network /wired/1/bridged
is 'moves it again' "$(bridge_of "$vif")" xenbr1

# --- gone with the guest, and on the bridge again with the next ---
succeeds 'shutdown' xec-vm -n bridged shutdown
within 'the interface has gone' "$LIMIT" test ! -e "/sys/class/net/$vif"
xec -o "$VM/nic/1" set network /wired/9/bridged
fails 'start on a bridge that does not exist' ': 223:IO error: ' xec-vm -n bridged start
prints 'leaves nothing' stopped xec-vm -n bridged get state
xec -o "$VM/nic/1" set network /wired/2/bridged
succeeds 'start' xec-vm -n bridged start
vif=vif$(xec-vm -n bridged get domid).1
within 'on its new bridge' "$LIMIT" is_on "$vif" xenbr2
succeeds 'destroy' xec-vm -n bridged destroy

done_testing

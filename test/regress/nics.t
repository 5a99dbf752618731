#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The NICs of a VM as scripts see them, and the VMs that it depends on because of them. No guest
# here gets a NIC: that needs a bridge.
. "$(dirname "$0")/lib.sh"

NIC_IFACE=com.citrix.xenclient.vmnic
cycles='errors in dependency graph; check for cycles'

watch_signals
new_vm nics new-vm-empty

# --- add, list, delete ---
prints 'no NICs' '' xec -o "$VM" -i "$VM_IFACE" list-nics
prints 'add-nic' "$VM/nic/0" xec -o "$VM" add-nic
prints 'another one' "$VM/nic/1" xec -o "$VM" add-nic
prints 'a third one' "$VM/nic/2" xec -o "$VM" add-nic
succeeds 'delete the second one' xec -o "$VM/nic/1" delete
prints 'list-nics' "$VM/nic/0"$'\n'"$VM/nic/2" xec -o "$VM" list-nics
fails 'the deleted one has gone' . xec -o "$VM/nic/1" get mac
prints 'its id is not used again' "$VM/nic/3" xec -o "$VM" add-nic
succeeds 'delete, named by xec-vm' xec-vm -n nics -c 3 delete
forget_signals
succeeds 'delete' xec -o "$VM/nic/2" delete
signal_comes 'vm_config_changed' vm_config_changed "$U"

# --- properties ---
while read -r property value; do
  prints "default of $property" "$value" xec-vm -n nics -c 0 get "$property"
done <<'DEFAULTS'
enabled true
network /wired/0/bridged
wireless-driver false
mac auto
model e1000
backend-uuid
backend-name
DEFAULTS

while IFS='|' read -r property value got; do
  succeeds "set $property '$value'" xec -o "$VM/nic/0" -i "$NIC_IFACE" set "$property" "$value"
  prints "get $property" "${got:-$value}" xec-vm -n nics --nic 0 get "$property"
done <<'VALUES'
network|/wifi/0/shared
network|brshared|/wired/0/shared
network|brinternal|/internal
network|brwireless|/wifi/0/shared
network|brbridged|/wired/0/bridged
wireless-driver|true
backend-uuid|00000000-0000-0000-0000-0000000000aa
backend-uuid|
backend-name|Network
backend-name|
model|rtl8139
model||e1000
mac|00:16:3e:12:34:56
enabled|false
enabled|true
VALUES
prints 'mac-actual is the MAC set' 00:16:3e:12:34:56 xec -o "$VM/nic/0" get mac-actual
succeeds 'mac auto' xec -o "$VM/nic/0" set mac auto
fails 'a network that is no path' "^$FAILED: invalid object path: wired 0" xec -o "$VM/nic/0" set network 'wired 0'
prints 'changes nothing' /wired/0/bridged xec -o "$VM/nic/0" get network
fails 'mac-actual is only read' . xec -o "$VM/nic/0" set mac-actual 00:16:3e:00:00:00
forget_signals
succeeds 'set model' xec -o "$VM/nic/0" set model virtio-net
signal_comes 'vm_config_changed' vm_config_changed "$U"

# --- the generated MAC ---
while read -r uuid mac0 mac1; do
  adopt "$(xec create-vm-with-template-and-json new-vm-empty "{\"uuid\":\"$uuid\"}")"
  is "VM $uuid" "$U" "$uuid"
  prints 'mac of a VM without NICs' '' xec -o "$VM" get mac
  xec -o "$VM" add-nic >/dev/null
  xec -o "$VM" add-nic >/dev/null
  prints 'mac-actual of nic 0' "$mac0" xec -o "$VM/nic/0" get mac-actual
  prints 'mac-actual of nic 1' "$mac1" xec -o "$VM/nic/1" get mac-actual
  prints 'mac of the VM' "$mac0" xec -o "$VM" get mac
  xec -o "$VM/nic/0" delete
  prints 'mac of the VM when the first NIC has gone' "$mac1" xec -o "$VM" get mac
done <<'MACS'
11111111-2222-3333-4444-555555555555 a2:5c:2e:58:24:12 be:c6:70:52:88:c1
8a3c1d5e-4f60-4b7a-9c21-0123456789ab 86:8a:f6:9c:54:6d c2:ea:40:30:a2:ca
MACS

# --- networks of the VM, which the policy does not cover ---
new_vm networks
xec -o "$VM" -i "$VM_IFACE".unrestricted set policy-modify-vm-settings false
fails 'the policy covers other properties' ': 202:' xec -o "$VM" -i "$VM_IFACE" set description x
prints 'no NIC, no network' '' xec-vm -n networks get wired-network
succeeds 'setting it does nothing' xec-vm -n networks set wired-network brbridged
prints 'nor does it make one' '' xec -o "$VM" list-nics
xec -o "$VM" add-nic >/dev/null
xec -o "$VM" add-nic >/dev/null
succeeds 'policy or not, a NIC may be set' xec -o "$VM/nic/0" set wireless-driver true
succeeds 'set wired-network' xec -o "$VM" -i "$VM_IFACE" set wired-network /wired/1/bridged
succeeds 'set wireless-network' xec -o "$VM" -i "$VM_IFACE" set wireless-network brwireless
prints 'the wired NIC has it' /wired/1/bridged xec -o "$VM/nic/1" get network
prints 'and the wireless one' /wifi/0/shared xec -o "$VM/nic/0" get network
prints 'wired-network' /wired/1/bridged xec-vm -n networks get wired-network
prints 'wireless-network' /wifi/0/shared xec-vm -n networks get wireless-network
fails 'a network that is no path' "^$FAILED: invalid object path: x" xec-vm -n networks set wired-network x

# --- they last ---
daemon restart
prints 'after a restart of the service' /wired/1/bridged xec -o "$VM/nic/1" get network
prints 'list-nics' "$VM/nic/0"$'\n'"$VM/nic/1" xec -o "$VM" list-nics

# --- dependencies ---
new_guest front; front=$U front_path=$VM
new_guest back; back=$U back_path=$VM
new_guest far; far=$U far_path=$VM
xec -o "$front_path" add-nic >/dev/null
xec -o "$back_path" add-nic >/dev/null
prints 'no dependencies' '' xec -o "$front_path" get dependencies
xec -o "$front_path/nic/0" set backend-uuid "$back"
xec -o "$back_path/nic/0" set backend-name far
for path in "$front_path" "$back_path"; do xec -o "$path/nic/0" set enabled false; done
prints 'dependencies, the deepest first' "$far_path"$'\n'"$back_path" xec -o "$front_path" get dependencies
prints 'those in between' "$far_path" xec -o "$back_path" get dependencies
xec -o "$far_path" add-nic >/dev/null
xec -o "$far_path/nic/0" set backend-name back
fails 'a cycle' "^$FAILED: $cycles" xec -o "$front_path" get dependencies
fails 'for those on it' "^$FAILED: $cycles" xec -o "$far_path" get dependencies
xec -o "$front_path" set track-dependencies true
fails 'a VM with a cycle does not start' "^$FAILED: $cycles" xec-vm -u "$front" start
prints 'nor do those on it' 'stopped stopped stopped' \
  bash -c 'for u; do xec-vm -u $u get state; done | paste -sd " "' - "$front" "$back" "$far"
xec -o "$far_path/nic/0" delete

xec -o "$front_path" set track-dependencies false
succeeds 'start without tracking' xec-vm -u "$front" start
prints 'starts it alone' 'running stopped stopped' \
  bash -c 'for u; do xec-vm -u $u get state; done | paste -sd " "' - "$front" "$back" "$far"
succeeds 'destroy' xec-vm -u "$front" destroy
xec -o "$front_path" set track-dependencies true
forget_signals
succeeds 'start with tracking' xec-vm -u "$front" start
sync_signals
is 'starts one after the other, the deepest first' \
  "$(signals vm_state_changed | grep -F '"running"' | grep -oE "$front|$back|$far" | paste -sd ' ')" "$far $back $front"
succeeds 'destroy' xec-vm -u "$front" destroy

# A dependency that does not start: the start ends well, without a domain.
xec-vm -u "$far" destroy
xec -o "$far_path" set kernel /no/such/kernel
succeeds 'start while a dependency cannot' xec-vm -u "$front" start
prints 'starts nothing' stopped xec-vm -u "$front" get state
xec-vm -u "$back" destroy

# --- 232: a backend that does not run ---
xec -o "$front_path" set track-dependencies false
xec -o "$front_path/nic/0" set enabled true
text="$FAILED: 232:Network backend domain is not running"
fails 'start with a stopped backend' "^$text\$" xec-vm -u "$front" start
xec -o "$front_path/nic/0" set backend-uuid 00000000-0000-0000-0000-0000000000aa
fails 'start with a backend that is no VM' "^$text\$" xec-vm -u "$front" start
prints 'nothing was started' stopped xec-vm -u "$front" get state
succeeds 'forbid wired networks' xec -o "$front_path" set policy-wired-networking false
succeeds 'a NIC that the policy takes away needs no backend' xec-vm -u "$front" start
succeeds 'destroy' xec-vm -u "$front" destroy

done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The services of OpenXT that are told of a VM's domain, played by bus-peer, and /etc/hosts.
. "$(dirname "$0")/../lib.sh"
sim_only

declare -A peers=()
# play SERVICE REPLY...: plays com.citrix.xenclient.SERVICE; what it is called is in $WORK/SERVICE
play () {
  local name=$1; shift
  : >"$WORK/$name"
  bus-peer "com.citrix.xenclient.$name" "$@" >"$WORK/$name" 2>&1 &
  peers[$name]=$!
  watchers+=("${peers[$name]}")
  within "$name is on the bus" 10 grep -q ready "$WORK/$name"
}
end_play () { kill "${peers[$1]}"; wait "${peers[$1]}" 2>/dev/null; }
calls () { grep -vE '^(ready|get_auth_on_boot)' "$WORK/$1" | paste -sd '|'; } # SERVICE
were () { [[ $(calls "$1") == "$2" ]]; }
# calls_become NAME SERVICE CALLS
calls_become () { within "$1" "$LIMIT" were "$2" "$3" || diag "called: $(calls "$2")"; }

new_guest peers
xec -o "$VM" set slot 5
xec -o "$VM" set extra-xenvm "vfb=['type=vnc'];vkb=['backend-type=linux','backend-type=linux']"

# --- nobody is there ---
daemon restart
logged=$(wc -l <"$XM_SIM_DIR/daemon.log")
complaints () { tail -n "+$((logged + 1))" "$XM_SIM_DIR/daemon.log" | grep -c "$1 is not on the bus"; }
complained () { (($(complaints "$1") > 0)); }
milliseconds xec-vm -n peers start
is 'start without them' $? 0
like 'waits for nobody' "$((ms < 1500))" 1
xec-vm -n peers destroy
xec-vm -n peers start
xec-vm -n peers destroy
for name in surfman input usbdaemon; do
  within "that $name is absent is said" "$LIMIT" complained "$name"
  is 'once' "$(complaints "$name")" 1
done

# --- all are there ---
play surfman 'set_pv_display=()' 'set_visible=()' 'notify_death=()'
play input 'attach_vkbd=()' 'detach_vkbd=()' 'set_slot=()' 'switch_focus=(true,)'
play usbdaemon 'new_vm=()' 'vm_stopped=()'
succeeds 'start' xec-vm -n peers start
domid=$(xec-vm -n peers get domid)
is 'surfman knows when the guest begins' "$(calls surfman)" "set_pv_display ($domid, '')|set_visible ($domid, 0, false)"
calls_become 'the input daemon' input "attach_vkbd ($domid,)|set_slot ($domid, 5)"
calls_become 'the USB daemon' usbdaemon "new_vm ($domid,)"
xec-vm -n peers pause
xec-vm -n peers unpause
succeeds 'set slot' xec -o "$VM" set slot 6
calls_become 'the new slot, and the rest only once' input "attach_vkbd ($domid,)|set_slot ($domid, 5)|set_slot ($domid, 6)"
is 'the switcher knows it' "$(xenstore-read "/xenmgr/vms/$U/slot")" 6
succeeds 'destroy' xec-vm -n peers destroy
calls_become 'the keyboard is taken away' input \
  "attach_vkbd ($domid,)|set_slot ($domid, 5)|set_slot ($domid, 6)|detach_vkbd ($domid,)"
calls_become 'so is USB' usbdaemon "new_vm ($domid,)|vm_stopped ($domid,)"
within 'surfman knows when it shows nothing any more' "$LIMIT" grep -qF "notify_death ($domid, 5)" "$WORK/surfman"

# --- a restart of the service is no news, the end is ---
xec-vm -n peers start
domid=$(xec-vm -n peers get domid)
calls_become 'told' usbdaemon "new_vm ($((domid - 1)),)|vm_stopped ($((domid - 1)),)|new_vm ($domid,)"
end_play usbdaemon; end_play input; end_play surfman
play usbdaemon 'new_vm=()' 'vm_stopped=()'
play input 'attach_vkbd=()' 'detach_vkbd=()' 'set_slot=()' 'switch_focus=(true,)'
play surfman 'set_pv_display=()' 'set_visible=()'
daemon restart
within 'the service has looked' "$LIMIT" xenstore-exists "/xenmgr/vms/$U/domid"
xec-vm -n peers destroy
calls_become 'the end' usbdaemon "vm_stopped ($domid,)"
calls_become 'of the keyboard, too' input "detach_vkbd ($domid,)"

# --- started by hand ---
cp "$XM_SIM_DIR/run/$U.cfg" "$WORK/hand.cfg"
xl create "$WORK/hand.cfg" >/dev/null
state_becomes 'by hand' "$U" running
hand=$(xec-vm -n peers get domid)
calls_become 'USB' usbdaemon "vm_stopped ($domid,)|new_vm ($hand,)"
within 'its display' "$LIMIT" grep -q "set_pv_display ($hand, '')" "$WORK/surfman"
within 'its keyboard' "$LIMIT" grep -q "attach_vkbd ($hand,)" "$WORK/input"
xl destroy "$hand"
within 'and its end' "$LIMIT" grep -q "detach_vkbd ($hand,)" "$WORK/input"

# --- one that does not answer ---
end_play surfman
play surfman 'set_pv_display=none' 'set_visible=none'
xec -o "$VM" set usb-enabled false
milliseconds xec-vm -n peers start
is 'start' $? 0
like 'waits 2 s' "$((ms > 1900 && ms < 3500))" 1
xec-vm -n peers destroy
end_play surfman
unlike 'USB, without usb-enabled' "$(calls usbdaemon)" "new_vm \\($((hand + 1)),"

# --- a guest sleeps: the UI VM gets the screen ---
adopt "$(xec create-vm-with-template-and-uuid new-vm-pv 00000000-0000-0000-0000-000000000001)"
xec -o "$VM" set name uivm
xec -o "$VM" set kernel "$XM_GUEST_KERNEL"
xec -o "$VM" set memory 64
xec-vm -n uivm start
ui=$(xec-vm -n uivm get domid)
xec-vm -n peers start
xenstore-write "/local/domain/$(xec-vm -n peers get domid)/acpi-state" s3
within 'the UI VM gets the screen' "$LIMIT" grep -q "switch_focus ($ui, false)" "$WORK/input"
xec-vm -n peers destroy
xec-vm -n uivm destroy

# --- the VM that provides networks, and names of service VMs ---
root=$WORK/root
mkdir -p "$root/etc" "$root/dev"
printf '127.0.0.1 localhost\n1.0.0.1 one.one\n1.0.0.9 old # xenmgr-xl\n' >"$root/etc/hosts"
touch "$root/dev/argo_stream"
printf '[paths]\nhost-root=%s\ndisks-dir=%s\n' "$root" "$WORK" >"$XM_SIM_DIR/xenmgr-xl.conf"
daemon restart
hosts () { paste -sd '|' "$root/etc/hosts"; }
hosts_are () { [[ $(hosts) == "$1" ]]; }
within 'lines of the past go, others stay' "$LIMIT" hosts_are '127.0.0.1 localhost|1.0.0.1 one.one'
play networkdaemon 'ndvm_status=()' 'is_initialized=(true,)' "get_network_backend=('',)"
new_guest ndvm
xec -o "$VM" set type ndvm
xec -o "$VM" set provides-network-backend true
xec-vm -n ndvm start
domid=$(xec-vm -n ndvm get domid)
within 'the network daemon' "$LIMIT" grep -qxF "ndvm_status ('$U', $domid, 1)" "$WORK/networkdaemon"
within 'its name' "$LIMIT" hosts_are "127.0.0.1 localhost|1.0.0.1 one.one|1.0.0.$domid ndvm # xenmgr-xl"
xec-vm -n ndvm destroy
within 'the network daemon' "$LIMIT" grep -qxF "ndvm_status ('$U', -1, 0)" "$WORK/networkdaemon"
within 'its name goes' "$LIMIT" hosts_are '127.0.0.1 localhost|1.0.0.1 one.one'
xec -o "$VM" set name 'two words'
xec-vm -u "$U" start
within 'the network daemon' "$LIMIT" grep -qxF "ndvm_status ('$U', $((domid + 1)), 1)" "$WORK/networkdaemon"
is 'what cannot be a name is none' "$(hosts)" '127.0.0.1 localhost|1.0.0.1 one.one'
xec-vm -u "$U" destroy

# --- NICs whose backend starts again ---
end_play networkdaemon
xec -o "$VM" set name ndvm
backend=$U
xec-vm -n ndvm start
new_guest user
xec -o "$VM" add-nic >/dev/null
xec -o "$VM" add-nic >/dev/null
xec -o "$VM/nic/0" set backend-uuid "$backend"
xec-vm -n user start
domid=$(xec-vm -n user get domid) old=$(xec-vm -n ndvm get domid)
# the simulated xl has all backends in dom0
xenstore-write "/libxl/$domid/device/vif/0/backend" "/local/domain/$old/backend/vif/$domid/0"
mac=$(xec -o "$VM/nic/0" get mac-actual)
xec-vm -n ndvm destroy
within 'the link is down' "$LIMIT" xenstore-exists "/local/domain/$domid/device/vif/0/disconnect"
is 'said as OpenXT does' "$(xenstore-read "/local/domain/$domid/device/vif/0/disconnect")" 1
xl-sim forget
xec-vm -n ndvm start
new=$(xec-vm -n ndvm get domid)
attached () { xl-sim log | grep -q network-attach; }
within 'the NIC is attached again' "$LIMIT" attached
is 'after it was detached' "$(xl-sim log | grep network)" "xl network-detach $domid 0
xl network-attach $domid bridge=xenbr0 backend=$new mac=$mac devid=0"
xec-vm -n user destroy
xec-vm -n ndvm destroy

done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The network of a running VM's NIC changes. There are no interfaces here: a program named ip, which
# notes what it is told, stands in for the real one.
. "$(dirname "$0")/../lib.sh"
sim_only

mkdir -p "$WORK/bin" "$WORK/root/sys/class/net"
cat >"$WORK/bin/ip" <<IP
#!/bin/bash
echo "begin \$*" >>"$WORK/ip.log"
# a move that another one overtook would show here
sleep 0.05
echo "end \$*" >>"$WORK/ip.log"
[[ ! -e $WORK/ip.fails ]] || { echo 'Cannot find device' >&2; exit 1; }
IP
chmod +x "$WORK/bin/ip"
cat >"$XM_SIM_DIR/xenmgr-xl.conf" <<CONF
[paths]
host-root=$WORK/root
disks-dir=$WORK
[networks]
/wired/0/shared=brshared0
CONF
PATH=$WORK/bin:$PATH daemon restart

# moves: what ip was told since the last call
moves () { sed -n 's/^end //p' "$WORK/ip.log" 2>/dev/null | paste -sd '|'; rm -f "$WORK/ip.log"; }

new_guest net
prints 'add-nic' "$VM/nic/0" xec -o "$VM" add-nic
prints 'add-nic' "$VM/nic/1" xec -o "$VM" add-nic
prints 'add-nic' "$VM/nic/2" xec -o "$VM" add-nic
xec -o "$VM/nic/1" set enabled false
succeeds 'a stopped VM: only the configuration' xec -o "$VM/nic/0" set network /wired/3/bridged
is 'changes' "$(moves)" ''
succeeds 'start' xec-vm -n net start
domid=$(xec-vm -n net get domid)
is 'the bridge at start' "$(xenstore-read "/libxl/$domid/device/vif/0/bridge")" xenbr3
like 'a NIC is known to xl by its id' "$(xl network-list net)" $'\n2 '

# --- it moves ---
succeeds 'set network' xec -o "$VM/nic/0" set network /wired/0/bridged
is 'the backend'"'"'s interface goes to the bridge' "$(moves)" "link set dev vif$domid.0 master xenbr0"
is 'xenstore knows it' "$(xenstore-read "/libxl/$domid/device/vif/0/bridge" \
  "/local/domain/0/backend/vif/$domid/0/bridge" | paste -sd ' ')" 'xenbr0 xenbr0'
succeeds 'to a network of the key file' xec -o "$VM/nic/2" set network brshared
is 'its bridge' "$(moves)" "link set dev vif$domid.2 master brshared0"
succeeds 'to a network without a bridge of its own' xec -o "$VM/nic/2" set network /internal
is 'xl'"'"'s default bridge' "$(moves)" "link set dev vif$domid.2 master xenbr0"
succeeds 'by the VM'"'"'s property' xec-vm -n net set wired-network /wired/5/bridged
is 'moves its first wired NIC' "$(moves)" "link set dev vif$domid.0 master xenbr5"
mkdir "$WORK/root/sys/class/net/vif$domid.0-emu"
succeeds 'with a device model' xec -o "$VM/nic/0" set network /wired/6/bridged
is 'its interface goes too' "$(moves)" "link set dev vif$domid.0 master xenbr6|link set dev vif$domid.0-emu master xenbr6"
rmdir "$WORK/root/sys/class/net/vif$domid.0-emu"

# --- nothing to move ---
succeeds 'a NIC that the domain was not given' xec -o "$VM/nic/1" set network /wired/1/bridged
xec -o "$VM" add-nic >/dev/null
succeeds 'a NIC added since' xec -o "$VM/nic/3" set network /wired/1/bridged
is 'stays where it is' "$(moves)" ''

# --- one after the other ---
for n in 1 2 3 4 5 6; do xec -o "$VM/nic/0" set network "/wired/$n/bridged" & done; wait
last=$(xec -o "$VM/nic/0" get network); last=${last#/wired/}
is 'no move begins before the last has ended' "$(sed 's/ .*//' "$WORK/ip.log" | uniq -c | sort -u | wc -l)" 2
is 'the last one is that of the configuration' "$(moves | sed 's/.* //')" "xenbr${last%/bridged}"

# --- failures ---
touch "$WORK/ip.fails"
fails 'a move that fails' "^$FAILED: 223:IO error: command: \"ip link set dev vif$domid.0 master xenbr9\" FAILED\." \
  xec -o "$VM/nic/0" set network /wired/9/bridged
prints 'is stored nevertheless' /wired/9/bridged xec -o "$VM/nic/0" get network
rm "$WORK/ip.fails"; moves >/dev/null
succeeds 'set once more' xec -o "$VM/nic/0" set network /wired/9/bridged
is 'tries again' "$(moves)" "link set dev vif$domid.0 master xenbr9"

backend=$(xenstore-read "/libxl/$domid/device/vif/0/backend")
xenstore-write "/libxl/$domid/device/vif/0/backend" "/local/domain/7/backend/vif/$domid/0"
fails 'served by another domain' "^$FAILED: 223:IO error: nic 0 of vm $U is served by domain 7, and no network daemon" \
  xec -o "$VM/nic/0" set network /wired/1/bridged
for text in '' /etc "$backend/x" "/local/domain/0x/backend/vif/$domid/0" "/local/domain//backend/vif/$domid/0"; do
  xenstore-write "/libxl/$domid/device/vif/0/backend" "$text"
  fails "a backend like '$text'" "^$FAILED: 223:IO error: unexpected backend" \
    xec -o "$VM/nic/0" set network /wired/1/bridged
done
is 'nothing moves' "$(moves)" ''

succeeds 'destroy' xec-vm -n net destroy

# --- a domain that serves NICs ---
new_guest backend; backend=$U
new_guest user
xec -o "$VM" add-nic >/dev/null
xec -o "$VM/nic/0" set backend-name backend
fails 'start without its backend' ': 232:' xec-vm -n user start
xec -o "$VM" set track-dependencies true
succeeds 'start with what it depends on' xec-vm -n user start
domid=$(xec-vm -n backend get domid)
like 'the backend'"'"'s domain' "$(xl list -l user)" "\"backend_dom(id|name)\": \"?${domid}[\",]"
succeeds 'destroy' xec-vm -n user destroy
xec -o "$VM/nic/0" set backend-name ''
xec-vm -u "$backend" set provides-default-network-backend true
succeeds 'start' xec-vm -n user start
like 'the default backend' "$(xl list -l user)" "\"backend_dom(id|name)\": \"?${domid}[\",]"
succeeds 'destroy' xec-vm -n user destroy
xec-vm -u "$backend" destroy
xec -o "$VM" set track-dependencies false
succeeds 'start' xec-vm -n user start
unlike 'dom0, when the default one does not run' "$(xl list -l user)" backend_dom

succeeds 'destroy' xec-vm -n user destroy

# --- OpenXT's network daemon ---
# peer REPLY...: plays it; what it is called is in $WORK/peer
peer () {
  bus-peer com.citrix.xenclient.networkdaemon "$@" >"$WORK/peer" 2>&1 &
  peer=$!
  watchers+=("$peer")
  within 'the network daemon is on the bus' "$LIMIT" grep -q ready "$WORK/peer"
}
end_peer () { kill "$peer"; wait "$peer" 2>/dev/null; }
asked () { grep -q "$1" "$WORK/peer"; }

xec-vm -u "$backend" set provides-default-network-backend false
peer 'is_initialized=(true,)' "get_network_backend=('$backend',)" 'move_to_network=()'
within 'it is asked who serves the networks' "$LIMIT" asked "get_network_backend ('/wired/0/bridged',)"
within 'dependencies count whom it names' "$LIMIT" bash -c "[[ \$(xec -o $VM get dependencies) == $(path_of "$backend") ]]"
xec -o "$VM" set track-dependencies true
succeeds 'start' xec-vm -n user start
domid=$(xec-vm -n user get domid)
like 'the backend it named' "$(xl list -l user)" "\"backend_dom(id|name)\": \"?$(xec-vm -u "$backend" get domid)[\",]"
succeeds 'set network' xec -o "$VM/nic/0" set network /wired/1/bridged
is 'it is asked to move the NIC' "$(grep move_to_network "$WORK/peer")" \
  "move_to_network ('vif$domid.0', '/wired/1/bridged')"
is 'the frontend is told to let go' "$(xenstore-read "/local/domain/$domid/device/vif/0/disconnect")" 1
is 'the network is the name of the bridge' "$(xenstore-read "/local/domain/0/backend/vif/$domid/0/bridge")" /wired/1/bridged
is 'nobody else moves it' "$(moves)" ''
end_peer
peer 'is_initialized=(true,)'
fails 'a network daemon that refuses' "^$FAILED: " xec -o "$VM/nic/0" set network /wired/2/bridged
prints 'the network is stored nevertheless' /wired/2/bridged xec -o "$VM/nic/0" get network
end_peer
succeeds 'destroy' xec-vm -n user destroy
xec-vm -u "$backend" destroy

done_testing

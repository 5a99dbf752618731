#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The nodes of xenstore that others look at while a VM runs: what they hold, who may change them,
# and that nothing of them stays.
. "$(dirname "$0")/lib.sh"

shown () { xenstore-read "/xenmgr/vms/$U/$1" 2>&1; } # NODE
# node_is NAME PATH VALUE
has_value () { [[ $(xenstore-read -R "$1" 2>/dev/null) == "$2" ]]; }
node_is () { within "$1" "$LIMIT" has_value "$2" "$3" || diag "$2: $(xenstore-read "$2" 2>&1)"; }
gone () { ! xenstore-exists "$1" 2>/dev/null; }
node_gone () { within "$1" "$LIMIT" gone "$2"; } # NAME PATH
permissions () { # PATH
  xenstore-ls -p "${1%/*}" | sed -n "s/^${1##*/} = .*(\([^)]*\))\$/\1/p"
}

new_guest nodes
xec -o "$VM" set image-path 'images/vms/one.png'
xec -o "$VM" set slot 7
node_gone 'a VM that is stopped is not shown' "/xenmgr/vms/$U"
succeeds 'start' xec-vm -n nodes start
domid=$(xec-vm -n nodes get domid)
home=/local/domain/$domid

# --- what is shown of it ---
is 'domid' "$(shown domid)" "$domid"
is 'name' "$(shown name)" nodes
is 'slot' "$(shown slot)" 7
is 'image' "$(shown image)" images/vms/one.png
is 'type' "$(shown type)" svm
is 'hidden' "$(shown hidden)" 0
is 'hide-switcher' "$(shown hide-switcher)" 0
is 'seamlessid' "$(shown seamlessid)" "$(xec-vm -n nodes get seamless-id)"
like 'a user VM has no tag' "$(xenstore-list "/xenmgr/vms/$U" | sort | paste -sd ' ')" \
  '^domid hidden hide-switcher image name seamlessid slot type$'
is 'all may read it, only dom0 may change it' "$(permissions "/xenmgr/vms/$U")" r0
is 'so the nodes in it' "$(permissions "/xenmgr/vms/$U/domid")" r0

# --- it follows the properties ---
succeeds 'set name' xec-vm -u "$U" set name 'nöw'
node_is 'name' "/xenmgr/vms/$U/name" 'nöw'
xec-vm -u "$U" set name nodes
succeeds 'set image-path' xec-vm -u "$U" set image-path two.png
node_is 'image' "/xenmgr/vms/$U/image" two.png
succeeds 'set image_path_vg' xec-vm -u "$U" set image_path_vg three.png
node_is 'image' "/xenmgr/vms/$U/image" three.png
succeeds 'set hidden-in-switcher' xec-vm -u "$U" set hidden-in-switcher true
node_is 'hidden' "/xenmgr/vms/$U/hidden" 1

# --- what the guest and its device model answer in ---
is 'acpi-state' "$(xenstore-read "$home/acpi-state")" ''
is 'belongs to the guest alone' "$(permissions "$home/acpi-state")" "n$domid,b$domid"
is 'power-state' "$(permissions "$home/power-state")" "n$domid,b$domid"
is 'bsgdev' "$(permissions "$home/bsgdev")" "n0,b$domid"
is 'bsgdev-req' "$(permissions "$home/bsgdev-req")" "n0,b$domid"
is 'the firewall stands' "$(xenstore-read "$home/argo-firewall-ready")" 1
is 'the guest may find its uuid' "$(permissions "$home/vm"; permissions "/vm/$U/uuid")" $'r0\nr0'
ok=0; gone "$home/device/argo" || ok=1
result $ok 'no Argo device without argo'
ok=0; gone /local/domain/0/backend-domid || ok=1
result $ok 'it serves no networks'

# --- the guest sleeps and wakes ---
watch_signals
xenstore-write "$home/acpi-state" s3
within 'a guest that sleeps' "$LIMIT" bash -c "[[ \$(xec-vm -u $U get acpi-state) == 3 ]]"
xenstore-write "$home/acpi-state" s0
within 'and wakes' "$LIMIT" bash -c "[[ \$(xec-vm -u $U get acpi-state) == 0 ]]"
for text in s4 '' 3 "$(printf 'x%.0s' {1..3000})" $'s3\n' s0; do xenstore-write "$home/acpi-state" "$text"; done
sync_signals
is 'what was told' "$(signals notify "$U")" "[\"$U\",\"power-state:3\"]
[\"$U\",\"power-state:0\"]"
prints 'rubbish is nothing' 0 xec-vm -u "$U" get acpi-state

# --- its PV drivers ---
addons=$home/attr/PVAddons
prints 'no PV drivers' false xec-vm -u "$U" get pv-addons
forget_signals
xenstore-write "$addons/MajorVersion" 3 "$addons/MinorVersion" 1 "$addons/MicroVersion" 0 \
  "$addons/BuildVersion" 4711 "$addons/Installed" 1
is_property () { [[ $(xec-vm -u "$U" get "$1") == "$2" ]]; }
within 'installed' "$LIMIT" is_property pv-addons true
within 'their version' "$LIMIT" is_property pv-addons-version 3.1.0.4711
signal_comes 'is told' vm_config_changed "$U"
xenstore-write "$addons/BuildVersion" "4712'; evil" "$addons/MinorVersion" 9999999999
xenstore-write "${addons}Uninstalled" 1
within 'uninstalled' "$LIMIT" is_property pv-addons false
prints 'the version, which was no number meanwhile' '' xec-vm -u "$U" get pv-addons-version

# --- a restart of the service empties nothing ---
xenstore-write "$home/bsgdev-req" 'from the guest'
xenstore-rm "/xenmgr/vms/$U/name"
daemon restart
node_is 'what is missing is written again' "/xenmgr/vms/$U/name" nodes
is 'what the guest wrote stays' "$(xenstore-read "$home/bsgdev-req")" 'from the guest'

# --- the end ---
succeeds 'destroy' xec-vm -u "$U" destroy
node_gone 'shown no more' "/xenmgr/vms/$U"
is 'nothing is left of the domain' "$(xenstore-ls -f | grep -c "^$home\b")" 0

# --- with all that can be had ---
xec -o "$VM" set argo true
xec -o "$VM" set provides-network-backend true
xec -o "$VM" set type ndvm
xec -o "$VM" set show-switcher false
succeeds 'start' xec-vm -u "$U" start
domid=$(xec-vm -u "$U" get domid)
home=/local/domain/$domid back=/local/domain/0/backend/argo/$domid
is 'type' "$(shown type)" ndvm
is 'the tag' "$(shown ndvm)" 1
is 'hide-switcher' "$(shown hide-switcher)" 1
is 'the Argo device' "$(xenstore-read "$home/device/argo/0/backend" "$home/device/argo/0/backend-id" \
  "$home/device/argo/0/state" | paste -sd ' ')" "$back/0 0 1"
is 'is the guest'"'"'s' "$(permissions "$home/device/argo/0/state")" "n$domid,r0"
is 'and its backend' "$(xenstore-read "$back/0/frontend" "$back/0/frontend-id" "$back/0/state" | paste -sd ' ')" \
  "$home/device/argo/0 $domid 0"
is 'the domain that serves networks' "$(xenstore-read /local/domain/0/backend-domid)" "$domid"
is 'all may know' "$(permissions /local/domain/0/backend-domid)" r0

# --- it ends while there is no service ---
daemon stop
xl destroy "$domid"
is 'they stay while nobody looks' "$(xenstore-read "/xenmgr/vms/$U/domid")" "$domid"
daemon start
node_gone 'shown no more' "/xenmgr/vms/$U"
node_gone 'no Argo backend' "$back"
node_gone 'nobody serves networks' /local/domain/0/backend-domid

# --- started by hand ---
if [[ $XM_TARGET == sim ]]; then cfg=$XM_SIM_DIR/run/$U.cfg; else cfg=/run/xenmgr-xl/$U.cfg; fi
cp "$cfg" "$WORK/hand.cfg"
xl create "$WORK/hand.cfg" >/dev/null
state_becomes 'by hand' "$U" running
domid=$(xec-vm -u "$U" get domid)
node_is 'it is shown' "/xenmgr/vms/$U/domid" "$domid"
node_is 'it has an Argo backend' "/local/domain/0/backend/argo/$domid/0/frontend-id" "$domid"
node_is 'it can tell its state' "/local/domain/$domid/acpi-state" ''
node_is 'it serves networks' /local/domain/0/backend-domid "$domid"
xl destroy "$domid"
node_gone 'no Argo backend' "/local/domain/0/backend/argo/$domid"
node_gone 'shown no more' "/xenmgr/vms/$U"
node_gone 'nobody serves networks' /local/domain/0/backend-domid

# --- the boot sentinel ---
new_guest sentinel
xec -o "$VM" set boot-sentinel booted
xec-vm -n sentinel start & starting=$!
state_becomes 'it runs' "$U" running
domid=$(xec-vm -n sentinel get domid)
is 'the node is there' "$(xenstore-read "/local/domain/$domid/booted")" ''
is 'anybody may write it' "$(permissions "/local/domain/$domid/booted")" b0
succeeds 'others do not wait' xec-vm -n sentinel pause
succeeds 'others do not wait' xec-vm -n sentinel unpause
ok=0; kill -0 $starting 2>/dev/null || ok=1
result $ok 'start waits'
xenstore-write "/local/domain/$domid/booted" yes
wait $starting
is 'the guest has booted' $? 0
xec-vm -n sentinel destroy
xec-vm -n sentinel start >"$WORK/out" 2>&1 & starting=$!
state_becomes 'it runs' "$U" running
succeeds 'destroy overtakes' xec-vm -n sentinel destroy
wait $starting
is 'start has ended' $? 1
like 'overtaken' "$(<"$WORK/out")" 'overtaken by destroy'
xec -o "$VM" set boot-sentinel memory/target
milliseconds xec-vm -n sentinel start
is 'a node that Xen has made is not one' "$(permissions "/local/domain/$(xec-vm -n sentinel get domid)/memory/target")" \
  "n0,r$(xec-vm -n sentinel get domid)"

done_testing

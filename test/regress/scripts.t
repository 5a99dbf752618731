#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Command lines of OpenXT's own scripts and of its users', as they stand there: spelling, order of
# words and all. What else a script may meet is in the file of its subject: introspection in bus.t,
# templates and creation in root.t, settings in config.t, drives in host.t, the host's power and
# hardware in sim/host-power.t and sim/host.t, languages and flags in sim/config.t.
. "$(dirname "$0")/lib.sh"
HOSTIF=$IFACE.host
put_back () {
  ((${#vhds[@]})) && rm -f "${vhds[@]}"
  [[ -z ${wallpaper-} ]] || xec set wallpaper "$wallpaper"
  [[ -z ${autolock-} ]] || xec set autolock-cd-drives "$autolock"
  [[ -z ${isos-} ]] || xec set iso-path "$isos"
  [[ -z ${drive-} ]] || xec -o /host assign-cd-device "$drive" 0 ''
  [[ -z ${had_pcm-} ]] || db-write /audio/playback-pcm "$had_pcm"
  [[ $had_user == true ]] || db-rm /platform/username
} >/dev/null 2>&1
vhds=() had_user=$(db-exists /platform/username)
trap 'put_back; clean_up' EXIT

# --- the root object ---
succeeds 'create-vm-with-template' xec -i $IFACE create-vm-with-template new-vm
like 'its first line is the path' "${out%%$'\n'*}" '^/vm/[0-9a-f_]{36}$'
adopt "$out"; deleted=$VM
like 'the VM is listed' "$(xec -i $IFACE list-vms)" "$deleted"
prints 'unrestricted-delete-vm' '' \
  xec -s $IFACE -i $IFACE.unrestricted -o / unrestricted-delete-vm "$U"
unlike 'it is listed no more' "$(xec -i $IFACE list-vms)" "$deleted"
like 'list-templates' "$(xec -i $IFACE list-templates)" 'new-vm'
succeeds 'create-vm' xec create-vm
adopt "$out"
for template in new-vm-ndvm-hvm new-vm-ndvm-pv new-vm-sync; do
  succeeds "create-vm-with-template $template" xec create-vm-with-template $template
  adopt "$out"
done
templates=/usr/share/xenmgr-1.0/templates/default
[[ $XM_TARGET == sim ]] && templates=${XM_TEMPLATES:-$XM_SOURCE/shim/templates/default}
succeeds 'a template by its path' xec create-vm-with-template "$templates/new-vm-sync"
adopt "$out"
succeeds 'create-vhd' xec create-vhd 256
like 'prints the path of a VHD' "$out" '^/.*\.vhd$'
vhds+=("$out")
succeeds 'create_vhd with an underscore' xec -i $IFACE create_vhd 10
vhds+=("${out%%$'\n'*}")
is 'its first line is a file' "$([[ -e ${vhds[1]} ]] && echo there)" there
succeeds 'a large image is made at once' xec create-vhd 80000
vhds+=("${out%%$'\n'*}")
like 'and is small on disk' "$(stat -c %b "${vhds[2]}")" '^[0-9]{1,5}$'
succeeds 'diag save' xec -s $IFACE -o / -i $IFACE.diag save quiet
like 'prints a directory' "$([[ -d $out ]] && echo there)" there
succeeds '-g' xec -g language
like 'a language' "$out" '^[a-z]{2}-[a-z]{2}$'
wallpaper=$(xec get wallpaper)
prints 'set says nothing' '' xec set wallpaper images/wallpaper/s6.png
prints 'get' images/wallpaper/s6.png xec get wallpaper
prints 'set by its interface' '' xec -i $IFACE.config.ui set wallpaper images/wallpaper/s7.png
daemon restart || diag 'the daemon does not restart'
prints 'a word too many is passed over' images/wallpaper/s7.png xec -i $IFACE.config.ui get wallpaper more
prints '-x sets' '' xec -i $IFACE.config.ui -x wallpaper images/wallpaper/s8.png
prints 'it has' images/wallpaper/s8.png xec -g wallpaper
like 'platform-crypto-key-dirs' "$(xec get platform-crypto-key-dirs)" '^/'
autolock=$(xec get autolock-cd-drives)
like 'autolock-cd-drives' "$autolock" '^(true|false)$'
for value in false true; do
  prints "set autolock-cd-drives $value" '' xec set autolock-cd-drives $value
  prints 'get' $value xec get autolock-cd-drives
done
like '--list-methods' $'\n'"$(xec -q --list-methods)"$'\n' $'\ncreate-vm-with-template\n'
like '--list-properties' $'\n'"$(xec -q --list-properties)"$'\n' $'\nwallpaper\n'
like '--list-interfaces' $'\n'"$(xec -q --list-interfaces)"$'\n' $'\n'$IFACE.config$'\n'
like 'no command: what there is' "$(xec -s $IFACE -o /host)" 'list-gpu-devices'
is 'getall of an interface' "$(xec -s $IFACE -o / -i $IFACE.config.ui getall | sed -n '1p;2p;$p' | paste -sd ' ')" \
  "$IFACE.config.ui { }"

# --- the host ---
succeeds 'list-gpu-devices' xec -o /host list-gpu-devices
succeeds 'list-cd-devices' xec -o /host list-cd-devices
is 'seven lines for a drive' "$(grep -c . <<<"$out" | awk '{ print $1 % 7 }')" 0
succeeds 'wireless-model' xec -o /host get wireless-model
prints 'is-licensed' true xec -o /host get is-licensed
prints 'is-licensed, by its interface' true xec -s $IFACE -o /host -i $HOSTIF get is-licensed

# --- choosing a VM ---
new_guest scripts; D=
is 'xec-vm: its columns' "$(xec-vm | grep -F "$U" | cut -d '|' -f 1,2,4 | tr -d ' ')" '|scripts|stopped'
is 'xec-vm -q prints the same' "$(xec-vm -q)" "$(xec-vm)"
succeeds 'a VM that exists' xec-vm -n scripts
fails 'one that does not' '' xec-vm -n nosuch
prints '-n' "$U" xec-vm -n scripts get uuid
prints '-u' scripts xec-vm -u "$U" get name
prints '-o' scripts xec-vm -o "$VM" get name
succeeds 'getall' xec-vm -n scripts getall

# --- its life ---
prints 'domid of a VM that is off' -1 xec-vm -n scripts get domid
prints 'its acpi-state' 5 xec-vm -n scripts get acpi-state
prints 'start' '' xec-vm -n scripts start
prints 'start of what runs' '' xec-vm -n scripts start
prints 'state' running xec-vm -n scripts get state
domid=$(xec-vm -n scripts get domid)
like 'list-domids, sorted' $'\n'"$(xec list-domids | sort)"$'\n' $'\n'"$domid"$'\n'
prints '--domid: stubdom' false xec-vm --domid "$domid" get stubdom
prints '--domid: name' scripts xec-vm --domid "$domid" get name
prints '--domid: uuid' "$U" xec-vm --domid "$domid" get uuid
succeeds 'switch on a host with or without displays' xec-vm -d "$domid" switch
succeeds 'switch by name' xec-vm -n scripts switch
fails 'sleep without PV drivers' ': 213:' xec-vm -n scripts sleep
fails 'hibernate' ': 213:' xec-vm -n scripts hibernate
prints 'acpi-state' 0 xec-vm -n scripts get acpi-state
prints 'pause' '' xec-vm -n scripts pause
prints 'state' paused xec-vm -n scripts get state
xec-vm -n scripts unpause
fails 'delete of what runs' ': 204:' xec -i $VM_IFACE -o "$VM" delete
selectors=("-n scripts" "-u $U" "-o $VM")
[[ $GUEST == hvm ]] && selectors=("-n scripts") # a boot takes minutes
for selector in "${selectors[@]}"; do
  guest_up scripts
  # shellcheck disable=SC2086 # two words
  prints "shutdown ${selector%% *}" '' xec-vm $selector shutdown
  prints 'state' stopped xec-vm -n scripts get state
  xec-vm -n scripts start
done
guest_up scripts
domid=$(xec-vm -n scripts get domid)
prints 'reboot' '' xec-vm -n scripts reboot
is_another () { (($(xec-vm -n scripts get domid) > domid)); }
within 'it runs again' "$LIMIT" is_another
prints 'destroy' '' xec-vm -n scripts destroy
prints 'state' stopped xec-vm -n scripts get state
memory=$(xec-vm -n scripts get memory)
xec -o "$VM" set memory-static-max 99999999
xec -o "$VM" set memory 99999999
fails 'start without memory' 'Not enough free memory!' xec-vm -n scripts start
xec -o "$VM" set memory "$memory"
xec -o "$VM" set memory-static-max "$memory"

# --- its properties ---
new_vm other new-vm-hvm; other=$VM other_uuid=$U
new_vm scripts-hvm new-vm-hvm
N=scripts-hvm
prints 'set name, by its interface' '' xec -o "$VM" -i $VM_IFACE set name props
prints 'and without' '' xec -o "$VM" set name $N
# property, value, what it then is
while IFS='|' read -r property value got; do
  prints "set $property '$value'" '' xec-vm -n $N set "$property" "$value"
  prints "get $property" "${got:-$value}" xec-vm -n $N get "$property"
done <<'VALUES'
memory|1024
vcpus|2
description|a VM of scripts
image-path|images/vms/000_ICON.png
stubdom|true
stubdom|false
os|windows
os|linux
xci-cpuid-signature|true
viridian|false
boot|cd
start-on-boot|true
start-on-boot|false
pv-addons|true
hdtype|ahci
type|svm
type|pvm|svm
extra-xenvm|a=b;c=d
crypto-user|somebody
track-dependencies|true
track-dependencies|false
flask-label|system_u:system_r:ndvm_t
policy-audio-access|false
policy-audio-access|true
policy-cd-access|false
policy-cd-recording|false
policy-print-screen|false
VALUES
prints 'another VM has slot 7' '' xec -o "$other" set slot 7
slot=$(xec-vm -n $N get slot)
prints 'set slot' '' xec-vm -n $N set slot 7
prints 'it has' 7 xec-vm -n $N get slot
prints 'they change places' "$slot" xec-vm -u "$other_uuid" get slot
prints 'a network without a NIC' '' xec -o "$VM" set wired-network brbridged
mkdir "$WORK/isos"; touch "$WORK/isos/xc-tools.iso"
isos=$(xec get iso-path)
xec set iso-path "$WORK/isos"
xec -o "$VM" add-disk >"$WORK/path"
C=$(<"$WORK/path")
xec -o "$C" set devtype cdrom
xec -o "$C" set virt-path hdc
prints 'set cd' '' xec -o "$VM" set cd xc-tools.iso
prints 'get cd' xc-tools.iso xec -o "$VM" get cd
for gpu in ffff:ff:1f.7 ''; do
  prints "set gpu '$gpu'" '' xec-vm -n $N set gpu "$gpu"
  prints 'no such GPU' '' xec-vm -n $N get gpu
done
prints 'provides-network-backend' false xec-vm -n $N get provides-network-backend
like '-g' "$(xec-vm -n $N -g flask-label | head -n 1)" '^system_u:system_r:ndvm_t$'
prints 'crypto-user by its uuid' somebody xec-vm -u "$U" get crypto-user
prints 'set crypto-user' '' xec-vm -u "$U" set crypto-user ''
prints 'set track-dependencies' '' xec-vm -u "$U" set track-dependencies true
prints 'set icbinn-path' '' xec -o "$VM" set icbinn-path /config/certs/$N
prints 'set policy-modify-vm-settings' '' xec-vm -n $N set policy-modify-vm-settings false
fails 'now it may not be set' ': 202:' xec -o "$VM" set name other
for value in false true; do
  prints "but this may, $value" '' \
    xec -o "$VM" -i $VM_IFACE.unrestricted set policy-modify-vm-settings $value
done
prints 'domstore key' '' xec-vm -u "$U" set-domstore-key type ICA
prints 'another, by the path' '' xec-vm -o "$VM" set-domstore-key key value
prints 'reads back' value xec-vm -o "$VM" get-domstore-key key
prints 'from the database, too' ICA db-read "/dom-store/$U/type"
fails 'the old name of a method' '' xec-vm -n $N add-v4v-firewall-rule '0 -> myself:2222'
prints 'the present one' '' xec-vm -n $N add-argo-firewall-rule '0 -> myself:2222'

# --- disks ---
prints 'list-disks' "$C" xec-vm -n $N list-disks
prints 'by the path' "$C" xec-vm -o "$VM" list-disks
succeeds 'add_disk' xec-vm -n $N add_disk
succeeds 'add-disk' xec -o "$VM" add-disk
disk=$out D=${out##*/}
prints 'set virt-path' '' xec -o "$disk" set virt-path xvdb
prints 'attach-vhd' '' xec -o "$disk" attach-vhd "${vhds[1]}"
prints 'attach_vhd, by its number' '' xec-vm -n $N --disk "$D" attach_vhd "${vhds[0]}"
prints 'likewise' '' xec-vm -n $N -k "$D" attach_vhd "${vhds[0]}"
prints 'phys-path' "${vhds[0]}" xec-vm -n $N --disk "$D" get phys-path
like 'of one that is not there' "$(xec-vm -n $N --disk 77 get phys-path >/dev/null 2>&1; echo $?)" '^[1-9]'
prints 'phys-type' vhd xec-vm -n $N --disk "$D" get phys-type
prints 'mode' w xec-vm -n $N --disk "$D" get mode
prints 'set mode' '' xec-vm -n $N --disk "$D" set mode r
prints 'read only' r xec-vm -n $N --disk "$D" get mode
prints 'db-read of the path' "${vhds[0]}" db-read "/vm/$U/config/disk/$D/path"
is 'db-ls: what awk looks for' \
  "$(db-ls "vm/$U/config/disk/$D" | awk '$1 ~ /^(path|device|type)$/ { print $1, $2, $3 }' | sort | paste -sd ' ')" \
  "device = \"xvdb\" path = \"${vhds[0]}\" type = \"vhd\""
is 'two blanks before it' "$(db-ls "vm/$U/config/disk" | grep -c '^  type = "vhd"$')" \
  "$(xec-vm -n $N list-disks | while read -r path; do xec -o "$path" get phys-type; done | grep -c '^vhd$')"
prints 'no snapshot' none xec-vm -n $N --disk "$D" get snapshot
for word in temporary none; do
  prints "set snapshot $word" '' xec-vm -n $N --disk "$D" set snapshot $word
  prints 'get snapshot' $word xec-vm -n $N --disk "$D" get snapshot
done
fails 'generate-crypto-key' 'disk encryption is not supported on this host' \
  xec -o "$disk" generate-crypto-key 256
prints 'encryption-key-set' false xec-vm -n $N -k "$D" get encryption-key-set
db-write "/vm/$U/config/disk/$D/sha1sum" 00
prints 'db-rm of its sum' '' db-rm "/vm/$U/config/disk/$D/sha1sum"
prints 'an image as a CD' '' xec-vm -n $N --disk "$D" set devtype cdrom
prints 'its path' '' xec -o "$disk" set phys-path /storage/isos/x.iso
prints 'its type' '' xec -o "$disk" set phys-type file
prints 'its devtype' '' xec -o "$disk" set devtype cdrom
prints 'a path, by its number' '' xec-vm -n $N --disk "$D" set phys-path /storage/isos/y.iso
prints 'get phys-path' /storage/isos/y.iso xec-vm -n $N --disk "$D" get phys-path
prints 'a device' '' xec-vm -n $N --disk "$D" set phys-type phy
prints 'its node' '' xec-vm -n $N --disk "$D" set phys-path /dev/null
prints 'attach again' '' xec-vm -n $N --disk "$D" attach_vhd "${vhds[0]}"
prints 'delete' '' xec-vm -n $N --disk "$D" delete
is 'with its file' "$(ls "${vhds[0]}" 2>/dev/null)" ''

# --- NICs ---
prints 'none: one empty line' $'\n.' bash -c "xec -o $VM -i $VM_IFACE list-nics; echo ."
succeeds 'add-nic' xec -o "$VM" -i $VM_IFACE add-nic
nic=$out
like 'prints its path' "$nic" "^$VM/nic/0\$"
prints 'list-nics' "$nic" xec -o "$VM" -i $VM_IFACE list-nics
prints 'set wireless-driver' '' xec -o "$nic" set wireless-driver true
prints 'set network' '' xec -o "$nic" set network /wifi/0/shared
like 'mac-actual' "$(xec-vm -u "$U" --nic 0 get mac-actual)" '^([0-9a-f]{2}:){5}[0-9a-f]{2}$'
prints 'set backend-uuid' '' xec-vm -u "$U" --nic 0 set backend-uuid "$other_uuid"
prints 'get backend-uuid' "$other_uuid" xec-vm -n $N -c 0 get backend-uuid

# --- PCI devices ---
for rule in '0x0c03 0xfdfd 0x1e26' '0xfd03 any any'; do
  # shellcheck disable=SC2086 # three words
  prints "add-pt-rule $rule" '' xec-vm -n $N add-pt-rule $rule
done
prints 'list-pt-pci-devices' '' xec-vm -n $N list-pt-pci-devices
for rule in '0x0c03 0xfdfd 0x1e26' '0xfd03 any any'; do
  # shellcheck disable=SC2086 # three words
  prints "delete-pt-rule $rule" '' xec-vm -n $N delete-pt-rule $rule
done
prints 'add_pt_rule_bdf' '' xec-vm -n $N add_pt_rule_bdf fffe:fe:1e.6
prints 'delete-pt-rule-bdf' '' xec-vm -n $N delete-pt-rule-bdf fffe:fe:1e.6
prints 'add-pt-rule-bdf' '' xec-vm -n $N add-pt-rule-bdf fffe:fe:1e.6
xec-vm -n $N delete-pt-rule-bdf fffe:fe:1e.6
prints 'no rule is left' '' xec-vm -n $N list-pt-rules

# --- other services ---
names=$(xec -s org.freedesktop.DBus -o /org/freedesktop/DBus ListNames)
like 'ListNames' $'\n'"$names"$'\n' $'\n'$IFACE$'\n'
like 'on the default object' $'\n'"$(xec -s org.freedesktop.DBus ListNames)"$'\n' $'\n'$IFACE$'\n'
like 'GetNameOwner' "$(xec -s org.freedesktop.DBus -o /org/freedesktop/DBus GetNameOwner $IFACE)" '^:1\.[0-9]+$'
for call in 'switch-focus -1 false' '-o / -i com.citrix.xenclient.input auth_rm_platform_user'; do
  # shellcheck disable=SC2086
  fails "input: $call" 'ServiceUnknown' xec -s com.citrix.xenclient.input $call
done
fails 'networkdaemon' 'ServiceUnknown' xec -s com.citrix.xenclient.networkdaemon add-vif 0 1 00:16:3e:00:00:01

# --- the database ---
prints 'db-write of a VM' '' db-write "/vm/$U/config/sound" hda
prints 'is seen at once' hda xec -o "$VM" get sound
prints 'db-exists' true db-exists "/vm/$U"
prints 'of no VM' false db-exists /vm/00000000-0000-0000-0000-00000000dead
had_pcm=$(db-read /audio/playback-pcm)
prints 'db-write' '' db-write /audio/playback-pcm 00-03
prints 'db-read' 00-03 db-read /audio/playback-pcm
prints 'the host has it' 00-03 xec -o /host get playback-pcm
[[ -n $had_pcm ]] || db-rm /audio/playback-pcm
if [[ $had_user == false ]]; then
  prints 'db-write' '' db-write /platform/username somebody
  prints 'db-read' somebody db-read /platform/username
fi
drive=90:0:0:2 # no host has it
prints 'assign-cd-device' '' xec -o /host assign-cd-device $drive 1 "$U"
prints 'get-cd-device-assignment' "true"$'\n'"$U" xec -o /host get-cd-device-assignment $drive
prints 'eject-cd-device' '' xec -o /host eject-cd-device $drive
is 'db-ls: the parent comes first' "$(db-ls /xenmgr/cdassign/ | head -n 1)" 'cdassign ='

done_testing

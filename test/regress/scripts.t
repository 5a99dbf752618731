#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Command lines of OpenXT's own scripts and of its users', as they stand there, that no other test
# has: spelling, order of words and all.
. "$(dirname "$0")/lib.sh"

# --- the root object ---
succeeds 'create_vhd with an underscore' xec -i $IFACE create_vhd 10
vhds=("${out%%$'\n'*}")
like 'its first line is a file' "$([[ -e ${vhds[0]} ]] && echo there)" there
succeeds 'a large image is made at once' xec create-vhd 80000
vhds+=("${out%%$'\n'*}")
like 'and is small on disk' "$(stat -c %b "${vhds[1]}")" '^[0-9]{1,5}$'
wallpaper=$(xec get wallpaper)
prints 'set says nothing' '' xec -i $IFACE.config.ui set wallpaper images/wallpaper/s6.png
prints 'a word too many is passed over' images/wallpaper/s6.png xec -i $IFACE.config.ui get wallpaper more
xec set wallpaper "$wallpaper"

# --- VMs ---
templates=/usr/share/xenmgr-1.0/templates/default
[[ $XM_TARGET == sim ]] && templates=${XM_TEMPLATES:-$XM_SOURCE/shim/templates/default}
succeeds 'a template by its path' xec create-vm-with-template "$templates/new-vm-sync"
adopt "$out"
new_vm scripts new-vm-hvm
prints 'set stubdom' '' xec -o "$VM" set stubdom true
prints 'get stubdom' true xec-vm -n scripts get stubdom
prints 'set stubdom false' '' xec-vm -n scripts set stubdom false
prints 'domstore key' '' xec-vm -u "$U" set-domstore-key type ICA
prints 'reads back' ICA xec-vm -u "$U" get-domstore-key type
prints 'from the database, too' ICA db-read "/dom-store/$U/type"
prints 'set type pvm' '' xec-vm -n scripts set type pvm
prints 'pvm is svm' svm xec-vm -n scripts get type
for rule in '0x0c03 0x8086 0x1e26' '0x0403 any any'; do
  # shellcheck disable=SC2086
  prints "add-pt-rule $rule" '' xec-vm -n scripts add-pt-rule $rule
done
prints 'delete-pt-rule' '' xec-vm -n scripts delete-pt-rule 0x0403 any any
unlike 'the old name of a method' "$(xec-vm -n scripts add-v4v-firewall-rule '0 -> myself:2222'; echo "status $?")" 'status 0'

# --- disks ---
succeeds 'add_disk' xec-vm -n scripts add_disk
disk=${out%%$'\n'*}; id=${disk##*/}
prints 'phys-path of a disk by its number' '' xec-vm -n scripts --disk "$id" set phys-path /storage/isos/x.iso
prints 'get phys-path' /storage/isos/x.iso xec-vm -n scripts --disk "$id" get phys-path
like 'of one that is not there' "$(xec-vm -n scripts --disk 77 get phys-path >/dev/null 2>&1; echo $?)" '^[1-9]'
db-write "/vm/$U/config/disk/$id/sha1sum" 00
prints 'db-rm of its sum' '' db-rm "/vm/$U/config/disk/$id/sha1sum"
like 'db-ls without the first slash' "$(db-ls "vm/$U/config/disk")" 'path = "/storage/isos/x.iso"'

# --- other services ---
for call in 'switch-focus -1 false' '-o / -i com.citrix.xenclient.input auth_rm_platform_user'; do
  # shellcheck disable=SC2086
  fails "input: $call" 'ServiceUnknown' xec -s com.citrix.xenclient.input $call
done
fails 'networkdaemon' 'ServiceUnknown' xec -s com.citrix.xenclient.networkdaemon add-vif 0 1 00:16:3e:00:00:01

# --- the database ---
prints 'db-write' '' db-write /platform/username somebody
prints 'db-read' somebody db-read /platform/username
db-rm /platform/username
xec -o /host assign-cd-device 9:0:0:0 1 "$U"
is 'db-ls: the parent comes first' "$(db-ls /xenmgr/cdassign/ | head -n 1)" 'cdassign ='
xec -o /host assign-cd-device 9:0:0:0 0 ''
rm -f "${vhds[@]}"

done_testing

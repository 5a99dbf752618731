#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Disks: records, properties, images, what is removed with them, CDs.
. "$(dirname "$0")/lib.sh"

DISK_IFACE=com.citrix.xenclient.vmdisk
db () { xec -s com.citrix.xenclient.db "$@"; }
created=() isos_before=$(db read /xenmgr/isos)
trap 'put_back; clean_up' EXIT
put_back () {
  ((${#created[@]})) && rm -f "${created[@]}"
  if [[ -n $isos_before ]]; then db write /xenmgr/isos "$isos_before"; else db rm /xenmgr/isos; fi
} >/dev/null 2>&1

vhd () { qemu-img create -q -f vpc -o subformat=dynamic,force_size=on "$1" "$2"; } # FILE SIZE
disk () { xec -i $DISK_IFACE -o "$D" "$@"; } # of the disk that D names

watch_signals
new_guest disks
V=$VM UV=$U

# --- records ---
prints 'a new VM has no disks' '' xec-vm -n disks --list-disks
prints 'add-disk' "$V/disk/0" xec-vm -n disks add-disk
signal_comes 'and tells so' vm_config_changed "$UV"
prints 'again' "$V/disk/1" xec-vm -n disks add-disk
prints 'list-disks' "$V/disk/0"$'\n'"$V/disk/1" xec-vm -n disks list-disks
D=$V/disk/1
while read -r property default; do
  prints "default of $property" "$default" disk get "$property"
done <<'ROWS'
backend-name
backend-uuid
devtype disk
enabled true
encryption-key-set false
managed-disktype
mode w
phys-path
phys-type vhd
shared false
snapshot none
utilization-bytes 0
virt-path hdb
virtual-size-mb 0
ROWS

while read -r property word; do
  succeeds "set $property $word" disk set "$property" "$word"
  prints "and get it" "$word" disk get "$property"
done <<'ROWS'
devtype cdrom
enabled false
managed-disktype system
mode r
phys-path /a, b='c'
phys-type qcow
shared true
snapshot coalesce
virt-path xvdz
ROWS
for word in devtype:floppy mode:rw phys-type:dos snapshot:always managed-disktype:x; do
  fails "set ${word/:/ }" "^$FAILED: unexpected enumeration value$" disk set "${word%:*}" "${word#*:}"
done
for property in backend-name backend-uuid; do
  fails "set $property" "^$FAILED: not implemented$" disk set $property x
done
fails 'utilization-bytes is read-only' "^org.freedesktop.DBus.Error" disk set utilization-bytes 1

xec-vm -n disks set policy-modify-vm-settings false
succeeds 'the policy does not cover disks' disk set mode w
xec -i $VM_IFACE.unrestricted -o "$V" set policy-modify-vm-settings true
daemon restart || diag "the daemon does not restart"
several () { for property; do disk get "$property"; done; }
prints 'all of it survives a restart' $'cdrom\nfalse\n/a, b=\'c\'\ncoalesce' \
  several devtype enabled phys-path snapshot

# --- images ---
vhd "$WORK/a.vhd" 300M
succeeds 'attach-vhd' xec-vm -n disks -k 1 attach-vhd "$WORK/a.vhd"
prints 'phys-path' "$WORK/a.vhd" xec-vm -n disks -k 1 get phys-path
prints 'phys-type' vhd xec-vm -n disks -k 1 get phys-type
prints 'mode' w xec-vm -n disks -k 1 get mode
prints 'devtype' disk xec-vm -n disks -k 1 get devtype
prints 'virt-path stays' xvdz xec-vm -n disks -k 1 get virt-path
prints 'virtual-size-mb' 300 xec-vm -n disks -k 1 get virtual-size-mb
prints 'utilization-bytes' "$(stat -c %s "$WORK/a.vhd")" xec-vm -n disks -k 1 get utilization-bytes
prints 'encryption-key-set' false xec-vm -n disks -k 1 get encryption-key-set
fails 'a key of an odd size' "^$FAILED: only supported key sizes: 256, 512$" \
  disk generate-crypto-key-in 128 "$WORK"
fails 'encryption is refused, no key is made' "^$FAILED: disk encryption is not supported on this host" \
  disk generate-crypto-key-in 256 "$WORK"
is 'no key file' "$(ls "$WORK"/*.key 2>/dev/null)" ''
succeeds 'attach-phy' xec-vm -n disks -k 1 attach-phy /dev/null
prints 'phys-type' phy xec-vm -n disks -k 1 get phys-type
prints 'virtual-size-mb of another type' 0 xec-vm -n disks -k 1 get virtual-size-mb

truncate -s 5M "$WORK/b.raw"
xec-vm -n disks -k 0 set phys-path "$WORK/b.raw"
xec-vm -n disks -k 0 set phys-type raw
space_is () { [[ $(xec-vm -n disks get private-space) == "$1" ]]; }
within 'private-space' "$LIMIT" space_is 5

# --- starting needs them ---
xec-vm -n disks -k 1 attach-vhd "$WORK/nosuch.vhd"
fails 'start without an image' "^$FAILED: Bad Physical Path for disk 1 \($WORK/nosuch.vhd\)$" \
  xec-vm -n disks start
xec-vm -n disks -k 1 set enabled false
fails 'not even a disabled disk' "^$FAILED: Bad Physical Path for disk 1 " xec-vm -n disks start
vhd "$WORK/nosuch.vhd" 10M
xec-vm -n disks -k 1 set phys-type vdi
xec-vm -n disks -k 1 set enabled true
fails 'vdi' "^$FAILED: property phys-type of disk 1 of vm $UV" xec-vm -n disks start
printf 'tdbatmap%021d\1' 0 | tr 0 '\0' | dd of="$WORK/nosuch.vhd" bs=1 seek=2048 conv=notrunc status=none
dd if="$WORK/nosuch.vhd" of="$WORK/footer" bs=512 count=1 status=none
dd if="$WORK/footer" of="$WORK/nosuch.vhd" bs=512 seek=5 conv=notrunc status=none
xec-vm -n disks -k 1 set phys-type vhd
prints 'a VHD that blktap has encrypted' true xec-vm -n disks -k 1 get encryption-key-set
fails 'does not start' "^$FAILED: disk 1 of vm $UV is encrypted, which this toolstack cannot read: " \
  xec-vm -n disks start
prints 'and nothing runs' stopped xec-vm -n disks get state
fails 'nor gets it another key' "^$FAILED: 239:VHD file already contains encryption key$" \
  disk generate-crypto-key-in 256 "$WORK"

# --- a guest with disks ---
vhd "$WORK/nosuch.vhd" 10M
xec-vm -n disks -k 0 set virt-path xvda
xec-vm -n disks -k 1 set virt-path xvdb
[[ $XM_TARGET == lab ]] && xec-vm -n disks -k 1 set enabled false # VHDs need QEMU in dom0
attached () { xl list -l disks | grep -c '"pdev_path": "'"$WORK"; }
succeeds 'start' xec-vm -n disks start
if [[ $XM_TARGET == lab ]]; then
  is 'the raw disk is attached' "$(xl block-list disks | grep -c vbd)" 1
else
  is 'both disks are attached' "$(attached)" 2
  is 'the VHD by the driver for it' "$(xl list -l disks | grep -c '"format": "vhd"')" 1
fi
xec-vm -n disks destroy

# --- what is removed, and what is not ---
there () { [[ -e $WORK/$1 ]]; }
gone () { ! there "$1"; }
xec-vm -n disks -k 1 set shared false
succeeds 'delete a disk' xec-vm -n disks -k 1 delete
succeeds 'with its image' gone nosuch.vhd
fails 'the object is gone' '^org.freedesktop.DBus.Error.Unknown' disk get mode
succeeds 'delete a raw disk' xec-vm -n disks -k 0 delete
succeeds 'the image stays' there b.raw
prints 'no disks' '' xec-vm -n disks list-disks

vhd "$WORK/own.vhd" 1M; vhd "$WORK/shared.vhd" 1M; vhd "$WORK/used.vhd" 1M; vhd "$WORK/twice.vhd" 1M
new_vm other; OTHER=$VM
for image in own shared used twice twice; do
  xec-vm -n disks add-disk >"$WORK/path"
  xec -i $DISK_IFACE -o "$(<"$WORK/path")" attach-vhd "$WORK/$image.vhd"
done
xec-vm -n disks -k 1 set shared true
xec -o "$OTHER" add-disk >/dev/null
xec -i $DISK_IFACE -o "$OTHER/disk/0" attach-vhd "$WORK/used.vhd"
xec-vm -n disks -k 3 delete
succeeds 'an image that another disk of the VM uses stays' there twice.vhd
xec-vm -n disks -k 2 delete
succeeds 'one that another VM uses stays' there used.vhd
xec-vm -n disks add-disk >"$WORK/path"
xec -i $DISK_IFACE -o "$(<"$WORK/path")" attach-vhd "$WORK/used.vhd"
succeeds 'delete the VM' xec -o "$V" delete
succeeds 'its own image goes' gone own.vhd
succeeds 'and the one it used twice' gone twice.vhd
succeeds 'not the shared one' there shared.vhd
succeeds 'nor that of the other VM' there used.vhd
xec -o "$OTHER" delete
succeeds 'which goes with that one' gone used.vhd

# --- new images ---
if [[ $XM_TARGET == sim ]]; then
  printf '[paths]\ndisks-dir=%s/new/disks\n' "$WORK" >"$XM_SIM_DIR/xenmgr-xl.conf"
  daemon restart || diag "the daemon does not restart"
fi
succeeds 'create-vhd' xec create-vhd 64
created+=("$out")
like 'its answer is a path' "$out" '^/.*/[0-9a-f]{8}-.*\.vhd$'
like 'of a VHD of that size' "$(qemu-img info -f vpc "$out")" '64 MiB \(67108864 bytes\)'
for size in 0 -1 2088961; do
  fails "create-vhd $size" "^$FAILED: a VHD can have 1 to 2088960 MiB" xec create-vhd $size
done

# --- CDs ---
mkdir "$WORK/isos"; echo a >"$WORK/isos/a.iso"; echo b >"$WORK/isos/b.iso"
db write /xenmgr/isos "$WORK/isos"
new_vm cds new-vm-hvm
path=$(xec -o "$VM" add-disk); C=$path
xec -i $DISK_IFACE -o "$C" set virt-path hdc
xec -i $DISK_IFACE -o "$C" set devtype cdrom
xec -i $DISK_IFACE -o "$C" set phys-type file
prints 'cd of an empty drive' '' xec-vm -n cds get cd
succeeds 'set cd' xec-vm -n cds set cd a.iso
prints 'cd' a.iso xec-vm -n cds get cd
prints 'it is in the folder of images' "$WORK/isos/a.iso" xec -i $DISK_IFACE -o "$C" get phys-path
fails 'a name that leads out' "^$FAILED: not the name of an image" xec-vm -n cds set cd ../x
xec-vm -n cds set policy-modify-vm-settings false
fails 'the policy covers it' "^$FAILED: 202:" xec-vm -n cds set cd b.iso
xec -i $VM_IFACE.unrestricted -o "$VM" set policy-modify-vm-settings true

if [[ $XM_TARGET == sim ]]; then # the lab's hypervisor may have no HVM
  in_drive () { xl list -l cds | sed -n 's/.*"pdev_path": "\(.*\)".*/\1/p' | paste -sd ' '; }
  xec-vm -n cds set memory 64
  succeeds 'start' xec-vm -n cds start
  is 'the disc is in the drive' "$(in_drive)" "$WORK/isos/a.iso"
  succeeds 'another disc while it runs' xec-vm -n cds set cd b.iso
  is 'is in the drive' "$(in_drive)" "$WORK/isos/b.iso"
  succeeds 'eject' xec-vm -n cds set cd ''
  is 'the drive is empty' "$(in_drive)" ''
  prints 'cd' '' xec-vm -n cds get cd
  fails 'a disc that there is not' "^$FAILED: 223:IO error: \"Error changing cd.\"$" \
    xec-vm -n cds set cd nosuch.iso
  prints 'is kept for the next start' nosuch.iso xec-vm -n cds get cd
  xec-vm -n cds destroy
  fails 'which refuses it' "^$FAILED: Bad Physical Path for disk 0 " xec-vm -n cds start
  rm -f "$XM_SIM_DIR/xenmgr-xl.conf"
  daemon restart || diag "the daemon does not restart"
fi

done_testing

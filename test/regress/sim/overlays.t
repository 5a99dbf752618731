#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Overlays for disks with snapshot=temporary: made at start, removed with the domain.
. "$(dirname "$0")/../lib.sh"
sim_only

images=$WORK/images
mkdir "$images"
qemu-img create -q -f vpc -o subformat=dynamic,force_size=on "$images/base.vhd" 8M
truncate -s 8M "$images/raw.img"

new_guest one
add_disk () { # PATH TYPE SNAPSHOT
  D=$(xec -o "$VM" add-disk)
  xec -o "$D" set phys-type "$2"
  xec -o "$D" set phys-path "$1"
  xec -o "$D" set snapshot "$3"
}
overlays () { (cd "$images" && echo snap_*); }
info () { qemu-img info -U --output=json "$images/$1" | tr -d ' \n'; }
config () { sed -n "s/^disk=//p" "$XM_SIM_DIR/run/$U.cfg"; }

add_disk "$images/base.vhd" vhd temporary
add_disk "$images/raw.img" raw temporary
add_disk "$images/raw.img" raw coalesce

# --- one run ---
echo old >"$images/snap_base.vhd.snap.tmp.qcow2"
succeeds 'start' xec -o "$VM" start
is 'the overlays' "$(overlays)" 'snap_base.vhd.snap.tmp.qcow2 snap_raw.img.snap.tmp.qcow2'
like 'of a VHD' "$(info snap_base.vhd.snap.tmp.qcow2)" "\"backing-filename-format\":\"vpc\".*\"virtual-size\":8388608"
like 'of a raw image' "$(info snap_raw.img.snap.tmp.qcow2)" "\"backing-filename-format\":\"raw\".*\"backing-filename\":\"$images/raw.img\""
like 'the guest gets them' "$(config)" "'format=qcow2,backendtype=qdisk,vdev=hda,[^']*target=$images/snap_base.vhd.snap.tmp.qcow2'"
like 'and the image itself with another word' "$(config)" "'format=raw,vdev=hdc,[^']*target=$images/raw.img'"

# --- another VM with the same image ---
first=$VM
new_guest two
add_disk "$images/base.vhd" vhd temporary
two=$U
succeeds 'start' xec -o "$VM" start
like 'it has an overlay of its own' "$(config)" "target=$images/snap_base.vhd.$two-0.snap.tmp.qcow2'"
succeeds 'destroy' xec -o "$VM" destroy
is 'which goes with it, and no other' "$(overlays)" 'snap_base.vhd.snap.tmp.qcow2 snap_raw.img.snap.tmp.qcow2'

# --- the end, by the guest and unseen ---
xl-sim guest one poweroff
none_left () { [[ $(overlays) == 'snap_*' ]]; }
within 'the overlays go when the guest ends' "$LIMIT" none_left
succeeds 'start' xec -o "$first" start
daemon restart
is 'a restart of the service keeps those of a running VM' "$(overlays)" 'snap_base.vhd.snap.tmp.qcow2 snap_raw.img.snap.tmp.qcow2'
daemon kill
xl destroy one
rm -f "$XM_SIM_DIR"/run/*.overlays # as after a restart of the host
daemon start
within 'what is left of a VM that does not run is removed' "$LIMIT" none_left

# --- reboot: a fresh one ---
succeeds 'start' xec -o "$first" start
inode=$(stat -c %i "$images/snap_raw.img.snap.tmp.qcow2")
exec 5<"$images/snap_raw.img.snap.tmp.qcow2" # so that the number stays taken
xl-sim guest one reboot
is_fresh () { local now; now=$(stat -c %i "$images/snap_raw.img.snap.tmp.qcow2") && ((now != inode)); }
within 'a reboot makes it anew' "$LIMIT" is_fresh
exec 5<&-
state_becomes 'it runs' "$(uuid_of "$first")" running

# --- saved: they belong to what is saved ---
both='snap_base.vhd.snap.tmp.qcow2 snap_raw.img.snap.tmp.qcow2'
succeeds 'save' xec -o "$first" suspend-to-file "$WORK/saved"
is 'the overlays are kept' "$(overlays)" "$both"
daemon restart
is 'also over a restart of the service' "$(overlays)" "$both"
echo changed >>"$images/snap_raw.img.snap.tmp.qcow2"
succeeds 'resume' xec -o "$first" resume-from-file "$WORK/saved"
is 'with what they held' "$(tail -c 8 "$images/snap_raw.img.snap.tmp.qcow2")" changed
xl-sim guest one poweroff
within 'they go with the domain that was resumed' "$LIMIT" none_left
state_becomes 'it is off' "$(uuid_of "$first")" stopped

succeeds 'start' xec -o "$first" start
xl save one "$WORK/by-hand" >/dev/null 2>&1
state_becomes 'saved by hand' "$(uuid_of "$first")" stopped
is 'the overlays are kept' "$(overlays)" "$both"
xl restore "$WORK/by-hand" >/dev/null 2>&1
state_becomes 'restored by hand' "$(uuid_of "$first")" running
is 'with them' "$(overlays)" "$both"
succeeds 'save' xec -o "$first" suspend-to-file "$WORK/saved"
echo changed >>"$images/snap_raw.img.snap.tmp.qcow2"
succeeds 'a start gives up what was saved' xec -o "$first" start
unlike 'its overlays are new' "$(tail -c 8 "$images/snap_raw.img.snap.tmp.qcow2" | tr -d '\0')" changed

# --- the record may change while it runs ---
xec -o "$first/disk/0" set snapshot none
xec -o "$first/disk/1" delete
succeeds 'destroy' xec -o "$first" destroy
is 'all overlays go' "$(overlays)" 'snap_*'

# --- refusals ---
rm "$images/base.vhd"
xec -o "$first/disk/0" set snapshot temporary
fails 'no image' "^$FAILED: Bad Physical Path for disk 0 \($images/base.vhd\)" xec -o "$first" start
is 'leaves no overlay' "$(overlays)" 'snap_*'
is 'nor its name' "$(ls "$XM_SIM_DIR"/run/*.overlays 2>/dev/null)" ''
echo broken >"$images/base.vhd"
fails 'a broken image' "^$FAILED: 223:IO error: command: \"qemu-img create .*\" FAILED\." xec -o "$first" start
is 'leaves no overlay' "$(overlays)" 'snap_*'
is 'nor its name' "$(ls "$XM_SIM_DIR"/run/*.overlays 2>/dev/null)" ''
rm "$images/base.vhd"
qemu-img create -q -f vpc -o subformat=dynamic,force_size=on "$images/base.vhd" 8M
xec -o "$first/disk/0" set phys-type vdi
fails 'a type that cannot be served' "^$FAILED: 207:Incorrect disk type" xec -o "$first" start
xec -o "$first/disk/0" set phys-type vhd
xec -o "$first/disk/0" set devtype cdrom
succeeds 'a CD' xec -o "$first" start
is 'has no overlay' "$(overlays)" 'snap_*'
succeeds 'destroy' xec -o "$first" destroy
xec -o "$first/disk/0" set devtype disk
xec -o "$first/disk/0" set enabled false
succeeds 'a disabled disk' xec -o "$first" start
is 'has no overlay' "$(overlays)" 'snap_*'

done_testing

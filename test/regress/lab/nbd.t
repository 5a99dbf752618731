#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# VHDs on the host, by qemu-nbd: mount and umount, and files taken out of them at start.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/images.sh"

mkdir "$WORK/mnt" "$WORK/other" "$WORK/content"
attached () { find /sys/block/nbd*/pid 2>/dev/null | wc -l; }
is_detached () { (($(attached) == 0)) && ! pgrep -x qemu-nbd; }

echo one >"$WORK/content/one"
ln -s /etc/hostname "$WORK/content/outside"
make_fs "$WORK/fs.img" 24 "$WORK/content"
make_disk "$WORK/disk.img" "$WORK/fs.img"
make_vhd "$WORK/a,b.vhd" "$WORK/fs.img"
make_vhd "$WORK/disk.vhd" "$WORK/disk.img"
qemu-img convert -q -O qcow2 "$WORK/disk.img" "$WORK/disk.qcow2"
new_guest image
add_disk "$WORK/a,b.vhd" vhd; first=$D
add_disk "$WORK/disk.vhd" vhd; second=$D
D=$first

# --- mount, umount ---
[[ -e /sys/block/nbd0 ]] && rmmod nbd
is 'the module is not loaded' "$(ls -d /sys/block/nbd0 2>/dev/null)" ''
succeeds 'mount' xec -o "$D" mount "$WORK/mnt" false
like 'without device files and set-user-id programs' "$(mount_line "$WORK/mnt")" 'rw,nosuid,nodev.* /dev/nbd0 rw'
is 'the content' "$(cat "$WORK/mnt/one")" one
is 'the device in xenstore' "$(xenstore-read "$(mount_node)/dev")" /dev/nbd0
is 'the directory in xenstore' "$(xenstore-read "$(mount_node)/path")" "$WORK/mnt"
echo written >"$WORK/mnt/written"
fails 'a second mount' "^$FAILED: disk .* is mounted already at $WORK/mnt" xec -o "$D" mount "$WORK/other" true
fails 'then the VM does not start' "^$FAILED: disk .* is mounted for writing" xec -o "$VM" start
daemon kill && daemon start
is 'a crash of the service leaves it mounted' "$(cat "$WORK/mnt/one")" one
succeeds 'umount' xec -o "$D" umount
within 'nothing is attached' "$LIMIT" is_detached
is 'nor noted' "$(xenstore-exists "$(mount_node)" && echo there; find "$(run_dir)" -name "nbd*")" ''
fails 'a second umount' "^$FAILED: 223:IO error: device not mounted" xec -o "$D" umount
succeeds 'mount read-only' xec -o "$D" mount "$WORK/mnt" true
is 'what was written' "$(cat "$WORK/mnt/written")" written
is 'the device is read-only' "$(cat /sys/block/nbd0/ro)" 1

# --- several ---
is 'the second has no file system on the whole disk' "$(xec -o "$second" mount "$WORK/other" true 2>&1 | grep -c 'command: "mount .*" FAILED')" 1
is 'and does not stay attached' "$(attached)" 1
xec -o "$second" set phys-path "$WORK/a,b.vhd"
succeeds 'the same image twice, read-only' xec -o "$second" mount "$WORK/other" true
like 'on a device of its own' "$(mount_line "$WORK/other")" ' /dev/nbd1 '
succeeds 'umount' xec -o "$second" umount
succeeds 'umount' xec -o "$first" umount
within 'nothing is attached' "$LIMIT" is_detached
qemu-nbd -f raw -c /dev/nbd0 "$WORK/disk.img"
connected () { [[ -e /sys/block/nbd0/pid ]]; }
within 'another program has the first device' "$LIMIT" connected
succeeds 'mount' xec -o "$D" mount "$WORK/mnt" true
like 'takes the next' "$(mount_line "$WORK/mnt")" ' /dev/nbd1 '
succeeds 'umount' xec -o "$D" umount
is 'leaves the other alone' "$(attached)" 1
qemu-nbd -d /dev/nbd0 >/dev/null
within 'nothing is attached' "$LIMIT" is_detached

# --- by hand ---
succeeds 'mount' xec -o "$D" mount "$WORK/mnt" true
umount "$WORK/mnt"
succeeds 'umount after an umount by hand' xec -o "$D" umount
within 'nothing is attached' "$LIMIT" is_detached
succeeds 'mount' xec -o "$D" mount "$WORK/mnt" true
daemon kill
umount "$WORK/mnt"
daemon start
within 'what is not mounted any more is taken back at the next start' "$LIMIT" is_detached
echo broken >"$WORK/broken.vhd"
xec -o "$D" set phys-path "$WORK/broken.vhd"
fails 'what is no VHD' "^$FAILED: 223:IO error: command: \"qemu-nbd .*\" FAILED\." xec -o "$D" mount "$WORK/mnt" false
within 'nothing is attached' "$LIMIT" is_detached

# --- extraction ---
xec -o "$first" set phys-path "$WORK/disk.vhd"
xec -o "$second" set phys-path "$WORK/disk.qcow2"
xec -o "$second" set phys-type qcow
extracted=$WORK/extracted
xec -o "$VM" set initrd "$extracted"
for disk in "${first##*/}" "${second##*/}"; do
  # The file is no ramdisk, and without QEMU in dom0 there is nobody to serve the disk: only the
  # extraction is looked at.
  xec -o "$VM" set initrd-extract "$disk,1:/one"
  xec -o "$VM" start >/dev/null 2>&1
  is "disk $disk: the file" "$(cat "$extracted")" one
  rm -f "$extracted"
  xec -o "$VM" set initrd-extract "$disk,1:/outside"
  fails "disk $disk: a link to the outside" "^$FAILED: 223:IO error: /outside: openFile: does not exist" xec -o "$VM" start
  xec -o "$VM" set initrd-extract "$disk,2:/one"
  fails "disk $disk: no such partition" "^$FAILED: 223:IO error: .*: there is no partition 2" xec -o "$VM" start
done
within 'nothing is attached' "$LIMIT" is_detached
is 'no directory is left over' "$(find "$(run_dir)" -name 'extract-*')" ''

done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Raw images on the host: mount and umount, and files taken out of them at start.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/images.sh"

mkdir "$WORK/mnt" "$WORK/other"
loops () { losetup -n -O BACK-FILE | grep -cF "$WORK/"; }

new_guest image
mkdir "$WORK/content"
echo one >"$WORK/content/one"
make_fs "$WORK/a.img" 8 "$WORK/content"
add_disk "$WORK/a.img" file

# --- mount, umount ---
fails 'umount of what is not mounted' "^$FAILED: 223:IO error: device not mounted \"\"" xec -o "$D" umount
fails 'a relative directory' "^$FAILED: 223:IO error: mnt: " xec -o "$D" mount mnt true
fails 'a directory that is not there' "^$FAILED: 223:IO error: $WORK/none: openFile: does not exist" xec -o "$D" mount "$WORK/none" true
fails 'a file' "^$FAILED: 223:IO error: $WORK/a.img: openFile: inappropriate type" xec -o "$D" mount "$WORK/a.img" true
is 'nothing is attached' "$(loops)" 0
for type in file raw aio; do
  xec -o "$D" set phys-type $type
  succeeds "$type: mount" xec -o "$D" mount "$WORK/mnt" false
  like "$type: without device files and set-user-id programs" "$(mount_line "$WORK/mnt")" 'rw,nosuid,nodev.* /dev/loop[0-9]+ rw'
  is "$type: the content" "$(cat "$WORK/mnt/one")" one
  echo $type >"$WORK/mnt/$type"
  succeeds "$type: umount" xec -o "$D" umount
  is "$type: it is not mounted" "$(mount_line "$WORK/mnt")" ''
  is "$type: nothing is attached" "$(loops)" 0
  succeeds "$type: mount read-only" xec -o "$D" mount "$WORK/mnt" true
  is "$type: what was written" "$(cat "$WORK/mnt/$type")" $type
  like "$type: it is read-only" "$(mount_line "$WORK/mnt")" ' ro,.* ro'
  succeeds "$type: umount" xec -o "$D" umount
done

xec -o "$D" set phys-type file
succeeds 'mount' xec -o "$D" mount "$WORK/mnt" true
device=$(xenstore-read "$(mount_node)/dev")
like 'the device in xenstore' "$device" '^/dev/loop[0-9]+$'
is 'the directory in xenstore' "$(xenstore-read "$(mount_node)/path")" "$WORK/mnt"
fails 'a second mount' "^$FAILED: disk .* is mounted already at $WORK/mnt" xec -o "$D" mount "$WORK/other" true
is 'mounts nothing' "$(mount_line "$WORK/other")" ''
daemon kill && daemon start
fails 'a second mount after a crash of the service' 'is mounted already' xec -o "$D" mount "$WORK/other" true
fails 'a mounted disk is not deleted' "is mounted at $WORK/mnt" xec -o "$D" delete
fails 'nor is its VM' "is mounted at $WORK/mnt" xec -o "$VM" delete
exec 5<"$WORK/mnt/one"
fails 'umount of what is in use' "^$FAILED: 223:IO error: command: \"umount -- $WORK/mnt\" FAILED\." xec -o "$D" umount
is 'leaves it mounted' "$(mount_line "$WORK/mnt" | wc -l)" 1
exec 5<&-
succeeds 'umount after a crash of the service' xec -o "$D" umount
is 'nothing is attached' "$(loops)" 0
fails 'a second umount' "^$FAILED: 223:IO error: device not mounted" xec -o "$D" umount
succeeds 'mount' xec -o "$D" mount "$WORK/mnt" true
umount "$WORK/mnt"
succeeds 'mount after an umount by hand' xec -o "$D" mount "$WORK/other" true
umount "$WORK/other"
succeeds 'umount after an umount by hand' xec -o "$D" umount
is 'the node is gone' "$(xenstore-exists "$(mount_node)" && echo there)" ''

# --- what is refused ---
for type in phy qcow vdi; do
  xec -o "$D" set phys-type $type
  fails "$type: mount" "^$FAILED: 207:Incorrect disk type" xec -o "$D" mount "$WORK/mnt" true
  fails "$type: umount" "^$FAILED: 207:Incorrect disk type" xec -o "$D" umount
done
xec -o "$D" set phys-type file
truncate -s 1M "$WORK/empty.img"
xec -o "$D" set phys-path "$WORK/empty.img"
fails 'no file system' "^$FAILED: 223:IO error: command: \"mount .*\" FAILED\." xec -o "$D" mount "$WORK/mnt" false
is 'leaves nothing attached' "$(loops)" 0
is 'nor noted' "$(xenstore-exists "$(mount_node)" && echo there)" ''
mkfifo "$WORK/fifo"
xec -o "$D" set phys-path "$WORK/fifo"
fails 'a FIFO' "^$FAILED: 223:IO error: $WORK/fifo: openFile: " xec -o "$D" mount "$WORK/mnt" true
xec -o "$D" set phys-path "$WORK/missing.img"
fails 'no image' "^$FAILED: 223:IO error: $WORK/missing.img: openFile: does not exist" xec -o "$D" mount "$WORK/mnt" false
xec -o "$D" set phys-path "$WORK/a.img"

# --- no start while it is mounted for writing ---
succeeds 'mount for writing' xec -o "$D" mount "$WORK/mnt" false
fails 'then the VM does not start' "^$FAILED: disk .* is mounted for writing at $WORK/mnt" xec -o "$VM" start
prints 'it is stopped' stopped xec -o "$VM" get state
succeeds 'umount' xec -o "$D" umount
xec -o "$D" delete

# --- extraction ---
rm -r "$WORK/content"
mkdir -p "$WORK/content/boot"
cp "$XM_GUEST_RAMDISK" "$WORK/content/boot/initrd-1"
chmod 644 "$WORK/content/boot/initrd-1"
echo secret >"$WORK/host-file"
ln -s /boot/initrd-1 "$WORK/content/initrd"
ln -s "$WORK/host-file" "$WORK/content/outside"
ln -s "../../../../../../../../..$WORK/host-file" "$WORK/content/climbing"
mkfifo "$WORK/content/fifo"
make_fs "$WORK/fs.img" 24 "$WORK/content"
make_disk "$WORK/disk.img" "$WORK/fs.img"
add_disk "$WORK/fs.img" raw; whole=${D##*/}
add_disk "$WORK/disk.img" raw; disk=${D##*/}
extracted=$WORK/extracted
xec -o "$VM" set initrd "$extracted"
try () { xec -o "$VM" set initrd-extract "$1"; shift; "$@" xec -o "$VM" start; }
for link in outside climbing; do
  try "$whole:/$link" fails "a link $link" "^$FAILED: 223:IO error: /$link: openFile: does not exist"
done
try "$whole:/fifo" fails 'a FIFO in the guest' "^$FAILED: 223:IO error: /fifo: openFile: "
try "$whole:/boot" fails 'a directory in the guest' "^$FAILED: 223:IO error: /boot: openFile: inappropriate type"
try "$whole:/missing" fails 'a file that is not there' "^$FAILED: 223:IO error: /missing: openFile: does not exist"
try "$disk,3:/initrd" fails 'no such partition' "^$FAILED: 223:IO error: $WORK/disk.img: there is no partition 3"
try "$disk:/initrd" fails 'no file system on the whole disk' "^$FAILED: 223:IO error: command: \"mount .*\" FAILED\."
is 'nothing was extracted' "$(ls "$extracted"* 2>/dev/null)" ''
# Without a kernel the start ends after the extraction.
xec -o "$VM" set kernel "$WORK/no-kernel"
for from in "$whole:/initrd" "$whole:initrd"; do
  rm -f "$extracted"
  try "$from" fails "$from: the start fails" "^$FAILED: 223:IO error: $WORK/no-kernel: "
  is "$from: the copy" "$(cmp "$extracted" "$XM_GUEST_RAMDISK" 2>&1)" ''
done
xec -o "$VM" set kernel "$XM_GUEST_KERNEL"
try "$disk,1:/boot/initrd-1" succeeds 'a guest starts with what was in its partition'
guest_up image
# A disk that the guest has as well.
D=$VM/disk/$whole
fails 'mount for writing while it runs' "^$FAILED: .*for writing: vm $U runs with it" xec -o "$D" mount "$WORK/mnt" false
succeeds 'mount read-only while it runs' xec -o "$D" mount "$WORK/mnt" true
is 'the content' "$(cmp "$WORK/mnt/boot/initrd-1" "$XM_GUEST_RAMDISK" 2>&1)" ''
succeeds 'umount' xec -o "$D" umount
succeeds 'destroy' xec -o "$VM" destroy

echo stale >"$extracted"
xec -o "$VM" set kernel ''
xec -o "$VM" set kernel-extract "$disk,1:/initrd"
xec -o "$VM" start >/dev/null 2>&1 # a real xl does not like this kernel
is 'what was there before is replaced' "$(cmp "$extracted" "$XM_GUEST_RAMDISK" 2>&1)" ''
like 'the kernel in the run directory' "$(cat "$(run_dir)/$U.cfg")" "kernel='$(run_dir)/$U.kernel'"
xec -o "$VM" destroy
is 'is removed with the domain' "$(ls "$(run_dir)"/*.kernel 2>/dev/null)" ''
is 'no directory is left over' "$(find "$(run_dir)" -name 'extract-*')" ''
is 'nothing is attached' "$(loops)" 0

# --- left over by a service that died ---
daemon kill
mkdir "$(run_dir)/extract-abcdef"
mount -o ro,loop "$WORK/fs.img" "$(run_dir)/extract-abcdef"
daemon start
gone () { [[ ! -e $(run_dir)/extract-abcdef ]] && (($(loops) == 0)); }
within 'a mount for an extraction is taken back' "$LIMIT" gone

done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A disk that the host has mounted is not deleted, nor is its VM. The kernel's table of
# mounts is the test's own.
. "$(dirname "$0")/../lib.sh"
sim_only

mkdir -p "$WORK/root/proc/self"
table=$WORK/root/proc/self/mountinfo
: >"$table"
printf '[paths]\nhost-root=%s\n' "$WORK/root" >"$XM_SIM_DIR/xenmgr-xl.conf"
trap 'rm -f "$XM_SIM_DIR/xenmgr-xl.conf"; clean_up' EXIT
daemon restart

# mounted OPTION...: as vm-disk-mount leaves it, with these options of the file system
mounted () { echo "30 27 7:9 / /mnt/here $1,nosuid - ext4 /dev/loop9 $1" >"$table"; }

new_guest mounted
disk=$(xec -o "$VM" add-disk)
qemu-img create -q -f vpc -o subformat=dynamic,force_size=on "$WORK/a.vhd" 8M
xec -o "$disk" set phys-path "$WORK/a.vhd"
xenstore-write "/xenmgr/mount/$U/0/dev" /dev/loop9 "/xenmgr/mount/$U/0/path" /mnt/here

for how in ro rw; do
  mounted $how
  fails "$how: the disk is not deleted" "^$FAILED: disk 0 of vm $U is mounted at /mnt/here" xec -o "$disk" delete
  fails "$how: nor is the VM" "^$FAILED: disk 0 of vm $U is mounted at /mnt/here" xec -o "$VM" delete
  succeeds "$how: the image is there" test -e "$WORK/a.vhd"
  prints "$how: the VM too" mounted xec -o "$VM" get name
  prints "$how: and its disk" "$WORK/a.vhd" xec -o "$disk" get phys-path
done
fails 'nor is the VM started while the host writes' \
  "^$FAILED: disk 0 of vm $U is mounted for writing at /mnt/here" xec -o "$VM" start
mounted ro
succeeds 'it is while the host reads' xec -o "$VM" start
succeeds 'destroy' xec -o "$VM" destroy

# --- what xenstore says of a mount that is no more does not count ---
: >"$table"
succeeds 'unmounted, the disk is deleted' xec -o "$disk" delete
fails 'with its image' '' test -e "$WORK/a.vhd"
succeeds 'and the VM' xec -o "$VM" delete
no_node () { ! xenstore-exists "/xenmgr/mount/$U"; }
within 'with what xenstore said' "$LIMIT" no_node

# --- where the service has a /tmp of its own, what it wrote there nobody would find ---
echo "31 27 8:1 /tmp/systemd-private-07-xenmgr-xl.service-Qx/tmp /tmp rw - ext4 /dev/sda1 rw" >"$table"
new_guest saved
succeeds 'start' xec -o "$VM" start
fails 'suspend-to-file' "^$FAILED: 223:IO error: /tmp/image: the service has a /tmp of its own" \
  xec -o "$VM" suspend-to-file /tmp/image
prints 'it goes on' running xec -o "$VM" get state
disk=$(xec -o "$VM" add-disk)
xec -o "$disk" set phys-path "$WORK/saved.vhd"
fails 'mount' "^$FAILED: 223:IO error: /tmp/here: the service has a /tmp of its own" \
  xec -o "$disk" mount /tmp/here true

done_testing

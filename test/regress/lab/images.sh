# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the tests with real images share; sourced after lib.sh. Their host has
# loop and network block devices, and whoever runs them is root.

# make_fs FILE MIB [DIR]: a raw image with a file system, and in it what is in DIR
make_fs () {
  truncate -s "$2M" "$1" && mke2fs -q -F -t ext4 ${3:+-d "$3"} "$1"
}

# make_disk FILE FS_IMAGE: a raw image with that file system in its first partition
make_disk () {
  local size sectors
  size=$(stat -c %s "$2")
  sectors=$(printf '%08x' $((size / 512)))
  truncate -s $((size + 1048576)) "$1"
  # One entry: Linux, from sector 2048; numbers have their lowest byte first.
  # shellcheck disable=SC2059 # escapes
  printf '\0\0\0\0\x83\0\0\0\0\x08\0\0'"\\x${sectors:6:2}\\x${sectors:4:2}\\x${sectors:2:2}\\x${sectors:0:2}" |
    dd of="$1" bs=1 seek=446 conv=notrunc status=none
  printf '\x55\xaa' | dd of="$1" bs=1 seek=510 conv=notrunc status=none
  dd if="$2" of="$1" bs=1M seek=1 conv=notrunc,sparse status=none
}

# make_vhd VHD RAW
make_vhd () { qemu-img convert -q -O vpc -o subformat=dynamic,force_size=on "$2" "$1"; }

# add_disk PATH TYPE: sets D to its object
add_disk () {
  D=$(xec -o "$VM" add-disk) && xec -o "$D" set phys-type "$2" && xec -o "$D" set phys-path "$1"
}

# mount_line DIR: its line in the table of mounts
mount_line () { awk -v dir="$1" '$5 == dir' /proc/self/mountinfo; }

mount_node () { echo "/xenmgr/mount/$(uuid_of "$VM")/${D##*/}"; }
run_dir () { [[ $XM_TARGET == lab ]] && echo /run/xenmgr-xl || echo "$XM_SIM_DIR/run"; }

# A failed test leaves no device behind.
unmount_all () {
  local dir
  awk -v work="$WORK/" 'index($5, work) == 1 { print $5 }' /proc/self/mountinfo |
    while read -r dir; do umount "$dir"; done
}
trap 'unmount_all; clean_up' EXIT

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A PV guest with two disks, a raw file and a VHD that create_vhd has made, and a NIC
# on a bridge: it sees all three. Deleting the VM removes the VHD and nothing else.
set -uo pipefail

fail () {
  echo "not ok: $*"
  lab-daemon log | tail -n 40
  xl list -l devices
  lab-guest-console devices
  exit 1
}
sees () { # TEXT
  lab-guest-console --wait "$1" devices >/dev/null || fail "the guest does not say '$1'"
  echo "ok: the guest says '$1'"
}

work=$(mktemp -d)
{ echo 'the raw file...'; head -c 4194288 /dev/zero; } >"$work/a.img"
{ ip link add xenbr0 type bridge && ip link set xenbr0 up; } || fail "no bridge"

lab-daemon start || fail "the service does not start"
path=$(xec create-vm-with-template new-vm-pv) || fail "create-vm-with-template: $path"
xec -o "$path" set name devices
xec -o "$path" set memory 128
xec -o "$path" set memory-static-max 128
xec -o "$path" set kernel /opt/xm-guest/vmlinux
xec -o "$path" set initrd /opt/xm-guest/initrd
xec -o "$path" set cmd-line "console=hvc0 quiet xmtest.write=xvdb"
vhd=$(xec create-vhd 24) || fail "create-vhd: $vhd"
raw_disk=$(xec -o "$path" add-disk) vhd_disk=$(xec -o "$path" add-disk)
xec -o "$raw_disk" set phys-path "$work/a.img"
xec -o "$raw_disk" set phys-type raw
xec -o "$raw_disk" set virt-path xvda
xec -o "$vhd_disk" attach-vhd "$vhd"
xec -o "$vhd_disk" set virt-path xvdb
nic=$(xec -o "$path" add-nic)
[[ $(xec -o "$vhd_disk" get virtual-size-mb) == 24 ]] || fail "virtual-size-mb"

xec -o "$path" start || fail "start"
sees "guest disk xvda 8192 the raw file..."
sees "guest disk xvdb 49152"
sees "guest nic eth0 $(xec -o "$nic" get mac-actual)"
sees "guest wrote guest was here"
vif=vif$(xec -o "$path" get domid).0
[[ $(basename "$(readlink "/sys/class/net/$vif/master")") == xenbr0 ]] || fail "$vif is not on its bridge"
xec -o "$path" destroy || fail "destroy"

# What the guest wrote is in the VHD.
other=$(mktemp -d)
qemu-img convert -f vpc -O raw "$vhd" "$other/raw" || fail "the VHD cannot be read"
[[ $(head -c 14 "$other/raw") == "guest was here" ]] || fail "the VHD does not hold what the guest wrote"
echo "ok: the VHD holds what the guest wrote"

xec -o "$path" delete || fail "delete"
[[ ! -e $vhd ]] || fail "the VHD is still there"
[[ -e $work/a.img ]] || fail "the raw file is gone"
echo "ok: delete has removed the VHD and not the raw file"
lab-daemon stop || fail "the service does not stop"

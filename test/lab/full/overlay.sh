#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A guest whose VHD has snapshot=temporary: what it writes is gone with it, and the
# image stays as it was.
set -uo pipefail

fail () {
  echo "not ok: $*"
  lab-daemon log | tail -n 40
  lab-guest-console overlay
  exit 1
}
expect () { # WANTED GOT WHAT
  [[ $1 == "$2" ]] || fail "$3 is '$2' instead of '$1'"
  echo "ok: $3 is $1"
}
gone () { # FILE: waits for its end
  for ((i = 0; i < 100; i++)); do [[ -e $1 ]] || return 0; sleep 0.2; done
  return 1
}

work=$(mktemp -d)
overlay=$work/snap_base.vhd.snap.tmp.qcow2
{ echo 'as it was made '; head -c 8388592 /dev/zero; } >"$work/raw"
qemu-img convert -q -f raw -O vpc -o subformat=dynamic,force_size=on "$work/raw" "$work/base.vhd"
sum=$(sha1sum <"$work/base.vhd")

lab-daemon start || fail "the service does not start"
path=$(xec create-vm-with-template new-vm-pv) || fail "create-vm-with-template: $path"
xec -o "$path" set name overlay
xec -o "$path" set memory 128
xec -o "$path" set memory-static-max 128
xec -o "$path" set kernel /opt/xm-guest/vmlinux
xec -o "$path" set initrd /opt/xm-guest/initrd
xec -o "$path" set cmd-line "console=hvc0 quiet xmtest.write=xvda"
disk=$(xec -o "$path" add-disk)
xec -o "$disk" attach-vhd "$work/base.vhd"
xec -o "$disk" set virt-path xvda
xec -o "$disk" set snapshot temporary

for run in first second; do
  xec -o "$path" start || fail "$run start"
  [[ -e $overlay ]] || fail "$run run: no overlay"
  lab-guest-console --wait "guest wrote guest was here" overlay >/dev/null || fail "$run run: the guest does not write"
  expect "guest reads as it was made " "$(lab-guest-console overlay | tr -d '\r' | grep '^guest reads' | tail -n 1)" "$run run: what the guest finds"
  xec -o "$path" destroy || fail "destroy"
  gone "$overlay" || fail "the overlay is still there"
  expect "$sum" "$(sha1sum <"$work/base.vhd")" "$run run: the sum of the image"
done
expect "base.vhd raw" "$(cd "$work" && echo *)" "what is left"
lab-daemon stop || fail "the service does not stop"

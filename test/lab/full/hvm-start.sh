#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# An HVM guest with its QEMU in dom0: started from the template for any Xen host,
# running, destroyed. It has no disk and stays in SeaBIOS, which is all this needs.
set -uo pipefail

fail () {
  echo "not ok: $*"
  lab-daemon log | tail -n 40
  xl list -v
  exit 1
}
expect () { # WANTED GOT WHAT
  [[ $1 == "$2" ]] || fail "$3 is '$2' instead of '$1'"
  echo "ok: $3 is $1"
}

lab-daemon start || fail "the service does not start"
path=$(xec create-vm-with-template new-vm-hvm) || fail "create-vm-with-template: $path"
xec -o "$path" set name hvm || fail "set name"
xec-vm -n hvm set memory 128 || fail "set memory"
xec-vm -n hvm start || fail "start"
expect running "$(xec-vm -n hvm get state)" "state after start"
domid=$(xec-vm -n hvm get domid)
expect "$domid" "$(xl domid "$(xl domname "$domid")")" "domid"
model=$(xenstore-read "/local/domain/$domid/image/device-model-pid") || fail "no device model"
[[ -d /proc/$model ]] || fail "the device model has gone"
xec-vm -n hvm destroy || fail "destroy"
expect stopped "$(xec-vm -n hvm get state)" "state after destroy"
[[ ! -d /proc/$model ]] || fail "the device model is still there"
xec-vm -n hvm delete || fail "delete"
expect "" "$(xec list-vms)" "the list of VMs"
lab-daemon stop || fail "the service does not stop"

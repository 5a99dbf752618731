#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# device-model with a real QEMU and qmp-helper at both ends; a network of its own stands for the host's.
# QMP_HELPER is the helper to test.
if [[ ! ${STUBDOM_NET:-} ]]; then
  if ((EUID)); then exec env STUBDOM_NET=1 unshare --net --map-root-user bash "$0" "$@"; fi
  exec env STUBDOM_NET=1 unshare --net bash "$0" "$@"
fi
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
talk=$init/test/talk
[[ -x ${QMP_HELPER:-} ]] || { echo "1..0 # QMP_HELPER is not set"; exit 1; }

ln -s "$(command -v qemu-system-x86_64)" "$root/usr/libexec/xen-qemu-system-i386"
ln -s "$(readlink -f "$QMP_HELPER")" "$root/usr/libexec/qmp-helper"
echo 'console=hvc0 stubdom.qmp=unix' >"$root/proc/cmdline"

# The network's end of the front end, and the front end where sysfs has it. Its address is the guest's.
guest=00:16:3e:00:00:05
mount -t sysfs sysfs /sys || exit 1
rmdir "$root/sys/class/net"
ln -s /sys/class/net "$root/sys/class/net"
ip link add front7 type veth peer name network
ip link set front7 address $guest mtu 1400
ip link set network up
mkdir -p "$root/sys/bus/xen/devices/vif-0/net/front7"

"$talk" console "$root/dev/hvc1" "$host/saved" &
background+=($!)
wait_until test -e "$root/dev/hvc1"
xenstore-write device/console/1/state 4

arguments -machine pc,accel=tcg -display none -nodefaults -no-user-config -S -m 16 \
  -netdev type=tap,id=net0,ifname=vif5.0-emu,script=no,downscript=no \
  -device rtl8139,id=card,netdev=net0,mac=$guest -device piix3-usb-uhci,id=usb
device_model &
model=$!
background+=("$model")
ok "QEMU serves its monitor" wait_until test -S "$root/run/qmp-peer" || { sed 's/^/# /' "$host/log"; plan; exit 1; }

"$QMP_HELPER" --transport=unix --unix-type=stream --peer="$root/run/qmp-peer" --guest=5 --socket="$host/qmp" \
  >"$host/helper.log" 2>&1 &
background+=($!)
wait_until test -S "$host/qmp"

is "twenty sessions in a row, each greeted and answered" "$("$talk" many "$host/qmp" 20)" 20

fds () { "$talk" qmp "$host/qmp" query-fdsets | tail -n 1; }
ok "the set to save to outlives them" has '"fdset-id": 1}' "$(fds)"
"$talk" qmp "$host/qmp" cont >/dev/null
"$talk" qmp "$host/qmp" query-status >/dev/null
ok "while the guest runs, too" has '"opaque": "save"' "$(fds)"
"$talk" qmp "$host/qmp" stop >/dev/null
save='{"execute":"xen-save-devices-state","arguments":{"filename":"/dev/fdset/1","live":true}}'
is "libxl's command to save works" "$("$talk" qmp "$host/qmp" "$save" | tail -n 1)" '{"return": {}}'
magic () { [[ $(head -c 4 "$host/saved") == QEVM ]]; }
ok "the state goes to console 1" wait_until magic
ok "which changes no bytes" has ' -opost ' "$(stty -F "$(readlink "$root/dev/hvc1")" -a | tr '\n' ' ')"

ok "the NIC is connected" wait_until grep -q 'nic 0: front7 and vif5.0-emu are connected' "$host/log"
is "a frame for the guest's address arrives at its NIC" "$("$talk" frame network vif5.0-emu $guest)" arrived
is "which carries frames as large as the front end's" "$(<"/sys/class/net/vif5.0-emu/mtu")" 1400
# A card on the PCI bus goes when the guest lets it go; one on USB goes at once.
"$talk" qmp "$host/qmp" '{"execute":"device_add","arguments":{"driver":"usb-net","id":"nic0"}}' \
  '{"execute":"device_del","arguments":{"id":"nic0"}}' >/dev/null
ok "an unplugged one is disconnected" wait_until grep -q 'nic 0 is unplugged' "$host/log"
down () { [[ $(<"/sys/class/net/$1/operstate") == down ]]; }
ok "and carries nothing any more" wait_until down front7

"$talk" qmp "$host/qmp" quit >/dev/null
wait "$model"
is "device-model ends with QEMU" "$?" 0
left () { pgrep -f -- "--connect=$root/run/qmp" >/dev/null; }
not_left () { ! left; }
ok "and leaves no helper behind" wait_until not_left
((failures)) && sed 's/^/# /' "$host"/*.log "$host/log"
plan

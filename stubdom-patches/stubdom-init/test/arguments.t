#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What device-model makes of what the toolstack says, with a QEMU that only tells how it was called.
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"

cat >"$root/usr/libexec/xen-qemu-system-i386" <<'QEMU'
#!/bin/bash
PATH=/usr/bin:/bin
printf '%s\0' "$@" >"$TEST/argv"
for fd in 3 4; do
  [[ -e /proc/self/fd/$fd ]] && echo "$fd $(readlink /proc/self/fd/$fd) $(sed -n 's/^flags:.*\(.\)$/\1/p' /proc/self/fdinfo/$fd)"
done >"$TEST/fds"
exit 7
QEMU
chmod +x "$root/usr/libexec/xen-qemu-system-i386"

given () { # N: the first N arguments of QEMU
  mapfile -d '' -t got <"$host/argv"
  printf '<%s>' "${got[@]:0:$1}"
}
tail_of () { # N: those behind the first N
  mapfile -d '' -t got <"$host/argv"
  echo "${got[*]:$1}"
}
refused () { # TEXT: says so, and starts no QEMU
  rm -f "$host/argv"
  if device_model; then return 1; fi
  [[ ! -e $host/argv ]] && has "$1" "$(<"$host/log")"
}

many=(-xen-domid 5 -name 'two words' '' $'line\nbreak\n' "quotes ' and \"" '*' '\x41 $HOME' 'grün' 'a=b,c' -machine xenfv)
arguments "${many[@]}"
device_model
is "QEMU's status is the result" "$?" 7
is "QEMU gets the arguments as they are, in order" "$(given ${#many[@]})" "$(printf '<%s>' "${many[@]}")"
is "and behind them its monitors" "$(tail_of ${#many[@]})" \
  "-chardev pipe,id=stubdom-events,path=$root/run/events -mon chardev=stubdom-events,mode=control -chardev socket,id=stubdom-qmp,path=$root/run/qmp,server=on,wait=off -mon chardev=stubdom-qmp,mode=control"
is "without consoles there are no descriptors" "$(<"$host/fds")" ""

arguments -S -incoming '$STUBDOM_RESTORE_INCOMING_ARG' -m 64
ok "restoring needs a console" refused "no console to restore from"

: >"$root/dev/hvc1"
: >"$root/dev/hvc2"
xenstore-write device/console/1/state 4 device/console/2/state 4
device_model
is "the console to restore from takes the place of the literal" "$(given 5)" "<-S><-incoming><fd:3><-m><64>"
is "3 is console 2 for reading, 4 is console 1 for writing" "$(<"$host/fds")" \
  "3 $root/dev/hvc2 0"$'\n'"4 $root/dev/hvc1 1"
ok "console 1 is in the set that libxl saves to" has "-add-fd fd=4,set=1,opaque=save" "$(tail_of 5)"
xenstore-rm device/console/2
arguments -S
device_model
is "a console that the toolstack did not make is not used" "$(<"$host/fds")" "4 $root/dev/hvc1 1"

no_monitor () { device_model; lacks stubdom-qmp "$(tail_of 0)"; }
echo 'console=hvc0 stubdom.qmp=none' >"$root/proc/cmdline"
ok "no monitor for dom0 when the command line says so" no_monitor
echo 'console=hvc0' >"$root/proc/cmdline"
arguments -S -chardev argo,id=libxl-cmd -mon chardev=libxl-cmd,mode=control
ok "nor when QEMU itself has one over Argo" no_monitor
echo 'stubdom.qmp=argo' >"$root/proc/cmdline"
device_model
ok "unless it is asked for" has stubdom-qmp "$(tail_of 0)"

echo 'stubdom.qmp=carrier-pigeon' >"$root/proc/cmdline"
ok "an unknown transport is refused" refused "'carrier-pigeon' is none of"
echo 'stubdom.marker=yes' >"$root/proc/cmdline"
ok "so is a marker that is no number" refused "'yes' is neither 0 nor 1"
: >"$root/proc/cmdline"
arguments
ok "no arguments" refused "no arguments for QEMU"
xenstore-rm /local/domain/5/vm
ok "a target without a vm node" refused "domain 5 has no vm node"
xenstore-write target '5; poweroff'
ok "a target that is no domid" refused "not domain ids"
xenstore-rm target
ok "no target" refused "not made this domain a stubdomain"
xenstore-rm domid
ok "no xenstore" refused "not a domain of Xen?"
plan

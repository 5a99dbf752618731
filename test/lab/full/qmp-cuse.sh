#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# qmp-helper over Argo and V4V as far as a kernel without their drivers goes: real ioctls of
# the real program on device nodes that CUSE makes, a real domain as the stubdomain, real
# QEMU behind it, and libxl's own QMP client in front.
set -uo pipefail

work=$(mktemp -d) helper='' device='' qemu=''
clean () {
  local pid
  for pid in $helper $device $qemu; do kill "$pid" 2>/dev/null; done
  xl destroy stub 2>/dev/null
}
trap clean EXIT
fail () {
  echo "not ok: $*"
  tail -n 20 "$work"/*.log
  exit 1
}
within () { # WHAT COMMAND...: until it succeeds
  local i what=$1
  shift
  for ((i = 0; i < 600; i++)); do "$@" 2>/dev/null && return; sleep 0.1; done
  fail "$what"
}
gone () { [[ ! -e $1 ]]; }
over () { ! kill -0 "$1"; }

cat >"$work/stub.cfg" <<'CFG'
name = "stub"
type = "pv"
memory = 128
kernel = "/opt/xm-guest/vmlinux"
ramdisk = "/opt/xm-guest/initrd"
CFG
/usr/libexec/xen-qemu-system-i386 -M none -accel qtest -nodefaults -display none \
  -qmp "unix:$work/qemu,server=on,wait=off" >"$work/qemu.log" 2>&1 &
qemu=$!
within "QEMU's monitor" test -S "$work/qemu"

for driver in argo v4v; do
  # Never run: all that is asked of it is that it exists.
  xl create -q -e -p "$work/stub.cfg" || fail "xl create"
  stub=$(xl domid stub)
  socket=/var/run/xen/qmp-libxl-$stub
  qmp-helper-status () { /usr/libexec/qmp-helper "$@" >>"$work/status.log" 2>&1; echo $?; }

  [[ $(qmp-helper-status --transport=$driver --wait=0 "$stub" "$stub") == 4 ]] ||
    fail "status without the device"
  cuse-device $driver "$stub" "$work/qemu" >"$work/$driver.log" 2>&1 &
  device=$!
  within "/dev/${driver}_dgram" test -c "/dev/${driver}_dgram"
  [[ $(qmp-helper-status --transport=$driver --wait=0 "$stub" $((stub + 100))) == 1 ]] ||
    fail "status with a domain that does not exist"
  grep -q 'No such process' "$work/status.log" || fail "nothing is said of the domain"
  [[ $(qmp-helper-status --transport=$driver --sandbox-test "$stub" "$stub") == 0 ]] ||
    fail "the sandbox"

  for mux in '' --mux; do
    rm -f "$work/ready"
    mkfifo "$work/ready"
    # shellcheck disable=SC2086 # no word or one
    /usr/libexec/qmp-helper $mux --stats --transport=$driver --ready-fd=9 "$stub" "$stub" \
      9>"$work/ready" 2>"$work/helper.log" &
    helper=$!
    cat "$work/ready" # ends when it is ready
    [[ -S $socket ]] || fail "$driver: $socket is not there"
    qmp-far connect "$socket" 30 >/dev/null || fail "$driver $mux: connections"
    xl qemu-monitor-command stub 'info version' >"$work/version" || fail "$driver $mux: libxl"
    grep -q '^7\.' "$work/version" || fail "$driver $mux: libxl got '$(<"$work/version")'"
    # A quarter of a mebibyte comes back in pieces.
    xl qemu-monitor-command stub 'help' >"$work/help" || fail "$driver $mux: a long answer"
    (($(wc -c <"$work/help") > 4096)) || fail "$driver $mux: the long answer is short"
    if [[ $mux ]]; then
      for i in 1 2 3; do qmp-far connect "$socket" 10 >/dev/null & pids[i]=$!; done
      for i in 1 2 3; do wait "${pids[i]}" || fail "$driver: client $i of three at once"; done
    fi
    grep -q Seccomp:.2 /proc/$helper/status || fail "$driver $mux: no sandbox"
    kill -HUP $helper
    wait $helper || fail "$driver $mux: status $? at the end"
    helper=''
    gone "$socket" || fail "$driver $mux: the socket is left"
    grep -q ' lost=0 .*bad_messages=0' "$work/helper.log" || fail "$driver $mux: $(<"$work/helper.log")"
    echo "ok: $driver $mux"
  done

  # The stubdomain's end is the helper's.
  /usr/libexec/qmp-helper --transport=$driver "$stub" "$stub" 2>"$work/helper.log" &
  helper=$!
  within "$driver: the socket" test -S "$socket"
  qmp-far connect "$socket" 1 >/dev/null || fail "$driver: a connection"
  xl destroy stub
  within "$driver: the helper outlives the domain" over $helper
  wait $helper || fail "$driver: status $? when the domain is gone"
  helper=''
  gone "$socket" || fail "$driver: the socket outlives the domain"
  kill $device
  wait $device 2>/dev/null
  device=''
  within "the device is left" gone "/dev/${driver}_dgram"
  echo "ok: $driver ends with its domain"
done

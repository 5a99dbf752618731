#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# libxl's QMP connections to a device model in a stubdomain that does not greet.
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
make_host

make_domain 20 $uuid one hvm
make_domain 21 22222222-2222-3333-4444-555555555555 one-dm
make_domain 30 33333333-2222-3333-4444-555555555555 two hvm
xenstore-write /local/domain/20/image/device-model-domid 21 /local/domain/21/target 20 \
  /libxl/20/dm-version qemu_xen /libxl/30/dm-version qemu_xen \
  /local/domain/30/image/device-model-pid 1

for domid in 20 30; do
  XENSTANDIN_DIR=$host "$here/fake-device-model" serve /run/xen/qmp-libxl-$domid & background+=($!)
  wait_until test -S /run/xen/qmp-libxl-$domid
done
forget () { rm -f "$host"/qmp-*.log; }

# Asynchronously.
xl trigger one s3resume 2>"$host/err"
is "a device model that greets gets the command" "$(commands 20)" "system_wakeup {}"
forget
echo 1 >"$host/silent"
xl trigger one s3resume 2>"$host/err"
is "one that takes the first connection for the old one gets it through a second" \
  "$(commands 20)" $'(silence)\nsystem_wakeup {}'
ok "which is told" has "connecting again" "$(cat "$host/err")"
forget
echo 1 >"$host/hangup"
xl trigger one s3resume 2>"$host/err"
is "so does one whose proxy hangs up" "$(commands 20)" "system_wakeup {}"
forget
echo 2 >"$host/silent"
out=$(xl trigger one s3resume 2>&1)
is "there is no third" "$(commands 20)" $'(silence)\n(silence)'
ok "but an end" has "no greeting from the device model" "$out"
rm "$host/silent"
forget

# Synchronously.
out=$(xl qemu-monitor-command one info 2>"$host/err")
is "a monitor command is answered" "$out" "said info"
forget
echo 1 >"$host/silent"
out=$(xl qemu-monitor-command one info 2>"$host/err")
is "also through a second connection" "$out" "said info"
is "which is all there was" "$(commands 20)" \
  $'(silence)\nhuman-monitor-command {"command-line": "info"}'
forget

# One at a time: the synchronous ones wait for the lock, too.
lock=/var/lib/xen/userdata-l.20.$uuid.qmp-socket-lock
exec 8>"$lock"
flock 8
(exec 8>&- env LD_LIBRARY_PATH="$libraries" LD_PRELOAD="$host/hypervisor.so" \
  "$xl" qemu-monitor-command one info) >"$host/out" 2>"$host/err" & waiting=$!
background+=("$waiting")
tries_lock () {
  local link
  for link in /proc/"$waiting"/fd/*; do [[ $(readlink "$link") == "$lock" ]] && return; done
  return 1
}
wait_until tries_lock
ok "while another one has the lock there is no connection" test ! -e "$host/qmp-qmp-libxl-20.log"
rm "$lock"
exec 8>&-
wait "$waiting"
is "afterwards there is" "$(cat "$host/out")" "said info"
ok "and the lock is gone" test ! -e "$lock"
forget

# A guest without a stubdomain is served as ever.
echo 1 >"$host/hangup"
out=$(xl trigger two s3resume 2>&1)
is "without a stubdomain nothing is tried again" "$(commands 30)" ""
ok "and the error is told" has "Error happened with the QMP connection" "$out"
xl trigger two s3resume 2>"$host/err"
is "the next command is a matter of its own" "$(commands 30)" "system_wakeup {}"
plan

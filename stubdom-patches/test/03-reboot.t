#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Reboots of guests that only power off, the gate before they are made again, shutdown -c.
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
make_host
echo 'domain_state_path="/state"' >>/etc/xen/xl.conf
flag=/state/$uuid/reboot

monitor () { # starts a watched domain
  forget_written
  xl create -p "$config" >"$host/out" 2>&1
  wait_until last_written created
  wait_until grep -q Waiting /var/log/xen/xl-one.log
  pid=$(sed -n 's/.*to die \[pid \([0-9]*\)\].*/\1/p' /var/log/xen/xl-one.log | tail -1)
  domid=$(xl domid one)
  xl unpause one
  forget_written
}
new_domid () { local now; now=$(xl domid one 2>/dev/null) && [[ $now != "$1" ]]; }

write_config one
monitor
answer_control "$domid" 0 1 & background+=($!)
xl reboot one 2>"$host/err"
wait_until last_written rebooted
is "a reboot up to the gate" "$(written)" "rebooting rebooting shutdown rebooted"
ok "the flag is taken" bash -c "! xenstore-exists $flag"
ok "no domain is made before the signal" bash -c "! test -e $host/domains/$((domid + 1))"
kill -USR1 "$pid"
wait_until last_written created
is "the signal opens the gate" "$(written)" "rebooting rebooting shutdown rebooted creating-devices created"
ok "it is another domain" new_domid "$domid"
ok "and still paused, as with -p" has "--p---" "$(xl list one)"
domid=$(xl domid one)
xl unpause one

# A signal that comes too early answers nothing.
forget_written
kill -USR1 "$pid"
end_domain "$domid" 1
wait_until last_written rebooted
ok "an early signal does not open it" bash -c "! test -e $host/domains/$((domid + 1))"
kill -USR1 "$pid"
wait_until last_written created
domid=$(xl domid one)

# Without PV drivers: a request, then a power-off.
forget_written
xenstore-write "$flag" 1
end_domain "$domid" 0
wait_until last_written rebooted
is "a power-off after a request is a reboot" "$(written)" "rebooting shutdown rebooted"
kill -USR1 "$pid"
wait_until last_written created
domid=$(xl domid one)
forget_written
end_domain "$domid" 0
wait_until last_written shutdown
is "a power-off without one is the end" "$(written)" "shutdowning shutdown"
wait_until bash -c "! kill -0 $pid"

# Refused requests leave nothing behind.
make_domain 50 $uuid hvm1 hvm
out=$(xl reboot hvm1 2>&1); status=$?
ok "reboot of a guest without PV drivers fails" test $status -ne 0
ok "and says why" has "PV control interface not available" "$out"
ok "and leaves no flag" bash -c "! xenstore-exists $flag"

forget_written
out=$(xl shutdown hvm1 2>&1); status=$?
ok "so does shutdown" test $status -ne 0
is "which changes nothing" "$(written)" ""
xl shutdown -c hvm1 2>"$host/err"
is "shutdown -c stops it" "$(cat "$host/domains/50")" "0 0 1 0 0 1 0"
is "and says so" "$(written)" shutdowning
out=$(xl reboot -c hvm1 2>&1); status=$?
is "reboot has no -c" $status 2

# The default.
echo 'autoballoon="off"' >/etc/xen/xl.conf
forget_written
: >/var/log/xen/xl-one.log
xl destroy hvm1
xl create "$config" >"$host/out" 2>&1
wait_until grep -q Waiting /var/log/xen/xl-one.log
domid=$(xl domid one)
end_domain "$domid" 1
ok "without the setting it is made again by itself" wait_until new_domid "$domid"
is "and nothing is written" "$(written)" ""
xl destroy one
plan

#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What xl writes to /state/UUID/state during a domain's life.
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
make_host

write_config one
xl create -e -p "$config" 2>"$host/err"
is "without the setting nothing is written" "$(written)" ""
ok "and no node exists" test "$(xenstore-ls /state 2>/dev/null | wc -l)" -eq 0
xl destroy one

echo 'domain_state_path="/state"' >>/etc/xen/xl.conf
after () { # DESCRIPTION EXPECTED COMMAND...
  forget_written
  "${@:3}" >"$host/out" 2>&1
  is "$1" "$(written)" "$2"
}

after "create -e -p" "creating-devices created" xl create -e -p "$config"
is "the node holds the last one" "$(xenstore-read "/state/$uuid/state")" created
is "and the number of changes" "$(xenstore-read "/state/$uuid/seq")" 2
after "unpause" running xl unpause one
after "pause" paused xl pause one
after "unpause again" running xl unpause one
after "destroy" shutdown xl destroy one
is "the node outlives the domain" "$(xenstore-read "/state/$uuid/state")" shutdown
is "and so does the count" "$(xenstore-read "/state/$uuid/seq")" 6

after "create -e" "creating-devices created running" xl create -e "$config"
domid=$(xl domid one)
answer_control "$domid" 0 1 & background+=($!)
after "shutdown of a domain that nobody watches" shutdowning xl shutdown -w one
after "and its destruction" shutdown xl destroy one

# The same uuid twice, which xl allows until the names clash.
xl create -e "$config" 2>/dev/null
after "a second domain of the same name is refused" "" xl create -e "$config"
is "and the first one's state stays" "$(xenstore-read "/state/$uuid/state")" running
xl destroy one

# A device model domain has no state of its own.
make_domain 40 22222222-0000-0000-0000-000000000000 stub
xenstore-write /local/domain/40/target 39
after "pause of a stubdomain" "" xl pause stub

after "a domain that could not be built" "creating-devices shutdown" \
  env FAKE_BUILD_FAILS=1 bash -c "$(declare -f xl); libraries='$libraries' host='$host' xl='$xl'; xl create -e '$config'"

# With a process that watches the domain.
forget_written
xl create "$config" >"$host/out" 2>&1
wait_until last_written running
domid=$(xl domid one)
end_domain "$domid" 0
wait_until last_written shutdown
is "a guest that powers off by itself" "$(written)" "creating-devices created running shutdowning shutdown"

forget_written
echo 'domain_state_path="state"' >/etc/xen/xl.conf
out=$(xl list 2>&1); status=$?
ok "a path that is none is refused" test $status -ne 0
ok "and named" has '"state" cannot be the path' "$out"
plan

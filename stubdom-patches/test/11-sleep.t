#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# xl sleep and xl hibernate: the requests to a guest's PV drivers.
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
make_host
echo 'domain_state_path="/state"' >>/etc/xen/xl.conf
make_domain 8 $uuid win hvm 0 drivers
make_domain 9 99999999-2222-3333-4444-555555555555 pv1
control=/local/domain/8/control

# The guest's drivers: take each request and note it.
drivers () {
  local asked
  while sleep 0.05; do
    asked=$(xenstore-read $control/shutdown 2>/dev/null)
    [[ $asked ]] || continue
    echo "$asked" >>"$host/asked"
    xenstore-write $control/shutdown ''
    [[ $asked == hibernate ]] && end_domain 8 0
  done
}
touch "$host/asked"
drivers & background+=($!)

out=$(xl sleep win 2>&1); status=$?
is "sleep of a guest that does not offer it fails" $status 1
ok "and says why" has "PV control interface not available" "$out"
out=$(xl hibernate win 2>&1); status=$?
is "hibernate does, with the status callers know" $status 255
is "neither asks the guest" "$(cat "$host/asked")" ""
is "or announces anything" "$(written)" ""

xenstore-write $control/feature-s3 1 $control/feature-s4 1
xl sleep win 2>"$host/err"
is "sleep succeeds" $? 0
is "with s3" "$(cat "$host/asked")" s3
xl hibernate -w win 2>"$host/err"
is "hibernate -w succeeds" $? 0
is "with hibernate" "$(cat "$host/asked")" $'s3\nhibernate'
is "which is announced" "$(written)" shutdowning
ok "and it waited" has "0 0 1" "$(cat "$host/domains/8")"

out=$(xl sleep pv1 2>&1); status=$?
is "a PV guest is refused" $status 1
ok "by name of the request" has "only HVM guests know the request s3" "$out"
plan

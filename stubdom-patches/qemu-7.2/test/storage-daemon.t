#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# qemu-storage-daemon, the smallest program of QEMU with a QMP monitor, has it on the chardev "argo";
# qmp-helper takes it from there to clients of a socket. QEMU_TOOLS and QMP_HELPER say where both are.
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
talk=$here/../../stubdom-init/test/talk
work=$(mktemp -d)
background=()
end () {
  local status=$? pid
  for pid in "${background[@]}"; do kill "$pid" 2>/dev/null; done
  for pid in "${background[@]}"; do wait "$pid" 2>/dev/null; done
  rm -rf "$work"
  exit "$status"
}
trap end EXIT
tests=0 failures=0
ok () { # DESCRIPTION COMMAND...
  local what=$1 status=ok
  shift
  tests=$((tests + 1))
  "$@" || { status='not ok' failures=$((failures + 1)); }
  echo "$status $tests - $what"
}
wait_until () { # COMMAND...: at most two minutes
  local i
  for ((i = 0; i < 1200; i++)); do
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.1
  done
  echo "# waited in vain for: $*"
  return 1
}

start_daemon () {
  "${QEMU_TOOLS:?}/storage-daemon/qemu-storage-daemon" \
    --chardev argo,id=qmp,transport=unix,path="$work/stubdom" --monitor chardev=qmp >"$work/daemon.log" 2>&1 &
  daemon=$!
  background+=("$daemon")
}

start_daemon
ok "the chardev has its socket" wait_until test -S "$work/stubdom"
"${QMP_HELPER:?}" --transport=unix --unix-type=dgram --peer="$work/stubdom" --socket="$work/qmp" \
  --guest=5 >"$work/helper.log" 2>&1 &
background+=($!)
ok "the helper serves its own" wait_until test -S "$work/qmp"

version () { "$talk" qmp "$work/qmp" query-version | tail -n 1; }
says () { [[ $2 == *"$1"* ]]; }
ok "a client is greeted and answered" says '"major": 7' "$(version)"
ok "so are fifty more, one after the other" test "$("$talk" many "$work/qmp" 50 query-version)" = 50
# A quarter of a mebibyte, in pieces of the ring's size.
schema () { "$talk" qmp "$work/qmp" query-qmp-schema | tail -n 1 | wc -c; }
ok "a long answer comes whole" test "$(schema)" -gt 50000
long=$(head -c 100000 /dev/zero | tr '\0' x)
delete () { "$talk" qmp "$work/qmp" "{\"execute\":\"blockdev-del\",\"arguments\":{\"node-name\":\"$1\"}}" | tail -n 1; }
ok "a long command goes whole" says "'live${long}dead'" "$(delete "live${long}dead")"
chardevs () { "$talk" qmp "$work/qmp" query-chardev | tail -n 1; }
ok "the monitor knows where it is" says "\"argo:unix:$work/stubdom\"" "$(chardevs)"

{ kill -9 "$daemon"; wait "$daemon"; } 2>/dev/null # quietly
start_daemon
again () { says '"major": 7' "$(timeout 5 "$talk" qmp "$work/qmp" query-version 2>/dev/null | tail -n 1)"; }
ok "a daemon that starts anew is found again" wait_until again

wrong () {
  "$QEMU_TOOLS/storage-daemon/qemu-storage-daemon" --chardev "argo,id=x,$1" >"$work/wrong.log" 2>&1 </dev/null
  (($? == 1)) && grep -qF "$2" "$work/wrong.log"
}
ok "a domid that is none is refused" wrong domid=40000 'domid 40000 is not that of a domain'
ok "so is an unknown transport" wrong transport=pigeon 'pigeon'
ok "and Argo on a host without it" wrong domid=0 '/dev/argo_dgram'
((failures)) && sed 's/^/# /' "$work"/*.log
echo "1..$tests"
((failures == 0))

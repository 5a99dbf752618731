#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The main job, told to a reader: from a new VM to a running domain and back. Runs
# where Xen runs: in the lab's dom0, or on a real one (demo-host.sh prepares that).
set -uo pipefail

guest=${XM_GUEST_DIR:-/opt/xm-guest}
name=${XM_DEMO_NAME:-demo}
log=$(mktemp)
settings=$(mktemp)
started=$SECONDS

if [[ -t 1 || -n ${XM_DEMO_COLOUR-} ]]; then bold=$'\e[1m' blue=$'\e[34m' plain=$'\e[0m'; else bold='' blue='' plain=''; fi

tell () { printf '\n%s[%3d s] %s%s\n' "$bold" $((SECONDS - started)) "$*" "$plain"; }
shown () { # WORD...: as one would type it
  local word line=''
  for word; do
    [[ $word == *[!a-zA-Z0-9_./:=-]* ]] && word="'$word'"
    line+=" $word"
  done
  printf '%s  $%s%s\n' "$bold" "$line" "$plain"
}
indent () { sed -u 's/^/    /'; }
fail () { printf '\ndemo: %s\n' "$*"; exit 1; }

run () { # COMMAND...: shown, run, and it has to succeed
  shown "$@"
  "$@" 2>&1 | indent || fail "that failed"
}

# await MARK TEXT: a signal with TEXT after the first MARK ones. `tail` is told by
# the kernel when there is more to read.
mark () { wc -l <"$log"; }
await () {
  grep -q -m 1 -e "$2" < <(exec timeout "${3:-60}" tail -n "+$(($1 + 1))" -f "$log" 2>/dev/null) ||
    fail "no signal '$2' within ${3:-60} s"
}

finish () {
  local status=$?
  trap - EXIT
  if ((status)); then
    xec-vm -n "$name" destroy >/dev/null 2>&1
    echo "demo: did not get to its end"
  fi
  [[ -z ${path-} ]] || xec -o "$path" delete >/dev/null 2>&1
  [[ ${daemon-} ]] && lab-daemon stop
  # shellcheck disable=SC2046
  kill $(jobs -p) 2>/dev/null
  rm -f "$log" "$settings"
  exit $status
}
trap finish EXIT

tell "Xen, and nothing but dom0 on it"
run xl list

if [[ -z ${XM_DEMO_HOST-} ]]; then
  tell "The service comes up"
  printf '[limits]\nrefresh-interval=2\n' >"$settings" # seconds until a pause by hand is seen
  shown xenmgr-xl --config "$settings"
  XM_DAEMON_OPTIONS="--config $settings" lab-daemon start || fail "the service does not start"
  daemon=yes
fi
run xec list-templates

# From here on each signal is printed when it arrives.
watch-signals >"$log" &
await 0 watching 20
tail -n +2 -f "$log" | sed -u "s/^\(.*\)$/$blue    signal: \1$plain/" &

tell "A VM from a template"
shown xec create-vm-with-template new-vm-pv
path=$(xec create-vm-with-template new-vm-pv) || fail "$path"
echo "    $path"
run xec -o "$path" set name "$name"
run xec-vm -n "$name" set memory 128
run xec-vm -n "$name" set kernel "$guest/vmlinux"
run xec-vm -n "$name" set initrd "$guest/initrd"
run xec-vm -n "$name" set cmd-line "console=hvc0 quiet"

tell "It starts, and is a domain"
at=$(mark)
run xec-vm -n "$name" start
await "$at" 'vm_state_changed.*running'
run xec-vm
run xl list
if [[ -z ${XM_DEMO_HOST-} ]]; then
  shown tail -n 2 "/var/log/xen/console/guest-$name.log"
  lab-guest-console --wait 'guest up' "$name" | tail -n 2 | tr -d '\r' | indent
fi

tell "Somebody pauses it with xl, behind the service's back; the service notices"
at=$(mark)
run xl pause "$name"
await "$at" 'vm_state_changed.*paused'
run xec-vm -n "$name" get state

tell "... and unpauses it"
at=$(mark)
run xl unpause "$name"
await "$at" 'vm_state_changed.*running'
run xec-vm -n "$name" get state

tell "A clean shutdown"
at=$(mark)
run xec-vm -n "$name" shutdown
await "$at" 'vm_state_changed.*stopped'
run xec-vm
run xl list

tell "Deleted again"
at=$(mark)
run xec-vm -n "$name" delete
await "$at" vm_deleted
path=''
tell "Done: created, started, paused by hand, shut down and deleted."

# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the regression tests share. A test is a bash script that sources this
# file, makes its assertions and calls done_testing; it prints TAP. It may use
# xec, xec-vm, xl and busctl only, so that it runs wherever these do: on the
# simulated host (XM_TARGET=sim) and in the Xen lab (XM_TARGET=lab), where real
# guests boot slowly. Everything it makes is removed when it ends.
set -uo pipefail

: "${XM_TARGET:?is set by test/simhost/run or test/lab/run}"
: "${XM_GUEST_KERNEL:?}" "${XM_GUEST_RAMDISK:?}"

IFACE=com.citrix.xenclient.xenmgr
VM_IFACE=$IFACE.vm
FAILED=org.freedesktop.DBus.Error.Failed

# What new_guest makes: pv, pvh or hvm.
GUEST=${XM_GUEST:-pv}

# Seconds in which anything that should happen must have happened, and between two looks
# whether it has. A look is several processes: in the lab, close together, they would take
# the processor from what they wait for.
case $XM_TARGET in
  lab) LIMIT=${XM_LIMIT:-120} POLL=0.4
    # an emulated HVM guest takes minutes to boot
    [[ $GUEST == hvm ]] && { LIMIT=${XM_LIMIT:-500}; export LAB_GUEST_SECONDS=$LIMIT; } ;;
  *) LIMIT=${XM_LIMIT:-20} POLL=0.1 ;;
esac

# --- TAP ---

tests=0 failures=0
WORK=$(mktemp -d)

diag () { printf '%s\n' "$*" | sed 's/^/#   /'; }

result () { # STATUS NAME
  ((++tests))
  if (($1)); then
    ((++failures))
    echo "not ok $tests - $2"
  else
    echo "ok $tests - $2"
  fi
  return "$1"
}

# is NAME GOT EXPECTED
is () {
  [[ $2 == "$3" ]] && { result 0 "$1"; return; }
  result 1 "$1"
  diag "     got: ${2@Q}"
  diag "expected: ${3@Q}"
  return 1
}

# like NAME GOT REGEX
like () {
  [[ $2 =~ $3 ]] && { result 0 "$1"; return; }
  result 1 "$1"
  diag "          got: ${2@Q}"
  diag "does not match ${3}"
  return 1
}

# unlike NAME GOT REGEX
unlike () {
  [[ $2 =~ $3 ]] || { result 0 "$1"; return; }
  result 1 "$1"
  diag "          got: ${2@Q}"
  diag "matches ${3}"
  return 1
}

# succeeds NAME COMMAND...: status 0; what it prints is in $out
succeeds () {
  local name=$1 status; shift
  out=$("$@" 2>&1); status=$?
  ((status == 0)) && { result 0 "$name"; return; }
  result 1 "$name"
  diag "$* ended with status $status: $out"
  return 1
}

# fails NAME REGEX COMMAND...: status 1 and output that matches
fails () {
  local name=$1 regex=$2 status; shift 2
  out=$("$@" 2>&1); status=$?
  ((status == 1)) && [[ $out =~ $regex ]] && { result 0 "$name"; return; }
  result 1 "$name"
  diag "$* ended with status $status and printed ${out@Q}"
  diag "expected: status 1 and $regex"
  return 1
}

# prints NAME EXPECTED COMMAND...: status 0 and exactly that output
prints () {
  local name=$1 expected=$2 status; shift 2
  out=$("$@" 2>&1); status=$?
  ((status == 0)) && [[ $out == "$expected" ]] && { result 0 "$name"; return; }
  result 1 "$name"
  diag "$* ended with status $status"
  diag "     got: ${out@Q}"
  diag "expected: ${expected@Q}"
  return 1
}

# within NAME SECONDS COMMAND...: the command succeeds before the time is over
within () {
  local name=$1 limit=$2 end; shift 2
  end=$((SECONDS + limit))
  until "$@" >/dev/null 2>&1; do
    ((SECONDS > end)) && { result 1 "$name"; diag "not after $limit s: $*"; return 1; }
    sleep "$POLL"
  done
  result 0 "$name"
}

# milliseconds COMMAND...: how long it took, in $ms; what it prints in $out
milliseconds () {
  local from=${EPOCHREALTIME/./} status
  out=$("$@" 2>&1); status=$?
  ms=$(((${EPOCHREALTIME/./} - from) / 1000))
  return $status
}

done_testing () {
  echo "1..$tests"
  exit $((failures > 0))
}

sim_only () {
  [[ $XM_TARGET == sim ]] && return
  echo "1..0 # SKIP needs the simulated host"
  exit 0
}

# --- cleaning up ---

made=() # uuids of the VMs

# names may hold anything, so the numbers come from the JSON
domids () { xl list -l 2>/dev/null | sed -n 's/^        "domid": \([0-9]*\),$/\1/p'; }
domids_before=$(domids) # a test leaves no other domain behind, even when it fails
watchers=() settings=()

clean_up () {
  local uuid
  for uuid in "${made[@]}"; do
    xec-vm -u "$uuid" destroy >/dev/null 2>&1
    xec -i $IFACE.unrestricted unrestricted-delete-vm "$uuid" >/dev/null 2>&1
  done
  comm -13 <(sort <<<"$domids_before") <(domids | sort) | xargs -r -n 1 xl destroy 2>/dev/null
  ((${#watchers[@]})) && kill "${watchers[@]}" 2>/dev/null
  mountpoint -q "$SAVES" && umount "$SAVES"
  rm -rf "$WORK" "${settings[@]}"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

# place_for_saves: makes $SAVES. A saved guest is as big as its memory, and the root of the lab's
# dom0 is an initramfs of little room.
SAVES=$WORK/saves
place_for_saves () {
  mkdir "$SAVES"
  [[ $XM_TARGET != lab ]] || mount -t tmpfs -o size=400M none "$SAVES"
}

# --- VMs ---

path_of () { echo "/vm/${1//-/_}"; } # UUID
uuid_of () { local uuid=${1#/vm/}; echo "${uuid//_/-}"; } # PATH

# adopt PATH: notes a VM for cleaning up; sets VM (its path) and U (its uuid)
adopt () {
  VM=${1%%$'\n'*}
  U=$(uuid_of "$VM")
  made+=("$U")
}

# new_vm NAME [TEMPLATE]: an empty VM; sets VM and U
new_vm () {
  local path
  path=$(xec create-vm-with-template "${2:-new-vm-pv}") || { diag "no VM: $path"; return 1; }
  adopt "$path"
  xec -o "$VM" set name "$1" || { diag "no name for $VM"; return 1; }
}

# What an HVM guest is booted from: it needs a kernel with the code that unpacks it.
hvm_kernel () { [[ $XM_TARGET == lab ]] && echo /opt/xm-guest/vmlinuz || echo "$XM_GUEST_KERNEL"; }

# new_guest NAME [EXTRA]: a VM that boots the test guest, of the type that XM_GUEST says; EXTRA
# joins its command line. Properties kernel and initrd are for guests that boot without firmware.
new_guest () {
  local line="${XM_GUEST_CMDLINE-}${2:+ $2}"
  new_vm "$1" "new-vm-$GUEST" || return
  xec -o "$VM" set memory 128
  xec -o "$VM" set memory-static-max 128
  if [[ $GUEST == hvm ]]; then
    xec -o "$VM" set extra-xenvm "kernel='$(hvm_kernel)';ramdisk='$XM_GUEST_RAMDISK';cmdline='$line'"
    return
  fi
  xec -o "$VM" set kernel "$XM_GUEST_KERNEL"
  xec -o "$VM" set initrd "$XM_GUEST_RAMDISK"
  xec -o "$VM" set cmd-line "$line"
}

# guest_config NAME UUID: prints an xl.cfg of an admin's for the test guest
guest_config () {
  local kernel=$XM_GUEST_KERNEL
  [[ $GUEST == hvm ]] && kernel=$(hvm_kernel)
  cat <<CFG
name = "$1"
uuid = "$2"
type = "$GUEST"
memory = 128
kernel = "$kernel"
ramdisk = "$XM_GUEST_RAMDISK"
cmdline = "${XM_GUEST_CMDLINE-}"
CFG
  # shellcheck disable=SC2028 # lines of the file
  [[ $GUEST != hvm ]] || printf '%s\n' 'vnc = 0' 'vga = "none"' 'serial = "pty"'
}

has_state () { [[ $(xec-vm -u "$1" get state) == "$2" ]]; } # UUID STATE

# state_becomes NAME UUID STATE
state_becomes () {
  within "$1" "$LIMIT" has_state "$2" "$3" || diag "state is $(xec-vm -u "$2" get state)"
}

# guest_up NAME: the guest's userland runs (the simulated one does at once)
guest_up () {
  [[ $XM_TARGET == lab ]] || return 0
  lab-guest-console --wait 'guest up' "$1" >/dev/null
}

# guest_do NAME poweroff|reboot|crash: the guest does it by itself
guest_do () {
  local -A letters=([poweroff]=o [reboot]=b [crash]=c)
  # there init powers off when its child is ended; o does nothing in a PVH guest
  [[ $XM_TARGET != lab ]] || letters[poweroff]=e
  xl sysrq "$1" "${letters[$2]}"
}

# xl_state NAME: the state letters of xl list
xl_state () { xl list "$1" 2>/dev/null | sed -n '2s/.* \([-rbpscdw]\{6\}\) .*/\1/p'; }

daemon () { "${XM_DAEMON_CONTROL:-$([[ $XM_TARGET == lab ]] && echo lab-daemon || echo simhost-daemon)}" "$@"; }

# --- signals ---

# watch_signals: from now on every signal of the service is noted
watch_signals () {
  touch "$WORK/signals" "$WORK/signals.err"
  busctl --system monitor --json=short --match "type='signal',path='/',interface='$IFACE'" \
    --match "type='signal',path='/',interface='${IFACE}_xl'" >"$WORK/signals" 2>"$WORK/signals.err" </dev/null &
  watchers+=($!)
  local end=$((SECONDS + LIMIT))
  until grep -q Monitoring "$WORK/signals.err"; do
    ((SECONDS > end)) && { diag "busctl does not monitor"; return 1; }
    sleep 0.02
  done
  forget_signals "$WORK/signals"
}

# sync_signals [FILE]: waits until all that was told before now is noted there. The bus keeps the order.
sync_signals () {
  local file=${1-$WORK/signals} mark=mark-$RANDOM$RANDOM end=$((SECONDS + LIMIT))
  busctl --system emit / $IFACE regress_mark s $mark
  until grep -q $mark "$file"; do
    ((SECONDS > end)) && { diag "busctl does not show signals"; return 1; }
    sleep 0.02
  done
}

# forget_signals [FILE]: what was told so far counts no more
forget_signals () {
  local file=${1-$WORK/signals}
  sync_signals "$file"
  seen=$(wc -l <"$file")
}

# signals MEMBER [UUID]: the arguments of each, as JSON arrays, one a line
signals () {
  tail -n "+$((seen + 1))" "$WORK/signals" |
    sed -n "s/.*\"member\":\"$1\",.*\"data\":\(\[.*\]\)}}\$/\1/p" | grep -F -- "${2-}"
}

# states UUID: the states that vm_state_changed told, in order; the same twice running counts once
states () { signals vm_state_changed "$1" | sed 's/.*","\([a-z]*\)",[-0-9]*\]$/\1/' | uniq | paste -sd ' '; }

told () { [[ $(states "$1") == "$2" ]]; } # UUID STATES

within_states () { # FUNCTION NAME UUID STATES
  within "$2" "$LIMIT" "$1" "$3" "$4" || { diag "told: $(states "$3")"; diag "expected: $4"; return 1; }
}

# states_become NAME UUID "STATE STATE...": exactly these were told since forget_signals
states_become () { within_states told "$@"; }

# The same after `xl destroy`, which pauses the domain first: that may have been seen.
told_destroyed () { [[ $(states "$1" | sed 's/\<paused stopped/stopped/') == "$2" ]]; }
states_become_destroyed () { within_states told_destroyed "$@"; }

got_signal () { signals "$1" "$2" | grep -q .; }

# signal_comes NAME MEMBER UUID
signal_comes () { within "$1" "$LIMIT" got_signal "$2" "$3"; }

# progress_of OPERATION: `DONE TOTAL ENDED` of each signal since forget_signals, for the VM
progress_of () { signals progress "\"$1\"" | grep -F "\"$VM\"" | sed 's/.*",\(.*\),\(.*\),\(.*\)\]$/\1 \2 \3/'; }

# begins_and_ends OPERATION TOTAL [AT-FIRST]: and in between it goes on, never back
begins_and_ends () {
  local lines
  sync_signals
  lines=$(progress_of "$1")
  is "$1: the first" "$(head -n 1 <<<"$lines")" "0 ${3-$2} false"
  is "$1: the last" "$(tail -n 1 <<<"$lines")" "$2 $2 true"
  is "$1: only one is the end" "$(grep -c 'true$' <<<"$lines")" 1
  is "$1: it goes on" "$(sort -n -s -k 1,1 <<<"$lines")" "$lines"
}

# --- all that a VM tells, in order ---

# recorded_guest NAME: a guest whose state hooks tell the bus that they run: there their place
# among the service's signals shows
recorded_guest () {
  local kind
  ((${#watchers[@]})) || watch_signals
  new_guest "$1" || return
  for kind in state acpi; do
    printf '#!/bin/sh\nexec busctl --system emit / %s regress_hook sss "$1" %s "$2"\n' $IFACE $kind >"$WORK/$kind"
    chmod 755 "$WORK/$kind"
  done
  xec -o "$VM" set run-on-state-change "$WORK/state"
  xec -o "$VM" set run-on-acpi-state-change "$WORK/acpi"
}

# documented STATE...: the hooks and signals of a VM that passes through these, as docs/lifecycle.md
# says
documented () {
  local -A acpi=([running]=acpi-0 [suspended]=acpi-3 [stopped]=acpi-5)
  local state words=()
  for state; do
    [[ $state == creating ]] || words+=("state-$state")
    [[ -z ${acpi[$state]-} ]] || words+=("${acpi[$state]}")
    words+=("$state")
  done
  echo "${words[*]}"
}

# recorded UUID [LINES]: the hooks and signals since the last `passes`; the same twice running
# counts once
recorded () {
  sed -n "$((seen + 1)),${2-$}p" "$WORK/signals" | grep -F "$1" | sed -n \
    -e 's/.*"member":"regress_hook".*"data":\[".*","\(.*\)","\(.*\)"\]}}$/\1-\2/p' \
    -e 's/.*"member":"vm_state_changed".*,"\([a-z]*\)",[-0-9]*\]}}$/\1/p' | uniq | paste -sd ' '
}

passed () { # UUID STATES
  local lines record states
  lines=$(wc -l <"$WORK/signals")
  record=$(recorded "$1" "$lines")
  states=$(tr ' ' '\n' <<<"$record" | grep -v - | paste -sd ' ')
  # shellcheck disable=SC2086 # words on purpose
  [[ $states =~ ^($2)$ && $record == "$(documented $states)" ]] && seen=$lines
}

# passes NAME STATES [UUID]: all that was told since the last time, and the hooks that ran, are
# those of a VM that passes through STATES, a regular expression
passes () {
  within "$1" "$LIMIT" passed "${3-$U}" "$2" || { diag "recorded: $(recorded "${3-$U}")"; diag "expected: $2"; return 1; }
}

# What leaves no trace in xenstore is looked for at an interval, in the lab of 5 s.
look_every_second () {
  [[ $XM_TARGET == sim ]] || return 0
  settings=("$XM_SIM_DIR/xenmgr-xl.conf")
  printf '[limits]\nrefresh-interval=1\n' >"${settings[0]}"
  daemon restart || diag 'restart failed'
}

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# xl that hangs, dies or prints rubbish: a 223 error within its time limit, while
# other calls answer at once.
. "$(dirname "$0")/../lib.sh"
sim_only

QUERY=2 QUICK=2 BUILD=3
cat >"$XM_SIM_DIR/xenmgr-xl.conf" <<CONF
[timeouts]
query=$QUERY
quick=$QUICK
shutdown=3
build=$BUILD
[limits]
refresh-interval=1
output-mib=1
CONF
daemon restart || diag 'the daemon does not take the key file'

new_guest victim; victim=$U
new_vm bystander; bystander=$U
ERROR="^$FAILED: 223:IO error: "

calm () { for sub in list create unpause pause destroy shutdown reboot; do xl-sim fault $sub off; done; }

# answers_meanwhile WHAT: other calls answer while something is stuck
answers_meanwhile () {
  local worst=0 i
  for ((i = 0; i < 5; i++)); do
    milliseconds xec-vm -o "$(path_of "$bystander")" get description; ((ms > worst)) && worst=$ms
    milliseconds xec list-vms; ((ms > worst)) && worst=$ms
    milliseconds xec -o "$(path_of "$bystander")" set description "$RANDOM"; ((ms > worst)) && worst=$ms
  done
  like "$1: other calls answer meanwhile (slowest took $worst ms)" "$((worst < 500))" 1
}

# stuck WHAT LIMIT COMMAND...: fails with 223 not much after LIMIT seconds
stuck () {
  local what=$1 limit=$2; shift 2
  local from=${EPOCHREALTIME/./} took status
  "$@" >"$WORK/stuck" 2>&1 & local pid=$!
  answers_meanwhile "$what"
  wait $pid; status=$?
  took=$(((${EPOCHREALTIME/./} - from) / 1000))
  is "$what: it fails" "$status" 1
  like "$what: a 223 error" "$(<"$WORK/stuck")" "$ERROR"
  like "$what: within its limit (took $took ms)" "$((took < limit * 1000 + 3000))" 1
}

no_domain () { ! xl list "$1" >/dev/null 2>&1; }

# --- create ---
for fault in hang "slow 30" "signal 9" "signal 11" "exit 3 xl has no mood" endless; do
  xl-sim fault create "$fault"
  stuck "create: $fault" $((BUILD + QUERY)) xec-vm -u "$victim" start
  calm
  within "create: $fault: nothing is left of the domain" "$LIMIT" no_domain victim
  prints "create: $fault: the VM is off" stopped xec-vm -u "$victim" get state
done
like 'the words of xl are in the error' "$(xl-sim fault create 'exit 3 xl has no mood'; xec-vm -u "$victim" start; calm)" \
  '223:IO error: "xl has no mood"'
# it says that it succeeded, but there is no domain
xl-sim fault create garbage
stuck 'create: garbage and no domain' $((BUILD + QUERY)) xec-vm -u "$victim" start
calm
succeeds 'after all this it starts' xec-vm -u "$victim" start
prints 'and runs' running xec-vm -u "$victim" get state

# --- list ---
for fault in hang "slow 30" "signal 9" "exit 1 no list today" garbage truncated-json bad-utf8 endless; do
  xl-sim fault list "$fault"
  xl-sim forget
  milliseconds xec-vm -u "$victim" pause
  like "list: $fault: pause ends in time ($ms ms)" "$((ms < (QUICK + 2 * QUERY) * 1000 + 3000))" 1
  answers_meanwhile "list: $fault"
  calm
  state_becomes "list: $fault: then the picture is right again" "$victim" "$([[ $(xl_state victim) == *p* ]] && echo paused || echo running)"
  xl_unpaused () { [[ $(xl_state victim) != *p* ]] || { xec-vm -u "$victim" unpause; false; }; }
  within "list: $fault: and unpause works" "$LIMIT" xl_unpaused
  state_becomes "list: $fault: it runs" "$victim" running
done

# --- the other commands ---
for command in pause destroy; do
  for fault in hang "signal 9" "exit 1 not now"; do
    xl-sim fault $command "$fault"
    stuck "$command: $fault" $((QUICK + QUERY)) xec-vm -u "$victim" $command
    calm
    state_becomes "$command: $fault: it still runs" "$victim" running
  done
done
for fault in hang "exit 1 not now"; do
  xl-sim fault shutdown "$fault"
  stuck "shutdown: $fault" $((3 + QUERY)) xec-vm -u "$victim" shutdown
  calm
  state_becomes "shutdown: $fault: it still runs" "$victim" running
done
xec-vm -u "$victim" pause
xl-sim fault unpause hang
stuck 'unpause: hang' $((QUICK + QUERY)) xec-vm -u "$victim" unpause
calm
succeeds 'unpause' xec-vm -u "$victim" unpause

# --- a start that hangs is overtaken by destroy ---
xec-vm -u "$victim" destroy
xl-sim fault create hang
xec-vm -u "$victim" start >"$WORK/start" 2>&1 & start=$!
creating () { [[ $(xec-vm -u "$victim" get state) == creating ]] || xl list victim; }
within 'a start hangs' "$LIMIT" creating
succeeds 'destroy' xec-vm -u "$victim" destroy
wait $start
is 'ends the start' $? 1
calm
within 'nothing is left' "$LIMIT" no_domain victim
succeeds 'then it starts' xec-vm -u "$victim" start
xec-vm -u "$victim" destroy

rm "$XM_SIM_DIR/xenmgr-xl.conf"
daemon restart

done_testing

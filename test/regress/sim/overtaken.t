#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# destroy in each phase of each operation: the operation ends, the VM is off, and
# nothing of it is left. And clients that leave before their call ends.
. "$(dirname "$0")/../lib.sh"
sim_only

new_guest prey; prey=$U
hook="$WORK/hook"
cat >"$hook" <<SH
#!/bin/sh
echo \$\$ >>"$WORK/hook.pid"
exec sleep 60
SH
chmod +x "$hook"

calm () {
  local sub key
  for sub in list create unpause pause destroy shutdown reboot save restore; do xl-sim fault $sub off; done
  xl-sim policy prey obedient
  for key in run-insteadof-start run-pre-boot run-on-state-change; do
    [[ -z $(xec -o "$VM" get $key) ]] || xec -o "$VM" set $key ''
  done
}

no_domain () { ! xl list prey >/dev/null 2>&1; }
domain () { xl list prey >/dev/null 2>&1; }
called () { (($(xl-sim calls "$1") > 0)); }
hook_runs () { [[ -s $WORK/hook.pid ]]; }
clean () { ! ls "$XM_SIM_DIR/run/$prey.domid" >/dev/null 2>&1; }

# overtake NAME STATE PREPARATION OPERATION UNTIL: prepared, the operation is begun on a VM in that
# state, and is destroyed as soon as UNTIL is true
overtake () {
  local name=$1 pid
  [[ $2 == stopped ]] || xec-vm -n prey start || diag 'no start'
  [[ $2 == paused ]] && xec-vm -n prey pause
  rm -f "$WORK/hook.pid"
  xl-sim forget
  eval "$3"
  eval "$4" >"$WORK/out" 2>&1 & pid=$!
  within "$name: begun" "$LIMIT" eval "$5"
  xl-sim fault list off
  succeeds "$name: destroy" xec-vm -n prey destroy
  prints "$name: the VM is off" stopped xec-vm -n prey get state
  ended () { ! kill -0 "$pid" 2>/dev/null; }
  within "$name: the operation has ended" "$LIMIT" ended
  wait $pid
  within "$name: no domain is left" "$LIMIT" no_domain
  within "$name: no record of one" "$LIMIT" clean
  calm
}

image="$WORK/image"
save () { xec -o "$VM" suspend-to-file "$image"; }
resume () { xec -o "$VM" resume-from-file "$image"; }
xec-vm -n prey start; save || diag 'no image'

overtake 'start: looking' stopped 'xl-sim fault list "slow 1" 1' 'xec-vm -n prey start' 'called list'
overtake 'start: run-insteadof-start' stopped 'xec -o "$VM" set run-insteadof-start "$hook"' 'xec-vm -n prey start' hook_runs
overtake 'start: run-pre-boot' stopped 'xec -o "$VM" set run-pre-boot "$hook"' 'xec-vm -n prey start' hook_runs
overtake 'start: create' stopped 'xl-sim fault create hang' 'xec-vm -n prey start' domain
overtake 'start: unpause' stopped 'xl-sim fault unpause hang' 'xec-vm -n prey start' 'called unpause'
overtake 'pause' running 'xl-sim fault pause hang' 'xec-vm -n prey pause' 'called pause'
overtake 'unpause' paused 'xl-sim fault unpause hang' 'xec-vm -n prey unpause' '(($(xl-sim calls unpause) > 0))'
overtake 'shutdown: xl waits for the guest' running 'xl-sim policy prey ignore' 'xec-vm -n prey shutdown' 'called shutdown'
overtake 'shutdown: the guest takes its time' running 'xl-sim policy prey slow-shutdown 30000' 'xec-vm -n prey shutdown' 'has_state "$prey" stopping'
overtake 'reboot: xl waits for the guest' running 'xl-sim policy prey ignore' 'xec-vm -n prey reboot' 'called reboot'
overtake 'save' running 'xl-sim fault save hang' save 'called save'
overtake 'restore' stopped 'xl-sim fault restore hang' resume domain
overtake 'restore: unpause' stopped 'xl-sim fault unpause hang' resume 'called unpause'
overtake 'destroy' running 'xl-sim fault destroy "slow 0.3" 1' 'xec-vm -n prey destroy' 'called destroy'
# The others wait behind the first: their calls are on the bus before that of destroy. The bus keeps the order.
busctl --system monitor --json=short --match "type='method_call',interface='$IFACE.vm'" \
  >"$WORK/calls" 2>"$WORK/calls.err" </dev/null &
monitor=$!
monitored () { grep -q Monitoring "$WORK/calls.err"; }
within 'calls are seen' "$LIMIT" monitored
asking=''
others () {
  local op
  called pause || return 1
  [[ $asking ]] || for op in unpause shutdown start; do xec-vm -n prey $op >/dev/null 2>&1 & done
  asking=yes
  (($(grep -cE '"member":"(unpause|shutdown|start)"' "$WORK/calls") == 4)) # with the start of the VM
}
overtake 'several wait' running 'xl-sim fault pause hang' 'xec-vm -n prey pause' others
kill $monitor
overtake 'a reboot that starts again' running 'xl-sim fault create hang; xl-sim guest prey reboot' true domain

# a hook that tells of a state holds nothing up
xec-vm -n prey start
rm -f "$WORK/hook.pid"
xec -o "$VM" set run-on-state-change "$hook"
xec-vm -n prey pause
within 'run-on-state-change runs' "$LIMIT" hook_runs
succeeds 'destroy meanwhile' xec-vm -n prey destroy
prints 'the VM is off' stopped xec-vm -n prey get state
calm
# shellcheck disable=SC2046 # words on purpose
kill $(<"$WORK/hook.pid") 2>/dev/null
within 'no domain is left' "$LIMIT" no_domain

# --- clients that leave ---
leave () { # OPERATION UNTIL
  xec-vm -n prey "$1" >/dev/null 2>&1 & local pid=$!
  within "a client asks for $1" "$LIMIT" eval "$2"
  kill -KILL $pid; wait $pid 2>/dev/null
}
xl-sim forget
xl-sim fault create 'slow 0.4' 1
leave start domain
state_becomes 'and leaves: it starts' "$prey" running
xl-sim policy prey slow-shutdown 400
leave shutdown 'has_state "$prey" stopping'
state_becomes 'and leaves: it ends' "$prey" stopped
within 'no domain is left' "$LIMIT" no_domain
calm
succeeds 'after all this it starts' xec-vm -n prey start
prints 'and runs' running xec-vm -n prey get state

done_testing

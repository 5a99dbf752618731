#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Hooks on changes of state: run between `notify` and `vm_state_changed`, and hold up only that
# signal, of their own VM.
. "$(dirname "$0")/lib.sh"

mkfifo "$WORK/go"
hook () { # NAME TEXT: a program for the service to run
  printf '#!/bin/bash\nWORK=%q IFACE=%q\n%s\n' "$WORK" "$IFACE" "$2" >"$WORK/$1"
  chmod 755 "$WORK/$1"
}
# as the hooks of recorded_guest, and then waits
hook hold 'busctl --system emit / $IFACE regress_hook sss "$1" hold "$2"; read -r word <"$WORK/go"'
hook fail 'exit 1'

# sequence UUID: what was told since forget_signals, in order
sequence () {
  tail -n "+$((seen + 1))" "$WORK/signals" | grep -F "$1" | sed -n \
    -e 's/.*"member":"notify".*"data":\[".*","vm:state:\(.*\)"\]}}$/notify-\1/p' \
    -e 's/.*"member":"regress_hook".*"data":\[".*","\(.*\)","\(.*\)"\]}}$/\1-\2/p' \
    -e 's/.*"member":"vm_state_changed".*,"\([a-z]*\)",\([0-9]\)\]}}$/\1-\2/p' | paste -sd ' '
}
happened () { [[ $(sequence "$1") == "$2" ]]; }
sequence_becomes () { # NAME UUID SEQUENCE
  within "$1" "$LIMIT" happened "$2" "$3" || { diag "told: $(sequence "$2")"; diag "expected: $3"; return 1; }
}

recorded_guest hooked

succeeds 'start' xec-vm -u "$U" start
sequence_becomes 'hooks run before the signal, and none for creating' "$U" \
  'notify-creating-devices creating-0 notify-created creating-0 notify-running state-running acpi-0 running-0'
guest_up hooked
forget_signals
xl pause hooked
sequence_becomes 'xl pause' "$U" 'notify-paused state-paused paused-0'
forget_signals
xec-vm -u "$U" unpause
sequence_becomes 'unpause' "$U" 'notify-running state-running acpi-0 running-0'
forget_signals
guest_do hooked poweroff
within 'poweroff' "$LIMIT" has_state "$U" stopped
# a guest may be gone before the hook of `stopping` has ended, and `notify` waits for no hook
told_of () { sequence "$1" | tr ' ' '\n' | grep "${@:2}" | paste -sd ' '; }
power_off_told () { [[ $(told_of "$U" -v notify) == 'state-stopping stopping-0 state-stopped acpi-5 stopped-5' ]]; }
within 'hooks and signals of a guest that powers off' "$LIMIT" power_off_told
is 'and what `notify` told' "$(told_of "$U" notify)" 'notify-shutdowning notify-shutdown'

# --- a hook that takes its time ---
new_vm other; other=$U
adopt "$(xec find-vm-by-uuid "${made[0]}")"
xec -o "$VM" set run-on-state-change "$WORK/hold"
xec -o "$VM" set run-on-acpi-state-change ''
forget_signals
succeeds 'start does not wait for it' xec-vm -u "$U" start
sequence_becomes 'the signal does' "$U" \
  'notify-creating-devices creating-0 notify-created creating-0 notify-running hold-running'
prints 'the property does not' running xec-vm -u "$U" get state
succeeds 'nor does destroy' xec-vm -u "$U" destroy
prints 'the VM is off' stopped xec-vm -u "$U" get state
xec -o "$(path_of "$other")" set memory 64
fails 'another VM goes on' . xec-vm -u "$other" start
sync_signals
is 'nothing more was told' "$(sequence "$U")" \
  'notify-creating-devices creating-0 notify-created creating-0 notify-running hold-running notify-shutdown'
echo on >"$WORK/go"
sequence_becomes 'then all, in order' "$U" \
  'notify-creating-devices creating-0 notify-created creating-0 notify-running hold-running notify-shutdown running-0 hold-stopped'
echo on >"$WORK/go"
sequence_becomes 'to the end' "$U" \
  'notify-creating-devices creating-0 notify-created creating-0 notify-running hold-running notify-shutdown running-0 hold-stopped stopped-5'

# --- one that fails ---
xec -o "$VM" set run-on-state-change "$WORK/fail;$WORK/state"
forget_signals
succeeds 'start' xec-vm -u "$U" start
sequence_becomes 'a hook that fails holds up nothing' "$U" \
  'notify-creating-devices creating-0 notify-created creating-0 notify-running running-0'

# --- a restart of the service is no change of state ---
xec -o "$VM" set run-on-state-change "$WORK/state"
daemon restart || diag 'restart failed'
prints 'it runs' running xec-vm -u "$U" get state
xl pause hooked
state_becomes 'pause' "$U" paused
within 'the hook of the pause' "$LIMIT" eval 'grep -q "regress_hook.*paused" "$WORK/signals"'
is 'no hook ran for what was so already' "$(tail -n "+$((seen + 1))" "$WORK/signals" | grep -c 'regress_hook.*running')" 0
xec-vm -u "$U" destroy

done_testing

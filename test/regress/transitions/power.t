#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# sleep, resume, hibernate and switch, where there is nothing that could do them: no agent in
# the guest, no PV driver that knows S3 or S4, no input daemon.
. "$(dirname "$0")/../lib.sh"

watch_signals
new_guest sleeper

# --- stopped ---
prints 'acpi-state of a stopped VM' 5 xec-vm -n sleeper get acpi-state
fails 'a stopped VM does not sleep' '213:Performing this action requires PV addons' xec-vm -n sleeper sleep
succeeds 'resume of a stopped VM does nothing' xec-vm -n sleeper resume
succeeds 'hibernate of a stopped VM does nothing' xec-vm -n sleeper hibernate
succeeds 'switch to a stopped VM does nothing' xec-vm -n sleeper switch
prints 'it is not hibernated' false xec-vm -n sleeper get hibernated

# --- running, without anybody to ask ---
xec-vm -n sleeper start
guest_up sleeper
forget_signals
prints 'acpi-state of a running VM' 0 xec-vm -n sleeper get acpi-state
fails 'sleep' '213:Performing this action requires PV addons' xec-vm -n sleeper sleep
fails 'hibernate' '213:Performing this action requires PV addons' xec-vm -n sleeper hibernate
succeeds 'resume of a VM that is awake' xec-vm -n sleeper resume
milliseconds xec-vm -n sleeper switch
is 'switch without an input daemon ends well' "$? $out" '0 '
if [[ $XM_TARGET == sim ]]; then
  like 'at once' "$((ms < 2000))" 1
fi

# --- with PV drivers that know neither S3 nor S4 ---
xec-vm -n sleeper set pv-addons true
if [[ $GUEST == hvm ]]; then
  succeeds 'the sleep button of an HVM guest is pressed, and ignored' xec-vm -n sleeper sleep
else
  fails 'other guests have none' '223:IO error: "Error entering s3\."' xec-vm -n sleeper sleep
fi
fails 'hibernate' '223:IO error: "Error entering s4\."' xec-vm -n sleeper hibernate
prints 'it is not hibernated' false xec-vm -n sleeper get hibernated
prints 'state' running xec-vm -n sleeper get state
prints 'acpi-state' 0 xec-vm -n sleeper get acpi-state
is 'no state was told' "$(states "$U")" ''

xec-vm -n sleeper destroy
prints 'acpi-state after the end' 5 xec-vm -n sleeper get acpi-state

# --- a guest sleeps by itself, which QEMU tells ---
if [[ $GUEST == hvm ]]; then
  new_guest napper xmtest.sleep_after=1
  succeeds 'start' xec-vm -n napper start
  guest_up napper
  forget_signals
  asleep () {
    [[ $XM_TARGET == lab ]] || xl-sim guest napper sleep
    [[ $(xec-vm -n napper get acpi-state) == 3 ]]
  }
  within 'a guest sleeps' "$LIMIT" asleep
  prints 'its state' running xec-vm -n napper get state
  succeeds 'resume' xec-vm -n napper resume
  prints 'it is awake' 0 xec-vm -n napper get acpi-state
  sync_signals
  is 'what was told' "$(signals notify "$U" | grep -o 'power-state:.' | uniq | paste -sd ' ')" 'power-state:3 power-state:0'
  # Linux hears no sysrq through xenstore after it has slept, so it cannot be told to power off
  succeeds 'destroy' xec-vm -n napper destroy
  states_become 'the states told' "$U" 'running stopped'
fi

done_testing

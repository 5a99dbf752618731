#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sleep and what QEMU tells, with guests, agents and an input daemon that are played.
. "$(dirname "$0")/../lib.sh"
sim_only

# new_hvm NAME: an HVM guest of the template for any Xen host
new_hvm () {
  new_vm "$1" new-vm-hvm || return
  xec -o "$VM" set memory 128
}

# acpi_becomes NAME UUID STATE
has_acpi () { [[ $(xec-vm -u "$1" get acpi-state) == "$2" ]]; }
acpi_becomes () { within "$1" "$LIMIT" has_acpi "$2" "$3"; }

# peer NAME REPLY...: plays a service; what it is called is in $WORK/peer
peer () {
  bus-peer "$@" >"$WORK/peer" 2>&1 &
  peer=$!
  watchers+=("$peer")
  within "$1 is on the bus" 10 grep -q ready "$WORK/peer"
}
end_peer () { kill $peer; wait $peer 2>/dev/null; }

# heard: the service listens to the guest's QEMU: it notices what happens at once
heard () {
  within 'QEMU is heard' "$LIMIT" bash -c "
    xl-sim guest $1 sleep; sleep 0.1; s=\$(xec-vm -n $1 get acpi-state); xl-sim guest $1 wake; [[ \$s == 3 ]]"
  acpi_becomes 'and it is awake' "$U" 0
}

watch_signals
new_hvm power
succeeds 'start' xec-vm -n power start
heard power

# --- the guest sleeps and wakes by itself ---
forget_signals
xl-sim guest power sleep
acpi_becomes 'asleep' "$U" 3
prints 'state' running xec-vm -n power get state
xl-sim guest power wake
acpi_becomes 'awake' "$U" 0
sync_signals
is 'notify' "$(signals notify "$U")" "[\"$U\",\"power-state:3\"]
[\"$U\",\"power-state:0\"]"
is 'vm_state_changed' "$(signals vm_state_changed "$U")" "[\"$U\",\"$VM\",\"running\",3]
[\"$U\",\"$VM\",\"running\",0]"

# --- resume, and what wakes a guest first ---
xl-sim guest power sleep
acpi_becomes 'asleep' "$U" 3
succeeds 'sleep of a VM that sleeps does nothing' xec-vm -n power sleep
succeeds 'resume' xec-vm -n power resume
prints 'it is awake' 0 xec-vm -n power get acpi-state
xl-sim guest power sleep
acpi_becomes 'asleep' "$U" 3
xl-sim forget
succeeds 'shutdown of a VM that sleeps' xec-vm -n power shutdown
like 'wakes it first' "$(xl-sim log | grep -v list | paste -sd ' ')" 'trigger [0-9]+ s3resume xl shutdown'
prints 'state' stopped xec-vm -n power get state
prints 'acpi-state' 5 xec-vm -n power get acpi-state

# --- auto-s3-wake ---
xec-vm -n power set auto-s3-wake true
xec-vm -n power start
forget_signals
xl-sim guest power sleep
within 'woken at once' "$LIMIT" bash -c "[[ \$(xl-sim calls trigger) == 2 ]]"
acpi_becomes 'awake' "$U" 0
xl-sim fault trigger 'slow 2' 1
xl-sim forget
xl-sim guest power sleep
for ((i = 0; i < 20; i++)); do
  xl-sim qmp power '{"event": "WAKEUP"}'
  xl-sim qmp power '{"event": "SUSPEND"}'
done
within 'woken' "$LIMIT" bash -c "xl-sim log | grep -q s3resume"
succeeds 'what is asked next has its turn' xec-vm -n power resume
acpi_becomes 'awake' "$U" 0
like 'woken once, or once more, not twenty times' "$(xl-sim log | grep -c s3resume)" '^[23]$'
xec-vm -n power set auto-s3-wake false

# --- a restart of the daemon ---
xl-sim guest power sleep
acpi_becomes 'asleep' "$U" 3
daemon restart
acpi_becomes 'known after a restart' "$U" 3
succeeds 'resume after a restart' xec-vm -n power resume
prints 'it is awake' 0 xec-vm -n power get acpi-state

# --- sleep through PV control, and through the ACPI button ---
fails 'without PV addons' '213:' xec-vm -n power sleep
xec-vm -n power set pv-addons true
succeeds 'the button is pressed, a guest may ignore it' xec-vm -n power sleep
prints 'this one does' 0 xec-vm -n power get acpi-state
xl-sim policy power acpi pv-s4
succeeds 'the button is pressed' xec-vm -n power sleep
acpi_becomes 'this one sleeps' "$U" 3
xec-vm -n power destroy
xl-sim policy power pv-s3 pv-s4
xec-vm -n power start
within 'the PV driver offers S3' "$LIMIT" \
  bash -c "[[ \$(xenstore-read /local/domain/\$(xec-vm -n power get domid)/control/feature-s3) == 1 ]]"
xl-sim forget
succeeds 'sleep through PV control' xec-vm -n power sleep
acpi_becomes 'it sleeps' "$U" 3
is 'the button was not pressed' "$(xl-sim calls trigger)" 0

# --- hibernate ---
forget_signals
succeeds 'hibernate of a VM that sleeps' xec-vm -n power hibernate
prints 'state' stopped xec-vm -n power get state
prints 'acpi-state' 4 xec-vm -n power get acpi-state
prints 'hibernated' true xec-vm -n power get hibernated
states_become 'the states told' "$U" 'running stopping stopped'
like 'with the ACPI state' "$(signals vm_state_changed "$U" | tail -n 1)" '"stopped",4\]'
daemon restart
prints 'hibernated after a restart' 4 xec-vm -n power get acpi-state
xec-vm -n power start
prints 'a start forgets it' false xec-vm -n power get hibernated
heard power
forget_signals
xl-sim guest power hibernate
state_becomes 'a guest that hibernates by itself' "$U" stopped
prints 'is hibernated' 4 xec-vm -n power get acpi-state
sync_signals
like 'it was told' "$(signals notify "$U" | head -n 1)" 'power-state:4'

# --- the agent ---
xl-sim policy power obedient
echo $'[timeouts]\nagent=1' >"$XM_SIM_DIR/xenmgr-xl.conf"
daemon restart
xec-vm -n power start
xec-vm -n power set pv-addons false
heard power
agent=com.citrix.xenclient.guest.uuid_${U//-/_}
peer "$agent" 'request_sleep=()' 'request_hibernate=()' 'request_shutdown=()'
fails 'an agent whose guest does not sleep' '227:Timeout waiting for guest to enter sleep state' xec-vm -n power sleep
fails 'an agent whose guest does not hibernate' '228:Timeout waiting for guest to enter hibernated state' \
  xec-vm -n power hibernate
prints 'it is not hibernated' false xec-vm -n power get hibernated
prints 'it runs on' running xec-vm -n power get state
is 'what the agent was asked for' "$(grep -v ready "$WORK/peer" | paste -sd ' ')" 'request_sleep () request_hibernate ()'
echo $'[timeouts]\nagent=20\nshutdown=1' >"$XM_SIM_DIR/xenmgr-xl.conf"
daemon restart
heard power
xec-vm -n power sleep & sleeping=$!
within 'the agent is asked' "$LIMIT" bash -c "[[ \$(grep -c request_sleep '$WORK/peer') == 2 ]]"
xl-sim guest power sleep
wait $sleeping; is 'sleep through the agent' $? 0
xec-vm -n power resume
fails 'an agent whose guest does not shut down' '229:Timeout waiting for guest to enter shutdown state' \
  xec-vm -n power shutdown
prints 'it runs on' running xec-vm -n power get state
echo $'[timeouts]\nagent=20' >"$XM_SIM_DIR/xenmgr-xl.conf"
daemon restart
xec-vm -n power hibernate & hibernating=$!
within 'the agent is asked' "$LIMIT" bash -c "[[ \$(grep -c request_hibernate '$WORK/peer') == 2 ]]"
xl-sim guest power poweroff
wait $hibernating; is 'hibernate through the agent' $? 0
prints 'hibernated' 4 xec-vm -n power get acpi-state
xec-vm -n power start
xec-vm -n power hibernate >"$WORK/out" 2>&1 & hibernating=$!
within 'the agent is asked' "$LIMIT" bash -c "[[ \$(grep -c request_hibernate '$WORK/peer') == 3 ]]"
succeeds 'destroy overtakes' xec-vm -n power destroy
wait $hibernating
like 'the hibernation' "$(<"$WORK/out")" 'overtaken by destroy'
prints 'and it is not hibernated' 5 xec-vm -n power get acpi-state
xec-vm -n power start
xec-vm -n power shutdown & stopping=$!
within 'the agent is asked to shut down' "$LIMIT" bash -c "[[ \$(grep -c request_shutdown '$WORK/peer') == 2 ]]"
xl-sim guest power poweroff
wait $stopping; is 'shutdown through the agent' $? 0
prints 'state' stopped xec-vm -n power get state
end_peer
peer "$agent"
xec-vm -n power start
succeeds 'an agent that refuses: xl shuts down' xec-vm -n power shutdown
prints 'state' stopped xec-vm -n power get state
end_peer

# --- switch ---
peer com.citrix.xenclient.input 'switch_focus=(true,)'
xec-vm -n power start
heard power
succeeds 'switch' xec-vm -n power switch
is 'what the input daemon was told' "$(tail -n 1 "$WORK/peer")" "switch_focus ($(xec-vm -n power get domid), false)"
end_peer
peer com.citrix.xenclient.input 'switch_focus=(false,)'
succeeds 'switch that the input daemon does not do' xec-vm -n power switch
end_peer
peer com.citrix.xenclient.input
fails 'an input daemon that fails' 'not told what to answer' xec-vm -n power switch
end_peer
prints 'without one there is nothing to do' '' xec-vm -d "$(xec-vm -n power get domid)" switch

# --- the guest's clock and CD ---
mkdir "$WORK/isos"
touch "$WORK/isos/one.iso" "$WORK/isos/null.iso"
busctl --system call com.citrix.xenclient.db / com.citrix.xenclient.db write ss /xenmgr/isos "$WORK/isos" >/dev/null
xec-vm -n power destroy
drive=$(xec -o "$VM" add-disk)
for setting in 'virt-path hdc' 'devtype cdrom' 'phys-type file' 'mode r'; do
  # shellcheck disable=SC2086 # two words
  xec -i com.citrix.xenclient.vmdisk -o "$drive" set $setting
done
xec-vm -n power set cd one.iso
xec-vm -n power start
heard power
prints 'the CD' one.iso xec-vm -n power get cd
forget_signals
xl-sim qmp power '{"event": "DEVICE_TRAY_MOVED", "data": {"device": "ide-768", "tray-open": true, "id": ""}}'
xl-sim qmp power '{"event": "RTC_CHANGE", "data": {"offset": "7"}}'
xl-sim qmp power '{"event": "RTC_CHANGE", "data": {"offset": 99999999999999}}'
xl-sim qmp power '{"event": "RTC_CHANGE", "data": {"offset": -3600}}'
has_offset () { [[ $(xec-vm -u "$U" get time-offset) == "$1" ]]; }
within 'time-offset' "$LIMIT" has_offset -3600
signal_comes 'it is told' vm_config_changed "$U"
prints 'the CD is still in' one.iso xec-vm -n power get cd
succeeds 'the CD is changed from outside' xl cd-insert power hdc "$WORK/isos/one.iso"
prints 'which is no eject' one.iso xec-vm -n power get cd
forget_signals
xl-sim guest power eject
has_cd () { [[ $(xec-vm -u "$U" get cd) == "$1" ]]; }
within 'the guest ejects its CD' "$LIMIT" has_cd ''
signal_comes 'it is told' vm_config_changed "$U"
within 'the medium has left the drive' "$LIMIT" \
  bash -c "xl-sim log | grep -qE 'cd-eject|cd-insert [0-9]+ hdc $WORK/isos/null.iso'"

# --- a QEMU in the hands of its guest ---
xl-sim qmp power '{"event": "SUSPEND"' # cut off
heard power
deep=$(printf '[%.0s' {1..500})
xl-sim qmp power "{\"event\": $deep"
heard power
xl-sim qmp power "$(printf 'x%.0s' {1..70000})"
heard power
prints 'the VM runs' running xec-vm -n power get state
succeeds 'shutdown' xec-vm -n power shutdown

# --- a monitor that nobody made: an HVM domain started by hand ---
cp "$XM_SIM_DIR/run/$U.cfg" "$WORK/hand.cfg"
sed -i '/^device_model_args_hvm/d' "$WORK/hand.cfg"
xl create "$WORK/hand.cfg"
state_becomes 'started by hand' "$U" running
xl-sim guest power sleep
succeeds 'sleep looks for itself' xec-vm -n power sleep
prints 'asleep' 3 xec-vm -n power get acpi-state
succeeds 'resume looks for itself' xec-vm -n power resume
prints 'awake' 0 xec-vm -n power get acpi-state
xec-vm -n power destroy

done_testing

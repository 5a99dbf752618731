#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the service does when the programs and disks that it needs go away, and come back.
. "$(dirname "$0")/../lib.sh"
sim_only

# One xl of our own, so that it can go away; the bus by its path, for a new one has another guid.
mkdir "$WORK/bin"
REAL_XL=$(command -v xl)
ln -s "$REAL_XL" "$WORK/bin/xl"
PATH=$WORK/bin:$PATH
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$XM_SIM_DIR/bus

# The daemon's disk can be full.
export CRASH_CONTROL=$XM_SIM_DIR/crash
export XM_DAEMON_WRAPPER="env LD_PRELOAD=$XM_BUILD/test/simhost/crash/libcrashpoints.so ${XM_DAEMON_WRAPPER-}"
full () { echo "ENOSPC 0" >"$CRASH_CONTROL"; }
space () { rm "$CRASH_CONTROL"; }
restart_watching () { export CRASH_FOLDERS=$1; daemon restart || diag 'no restart'; } # FOLDER

new_guest vm; vm=$U
new_guest other; other=$U
restart_watching "$XM_SIM_DIR/state"

# --- the state directory is full ---
succeeds 'a value' xec-vm -n vm set description before
full
fails 'a write to a full disk fails' "^$FAILED: 223:IO error: .*No space left on device" \
  xec-vm -n vm set description lost
prints 'and changes nothing' before xec-vm -n vm get description
fails 'so does one of the database' 'No space left on device' xec -s com.citrix.xenclient.db write /regress-full x
fails 'no VM comes' 'No space left on device' xec create-vm-with-template new-vm-pv
is 'nothing new is listed' "$(xec list-vms | grep -c .)" 2
fails 'and no disk' 'No space left on device' xec-vm -n other add-disk
succeeds 'a VM starts all the same' xec-vm -n vm start
space
succeeds 'then a write succeeds' xec-vm -n vm set description after
daemon kill; daemon start
prints 'and lasts' after xec-vm -n vm get description
prints 'the VM runs' running xec-vm -n vm get state
succeeds 'and ends' xec-vm -n vm destroy

# --- the run directory is full ---
restart_watching "$XM_SIM_DIR/run"
full
fails 'a start fails when nothing can be noted' "^$FAILED: 223:IO error: .*No space left on device" xec-vm -n vm start
prints 'the VM is off' stopped xec-vm -n vm get state
fails 'and there is no domain' . xl list vm
space
succeeds 'then it starts' xec-vm -n vm start

# --- what was noted is lost ---
daemon kill
rm -f "$XM_SIM_DIR"/run/*
daemon start
prints 'without its notes the service sees a VM that runs' running xec-vm -n vm get state
succeeds 'and can end it' xec-vm -n vm destroy
state_becomes 'to the end' "$vm" stopped
succeeds 'and start it' xec-vm -n vm start

# --- ends while there is no service ---
daemon kill
guest_do vm crash
ended () { [[ $(xl_state vm) == *s* ]]; }
within 'a guest crashes meanwhile' "$LIMIT" ended
daemon start
state_becomes 'which is found' "$vm" stopped
succeeds 'start' xec-vm -n vm start
first=$(xec-vm -n vm get domid)
daemon kill
guest_do vm reboot
within 'a guest reboots meanwhile' "$LIMIT" ended
daemon start
state_becomes 'it runs again' "$vm" running
another () { local domid; domid=$(xec-vm -n vm get domid); [[ $domid != "$first" && $domid != -1 ]]; }
within 'in another domain' "$LIMIT" another
is 'which is the only one' "$(xl list | tail -n +3 | grep -c .)" 1
xec-vm -n vm destroy

# --- started by hand while there is no service ---
daemon kill
xl create -e "$XM_SIM_DIR/run/$vm.cfg" >/dev/null
daemon start
state_becomes 'a VM that was started by hand runs' "$vm" running
succeeds 'and can be destroyed' xec-vm -n vm destroy
state_becomes 'to the end' "$vm" stopped

# --- the service ends while xl builds ---
xl-sim fault create "slow 1" 1
xec-vm -n vm start >/dev/null 2>&1 & caller=$!
builds () { xl list | tail -n +3 | grep -q .; }
within 'xl builds a domain' "$LIMIT" builds
daemon kill
wait $caller 2>/dev/null
daemon start
state_becomes 'the start that was interrupted is made anew' "$vm" running
is 'in one domain' "$(xl list | tail -n +3 | grep -c .)" 1

# --- xl goes away ---
rm "$WORK/bin/xl"
fails 'without xl a call fails' "^$FAILED: 223:IO error: .*No such file" xec-vm -n vm pause
prints 'reading goes on' after xec-vm -n vm get description
prints 'so does the last known state' running xec-vm -n vm get state
succeeds 'and writing' xec-vm -n vm set description 'no xl'
cp "$REAL_XL" "$WORK/bin/xl"; chmod -x "$WORK/bin/xl"
fails 'with one that cannot be executed, too' "^$FAILED: 223:IO error: .*Permission denied" xec-vm -n vm pause
echo '#!/nowhere' >"$WORK/bin/xl"; chmod +x "$WORK/bin/xl"
daemon restart
succeeds 'the service starts without xl' xec list-vms
fails 'a VM of which it does not know whether it runs is not deleted' 'not known' xec-vm -n vm delete
rm "$WORK/bin/xl"; ln -s "$REAL_XL" "$WORK/bin/xl"
state_becomes 'and finds the VM when xl is back' "$vm" running
succeeds 'then calls succeed' xec-vm -n vm pause
xec-vm -n vm unpause
xl-sim forget
kill -HUP "$(daemon pid)"
asked () { [[ $(xl-sim calls help) -gt 0 ]]; }
within 'after SIGHUP the service asks xl anew what it can do' "$LIMIT" asked

# --- the bus goes away ---
before=$(xl list vm | tail -1 | awk '{print $2}')
kill "$(pgrep -f "dbus-daemon --config-file=$XM_SIM_DIR/bus.conf")"
status () { [[ -e $XM_SIM_DIR/daemon.status ]]; }
within 'without its bus the daemon ends' "$LIMIT" status
is 'with a status that has it started again' "$(cat "$XM_SIM_DIR/daemon.status")" 1
rm -f "$XM_SIM_DIR/bus"
dbus-daemon --config-file="$XM_SIM_DIR/bus.conf" --fork --nopidfile
succeeds 'with the next bus it starts' daemon start
prints 'the VM runs' running xec-vm -n vm get state
is 'in the same domain' "$(xec-vm -n vm get domid)" "$before"
prints 'what was written is there' 'no xl' xec-vm -n vm get description

# --- xenstored goes away ---
kill "$(cat "$XM_SIM_DIR/xs/pid")"
gone () { ! xenstore-exists / 2>/dev/null; }
within 'xenstored ends' "$LIMIT" gone
prints 'reading goes on' running xec-vm -n vm get state
rm -f "$XM_SIM_DIR/xs/pid"
LD_PRELOAD=$SIMHOST_STANDIN /usr/lib/xen-4.17/bin/xenstored -N -F "$XM_SIM_DIR/xs/pid" </dev/null >/dev/null 2>&1 &
within 'it comes back' "$LIMIT" xenstore-exists /
xenstore-write /local/domain/0/domid 0 /local/domain/0/name Domain-0 /tool/xenstored '' /vm '' /libxl ''
succeeds 'a VM starts' xec-vm -n other start
xl destroy other
state_becomes 'the service hears again what xenstored tells' "$other" stopped
succeeds 'and starts it again' xec-vm -n other start

done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The ways in which sleep, hibernate, suspend_to_file, resume_from_file, start-from-suspend-image and
# switch fail, or have nothing to do: each says why, and the VM is as it was.
. "$(dirname "$0")/../lib.sh"
sim_only

new_vm operated new-vm-hvm
xec -o "$VM" set memory 128
image=$WORK/image
S3='223:IO error: "Error entering s3\."'
S4='223:IO error: "Error entering s4\."'

# unchanged NAME: it runs on, as the same domain, awake and not hibernated
unchanged () {
  prints "$1: it runs on" running xec-vm -n operated get state
  prints "$1: as the same domain" "$domid" xec-vm -n operated get domid
  prints "$1: awake" 0 xec-vm -n operated get acpi-state
  prints "$1: not hibernated" false xec-vm -n operated get hibernated
}
off () { prints "$1: it is off" stopped xec-vm -n operated get state; }

# --- a VM that is off ---
succeeds 'hibernate of a VM that is off does nothing' xec-vm -n operated hibernate
prints 'it is not hibernated' 5 xec-vm -n operated get acpi-state
fails 'sleep of a VM that is off' '213:' xec-vm -n operated sleep
xec-vm -n operated set pv-addons true
fails 'nor with PV addons' "$S3" xec-vm -n operated sleep
succeeds 'resume of a VM that is off does nothing' xec-vm -n operated resume
succeeds 'nor does switch' xec-vm -n operated switch
off 'after all this'

# --- a guest that offers nothing ---
xec-vm -n operated start
domid=$(xec-vm -n operated get domid)
fails 'hibernate of a guest that does not offer it' "$S4" xec-vm -n operated hibernate
unchanged 'hibernate'
xec-vm -n operated set pv-addons false
fails 'hibernate without PV addons' '213:' xec-vm -n operated hibernate
unchanged 'hibernate'
xec-vm -n operated set pv-addons true
xl-sim fault trigger 'exit 1 no luck' 1
fails 'a sleep button that cannot be pressed' "$S3" xec-vm -n operated sleep
unchanged 'sleep'

# --- an agent that refuses ---
agent=com.citrix.xenclient.guest.uuid_${U//-/_}
bus-peer "$agent" >"$WORK/peer" 2>&1 & peer=$!
watchers+=("$peer")
within 'the agent is on the bus' "$LIMIT" grep -q ready "$WORK/peer"
fails 'an agent that refuses to sleep' "^$FAILED: " xec-vm -n operated sleep
unchanged 'sleep'
fails 'an agent that refuses to hibernate' "^$FAILED: " xec-vm -n operated hibernate
unchanged 'hibernate'
kill $peer; wait $peer 2>/dev/null

# --- destroy while a guest takes its time to hibernate ---
xl-sim policy operated pv-s4 ignore
xec-vm -n operated destroy
xec-vm -n operated start
domid=$(xec-vm -n operated get domid)
offered () { [[ $(xenstore-read "/local/domain/$domid/control/feature-s4") == 1 ]]; }
if within 'the PV driver offers S4' "$LIMIT" offered; then
  xec-vm -n operated hibernate >"$WORK/out" 2>&1 & hibernating=$!
  asked () { [[ $(xenstore-read "/local/domain/$domid/control/shutdown") == s4 ]]; }
  within 'the guest is asked' "$LIMIT" asked
  succeeds 'destroy' xec-vm -n operated destroy
  wait $hibernating
  like 'the hibernation' "$(<"$WORK/out")" 'overtaken by destroy'
  prints 'it is not hibernated' 5 xec-vm -n operated get acpi-state
fi
xl-sim policy operated obedient

# --- the store cannot note that it hibernates ---
export CRASH_CONTROL=$XM_SIM_DIR/crash CRASH_FOLDERS=$XM_SIM_DIR/state
XM_DAEMON_WRAPPER="env LD_PRELOAD=$XM_BUILD/test/simhost/crash/libcrashpoints.so ${XM_DAEMON_WRAPPER-}" daemon restart
xec-vm -n operated start
domid=$(xec-vm -n operated get domid)
echo 'ENOSPC 0' >"$CRASH_CONTROL"
fails 'hibernate with a full disk' 'No space left on device' xec-vm -n operated hibernate
rm "$CRASH_CONTROL"
unchanged 'hibernate'
is 'the guest was not asked' "$(xenstore-read "/local/domain/$domid/control/shutdown" 2>/dev/null)" ''
xec-vm -n operated destroy
unset CRASH_CONTROL CRASH_FOLDERS
daemon restart

# --- saved states ---
new_guest saved
fails 'a stopped VM is not saved' '223:IO error: "Error suspending to file\."' xec-vm -n saved suspend-to-file "$image"
xec-vm -n saved start
xl-sim fault save 'exit 1 no luck' 1
fails 'xl fails to save' '223:IO error: "Error suspending to file\."' xec-vm -n saved suspend-to-file "$image"
prints 'it runs on' running xec-vm -n saved get state
fails 'no file is left' '' test -e "$image"
xec-vm -n saved suspend-to-file "$image" & caller=$!
within 'a client that leaves while xl saves' "$LIMIT" test -s "$image"
kill -KILL $caller; wait $caller 2>/dev/null
state_becomes 'it is saved' "$U" stopped
succeeds 'and can be resumed' xec-vm -n saved resume-from-file "$image"
xec-vm -n saved destroy

head -c -10 "$image" >"$WORK/part"
fails 'resume from a file that is cut off' "^$FAILED: 223:IO error: \"" xec-vm -n saved resume-from-file "$WORK/part"
prints 'it is off' stopped xec-vm -n saved get state
fails 'no domain is left' . xl list saved
xl-sim fault restore 'hang'
xec-vm -n saved set start-from-suspend-image "$image"
xec-vm -n saved start >"$WORK/out" 2>&1 & starting=$!
there () { xl list saved; }
within 'a start from a saved state is under way' "$LIMIT" there
succeeds 'destroy' xec-vm -n saved destroy
wait $starting
like 'the start' "$(<"$WORK/out")" 'overtaken by destroy'
fails 'no domain is left' . xl list saved
xl-sim fault restore off
xec-vm -n saved set start-from-suspend-image "$WORK/part"
fails 'a start from a file that is cut off' "^$FAILED: 223:IO error: \"" xec-vm -n saved start
prints 'it is off' stopped xec-vm -n saved get state
xec-vm -n saved set start-from-suspend-image "$WORK"
xl-sim forget
succeeds 'what is no file is as if unset' xec-vm -n saved start
is 'the VM is made anew' "$(xl-sim calls create) $(xl-sim calls restore)" '1 0'

done_testing

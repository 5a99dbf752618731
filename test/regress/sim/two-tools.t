#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# An admin's xl and the service work on one VM at the same time, and several domains
# have one uuid: the service removes only what it has made.
. "$(dirname "$0")/../lib.sh"
sim_only

watch_signals
new_guest both
config () { guest_config "$1" "$U" >"$WORK/$1.cfg"; } # NAME
config both; config double
has_domid () { [[ $(xec-vm -u "$U" get domid) == "$1" ]]; }
there () { xl list "$1" >/dev/null 2>&1; }
gone () { ! there "$1"; }

# --- the name is taken, by a domain of this uuid, while the service's xl waits for its turn ---
xl-sim fault create 'slow 0.6' 1
xl create -q "$WORK/both.cfg" & admin=$!
within 'an admin creates the domain' "$LIMIT" there both
xec-vm -n both start >"$WORK/start" 2>&1 & service=$!
wait $admin; wait $service
state_becomes 'and has it' "$U" running
admins=$(xl domid both)
prints 'it is the VM'"'"'s' "$admins" xec-vm -n both get domid

# --- the service's xl waits in vain for its turn, while an admin's builds the same VM ---
xec-vm -n both destroy
printf '[timeouts]\nbuild=3\n' >"$XM_SIM_DIR/xenmgr-xl.conf"
trap 'rm -f "$XM_SIM_DIR/xenmgr-xl.conf"; clean_up' EXIT
daemon restart
sed '/^uuid/d; s/^name.*/name = "first"/' "$WORK/both.cfg" >"$WORK/first.cfg"
xl-sim fault create 'slow 2.5' 2
xl create -q -e "$WORK/first.cfg" & first=$!
within 'an admin creates something else' "$LIMIT" there first
xl create -q -e -p "$WORK/both.cfg" & admin=$!
waits () { grep -q -- "-> FLOCK.*:$(stat -c %i "$XM_SIM_DIR/host/xl.lock") " /proc/locks; }
within 'and the VM, which has to wait' "$LIMIT" waits
fails 'a start that waits longer than it may' 'did not end within 3 s' xec-vm -n both start
wait $first; wait $admin
is 'the admin'"'"'s succeeds' $? 0
like 'its domain is left alone' "$(xl_state both)" p
state_becomes 'and is the VM'"'"'s' "$U" paused
xl destroy first
rm "$XM_SIM_DIR/xenmgr-xl.conf"
xl unpause both
state_becomes 'it runs' "$U" running
admins=$(xl domid both)

# --- two domains of one uuid: the one that was there counts ---
forget_signals
xl create -q -e "$WORK/double.cfg"
double=$(xl domid double)
succeeds 'pause' xec-vm -n both pause
prints 'the domid stays' "$admins" xec-vm -n both get domid
succeeds 'unpause' xec-vm -n both unpause
states_become 'the other is not told of' "$U" 'paused running'
like 'but logged' "$(grep "$U: 2 domains have its uuid" "$XM_SIM_DIR/daemon.log")" "domain $admins counts"
xl destroy both
within 'when it goes, the other is the VM'"'"'s' "$LIMIT" has_domid "$double"
states_become 'which is told' "$U" 'paused running stopped creating running'
xl destroy double
state_becomes 'stopped' "$U" stopped

# --- the service's own counts before all others, and alone is removed ---
xec-vm -n both start
xl create -q -e "$WORK/double.cfg"
succeeds 'destroy' xec-vm -n both destroy
within 'removes its own' "$LIMIT" gone both
there double
is 'and leaves the other' $? 0
within 'which now is the VM'"'"'s' "$LIMIT" has_domid "$(xl domid double)"
xl-sim guest double poweroff
state_becomes 'its end' "$U" stopping
there double
is 'is not cleaned up by the service' $? 0
xl destroy double
state_becomes 'but by the admin' "$U" stopped

# --- one domain goes and another comes between two looks ---
xec-vm -n both start
xl-sim fault list 'slow 0.5' 1
forget_signals
xl destroy both; xl create -q -e "$WORK/both.cfg"
within 'the new one is found' "$LIMIT" has_domid "$(xl domid both)"
running_anew () { [[ $(states "$U") == *running ]]; }
within 'it runs' "$LIMIT" running_anew
is 'as one that ended, and one that began' "$(states "$U")" 'stopped creating running'
xl-sim guest both poweroff
state_becomes 'its end' "$U" stopping
there both
is 'is the admin'"'"'s business' $? 0
xl destroy both
state_becomes 'stopped' "$U" stopped

# --- what somebody has started while a hook ran, is not started again ---
cat >"$WORK/hook" <<SH
#!/bin/sh
. "$WORK/before"
xl create -q -e "$WORK/both.cfg"
SH
chmod +x "$WORK/hook"
: >"$WORK/before"
xec -o "$VM" set run-pre-boot "$WORK/hook"
succeeds 'start, with a hook that creates the domain' xec-vm -n both start
state_becomes 'it runs' "$U" running
is 'one domain' "$(xl list -v | grep -c "$U")" 1
xl destroy both
state_becomes 'stopped' "$U" stopped

# --- nor is it an error when only xl tells that somebody has: the service looked too early ---
echo "xl-sim fault list 'slow 3' 1" >"$WORK/before"
others_word () { grep -c "$U: not started: somebody else has started it" "$XM_SIM_DIR/daemon.log"; }
before=$(others_word)
succeeds 'start, and the look takes longer than the creation' xec-vm -n both start
state_becomes 'it runs' "$U" running
is 'one domain' "$(xl list -v | grep -c "$U")" 1
is 'the log tells' "$(others_word)" $((before + 1))
xec -o "$VM" set run-pre-boot ''
xl destroy both
state_becomes 'stopped' "$U" stopped

# --- while xl waits for its lock: everything else goes on, and destroy overtakes ---
victims=()
for i in 1 2 3 4 5; do new_guest "lock$i"; victims+=("$U"); done
exec {lock}>"$XM_SIM_DIR/host/xl.lock"
flock $lock
for uuid in "${victims[@]}"; do xec-vm -u "$uuid" start >/dev/null 2>&1 & starts+=($!); done
creating () { (($(xl-sim log create | grep -c -- ' -e ') > 0 && $(pgrep -c -f "create.*$XM_SIM_DIR") >= 3)); }
within 'starts wait for the lock of xl' "$LIMIT" creating
milliseconds xec-vm -u "${victims[0]}" get state
like "a property is read meanwhile ($ms ms)" "$((ms < 1000))" 1
for uuid in "${victims[@]}"; do
  milliseconds xec-vm -u "$uuid" destroy
  like "destroy overtakes ($ms ms)" "$((ms < 5000))" 1
done
exec {lock}>&-
wait "${starts[@]}"
none () { ! xl list | grep -q '^lock'; }
within 'nothing is left' "$LIMIT" none
for uuid in "${victims[@]}"; do prints 'it is off' stopped xec-vm -u "$uuid" get state; done

done_testing

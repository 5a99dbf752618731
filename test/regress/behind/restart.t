#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The service is killed, or restarted, while VMs run: no VM is disturbed, every
# answered write is there, and what happened meanwhile is found out.
. "$(dirname "$0")/../lib.sh"

new_guest runs; runs=$U
new_guest paused; paused=$U
new_guest ends; ends=$U
new_vm off; off=$U
for name in runs paused ends; do xec-vm -n $name start; done
xec-vm -n paused pause
guest_up ends
picture () { xec-vm | tail -n +3; }

check_restart () { # HOW
  local how=$1 before after
  before=$(picture)
  is "$how: states before" "$(for n in runs paused off; do xec-vm -n $n get state; done | paste -sd ' ')" \
    'running paused stopped'
  daemon "$how" || diag "$how failed"
  [[ $how == kill ]] && { daemon start || diag 'start failed'; }
  after=$(picture)
  is "$how: the same VMs, domids and states" "$after" "$before"
}

# --- answered writes survive ---
xec-vm -n off set description 'written before'
xec-vm -n runs set memory-static-max 256
xec -s com.citrix.xenclient.db write /regress-restart here
check_restart kill
prints 'a property written before' 'written before' xec-vm -n off get description
prints 'one of a running VM' 256 xec-vm -n runs get memory-static-max
prints 'a key of the database' here xec -s com.citrix.xenclient.db read /regress-restart
xec -s com.citrix.xenclient.db rm /regress-restart
check_restart restart

# --- a write in the moment of the kill is whole or not there ---
for ((i = 0; i < 5; i++)); do
  (for ((k = 0; ; k++)); do
     xec-vm -o "$(path_of "$off")" set description "number $k" >/dev/null 2>&1 || break
     echo $k >"$WORK/answered"
   done) & writer=$!
  within "writes are answered ($i)" "$LIMIT" test -s "$WORK/answered"
  daemon kill; wait $writer 2>/dev/null
  daemon start
  got=$(xec-vm -n off get description)
  like "the last answered write is there ($i)" "$((${got#number } >= $(<"$WORK/answered")))" 1
  rm -f "$WORK/answered"
done

# --- what happens while it is away ---
daemon kill
guest_do ends poweroff
xl unpause paused
ended () { [[ $(xl_state ends) == *s* ]]; }
within 'a guest powers off meanwhile' "$LIMIT" ended
daemon start
state_becomes 'its end is found' "$ends" stopped
fails 'and cleaned up' . xl list ends
state_becomes 'an unpause is found' "$paused" running
prints 'the other one still runs' running xec-vm -n runs get state

guest_up paused
watch_signals
guest_do paused reboot
states_become 'a reboot after the restart is still the service'"'"'s' "$paused" 'rebooting stopped creating running'
succeeds 'shutdown of a VM of the former life' xec-vm -n runs shutdown
prints 'it is off' stopped xec-vm -n runs get state

done_testing

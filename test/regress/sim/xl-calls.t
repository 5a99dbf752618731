#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each operation runs the xl commands that docs/xl-commands.md says, and no more.
. "$(dirname "$0")/../lib.sh"
sim_only

table=$XM_SOURCE/docs/xl-commands.md

# Nobody looks but for a reason.
printf '[limits]\nrefresh-interval=0\n' >"$XM_SIM_DIR/xenmgr-xl.conf"
daemon restart || diag 'restart failed'
trap 'rm -f "$XM_SIM_DIR/xenmgr-xl.conf"; clean_up' EXIT
watch_signals
# The VM of a row is $name, $U: a PV one, or an HVM one whose driver offers S3 and S4.
new_vm machine new-vm-hvm; machine=$U
xec -o "$VM" set memory 128
xec -o "$VM" set pv-addons true
xl-sim policy machine pv-s3 pv-s4
new_guest calls; guest=$U

# quiet: what the last event led to is over: the count stands still while a call goes there and back
quiet () {
  local before after=-1
  for ((i = 0; i < 100; i++)); do
    before=$(xl-sim calls); [[ $before == "$after" ]] && return
    after=$before
    sync_signals
    sleep 0.1 # an event that may still come is nothing to wait for
  done
  diag 'xl is run for ever'
}

# be STATE: whatever the VM is now
offers_both () { [[ $(xenstore-read "/local/domain/$(xl domid machine)/control/feature-s4") == 1 ]]; }
be () {
  case $1 in *HVM) name=machine U=$machine ;; *) name=calls U=$guest ;; esac
  has_state "$U" "$1" && return
  xec-vm -n $name destroy; state_becomes "(destroyed)" "$U" stopped
  [[ $1 == stopped* ]] && return
  xec-vm -n $name start
  [[ $1 == paused ]] && xec-vm -n calls pause
  [[ $1 == *HVM ]] && within '(its driver is there)' "$LIMIT" offers_both
  if [[ $1 == sleeping* ]]; then
    # heard by the service once it listens to QEMU
    within '(it sleeps)' "$LIMIT" bash -c 'xl-sim guest machine sleep; sleep 0.1; [[ $(xec-vm -n machine get acpi-state) == 3 ]]'
  fi
}

new_domain () { local now; now=$(xl domid calls 2>/dev/null) && [[ $now != "$old" ]] && has_state "$U" running; }

operate () { # OPERATION
  case $1 in
    'power-off by the guest') xl-sim guest $name poweroff; within '(it is off)' "$LIMIT" has_state "$U" stopped ;;
    'crash of the guest') xl-sim guest $name crash; within '(it is off)' "$LIMIT" has_state "$U" stopped ;;
    'a property is read') { xec-vm -n calls get state; xec-vm -n calls get domid; xec list-domids; } >/dev/null ;;
    reboot) old=$(xl domid calls); xl-sim forget; xec-vm -n calls reboot
      within '(it runs again)' "$LIMIT" new_domain ;;
    suspend_to_file | resume_from_file) xec-vm -n calls "${1//_/-}" "$WORK/calls.image" ;;
    'start from a saved state') xec-vm -n calls set start-from-suspend-image "$WORK/calls.image"
      xec-vm -n calls start
      xec-vm -n calls set start-from-suspend-image '' ;;
    *) xec-vm -n $name "$1" ;;
  esac
}


# what the service ran: all but what this test runs itself
ran () { xl-sim log | awk '$2 != "list" && $2 != "domid" && $2 != "help" { printf "%s%s", sep, $2; sep = ", " }'; }

rows=0
while IFS='|' read -r _ operation state commands looks _; do
  read -r operation <<<"$operation"; read -r state <<<"$state"
  read -r commands <<<"$commands"; read -r looks <<<"$looks"
  [[ $looks =~ ^[0-9]+$ ]] || continue
  ((++rows))
  be "$state"
  quiet
  xl-sim forget
  operate "$operation"
  quiet
  is "$operation, $state: the commands" "$(ran)" "$commands"
  like "$operation, $state: at most $looks looks ($(xl-sim calls list))" "$(($(xl-sim calls list) <= looks))" 1
done <"$table"
like 'the table was read' "$((rows >= 15))" 1

done_testing

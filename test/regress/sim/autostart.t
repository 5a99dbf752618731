#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# VMs that start with the host: which, in what order, and when not. The end of all VMs by SIGUSR2.
. "$(dirname "$0")/../lib.sh"
sim_only

DB=com.citrix.xenclient.db
db () { xec -s $DB -o / "$@"; }
PENDING=/xenmgr/autostart-pending-vms

off () { local uuid; for uuid in "${all[@]}"; do xec-vm -u "$uuid" destroy; done; }
pending () { xec -o "$(path_of "$1")" get autostart-pending; } # UUID
# states in the order of VMs: name=state ...
picture () { for name in "$@"; do echo "$name=$(xec-vm -n "$name" get state)"; done | paste -sd ' '; }
nobody_waits () { [[ -z $(db list $PENDING) ]]; }
# started: names of the VMs whose domains the log says were started with the host, in order
started () {
  sed -n 's/.*: \([-0-9a-f]*\) starts with the host$/\1/p' "$XM_SIM_DIR/daemon.log" | tail -n "+$((logged + 1))" |
    while read -r uuid; do echo "${name_of[$uuid]}"; done | paste -sd ' '
}
boot () { # [OPTION...]: the service starts with the host
  logged=$(grep -c 'starts with the host$' "$XM_SIM_DIR/daemon.log")
  XM_DAEMON_OPTIONS=$* daemon restart || diag 'restart failed'
}

declare -A name_of
all=()
vm () { # NAME PRIORITY SLOT
  new_guest "$1"; all+=("$U"); name_of[$U]=$1
  xec -o "$VM" set start-on-boot true
  xec -o "$VM" set start-on-boot-priority "$2"
  xec -o "$VM" set slot "$3"
}
vm last 1 1; last=$U
vm first 10 5
vm second 5 2
vm third 5 3; third=$U
vm unready 20 1; unready=$U
xec -o "$VM" set ready false
new_guest idle; idle=$U; all+=("$U"); name_of[$U]=idle
vm broken 4 1; broken=$U
xec -o "$VM" set kernel /no/such/kernel

# --- the order ---
boot
state_becomes 'VMs start with the host' "$last" running
is 'by priority, then by slot' "$(started)" 'first second third broken last'
is 'one that fails keeps none from starting' "$(picture first second third broken last)" \
  'first=running second=running third=running broken=stopped last=running'
is 'one that is not ready, and one that is not meant to, do not' "$(picture unready idle)" 'unready=stopped idle=stopped'
within 'nobody waits' "$LIMIT" nobody_waits
xl-sim forget
boot
within 'one that could not start is tried again' "$LIMIT" eval '[[ -n $(started) ]]'
within 'then nobody waits' "$LIMIT" nobody_waits
is 'those that run are left alone' "$(started)" broken
off

# --- the list, as it shrinks ---
db write /xenmgr/svm-autostart-delay 600
boot
within 'the first one runs' "$LIMIT" has_state "$(uuid_of "$(xec find-vm-by-uuid "${all[1]}")")" running
within 'three others wait, and the broken one' "$LIMIT" eval '[[ $(db list $PENDING | wc -w) == 4 ]]'
is 'they say so' "$(pending "$third") $(pending "$last") $(pending "${all[1]}") $(pending "$idle")" 'true true false false'
is 'in order' "$(for i in 0 1 2 3; do echo "${name_of[$(db read $PENDING/$i)]}"; done | paste -sd ' ')" 'second third broken last'
db rm /xenmgr/svm-autostart-delay
daemon kill; boot
state_becomes 'who waited when the service died, still starts' "$last" running
off

# --- when not ---
boot --no-autostart
db write /xenmgr/autostart false
sync_bus () { xec list-vms >/dev/null; }
sync_bus
is '--no-autostart' "$(started)" ''
boot
is '/xenmgr/autostart false' "$(started)" ''
db rm /xenmgr/autostart

boot --autostart-once
is '--autostart-once: no new boot' "$(started)" ''
rm "$XM_SIM_DIR/run/autostarted"
boot --autostart-once
state_becomes '--autostart-once: a new boot' "$last" running
off

# --- after a hibernation of the host ---
db write "/vm/$idle/hibernated" true
db write "/vm/$third/type" ndvm
db write /platform/hibernated true
boot
state_becomes 'a service VM starts' "$third" running
state_becomes 'and a VM that is hibernated' "$idle" running
within 'no other does' "$LIMIT" nobody_waits
is 'service VMs by their priority' "$(started)" 'third idle'
prints 'the mark is gone' false db exists /platform/hibernated

# --- the end of all ---
off
db write "/vm/$third/type" svm
xec -o "$(path_of "$broken")" set kernel "$XM_GUEST_KERNEL"
xec -o "$(path_of "$unready")" set ready true
xec -o "$(path_of "$unready")" set keep-alive true
boot --no-autostart
for uuid in "${all[@]}"; do xec-vm -u "$uuid" start; done
priority () { xec-vm -n "$1" set shutdown-priority "$2"; }
priority last -15
priority idle 5
priority unready 5
xl-sim forget
ids () { for name in "$@"; do xl domid "$name"; done | sort -n | paste -sd ' '; }
high=$(ids idle unready) middle=$(ids first second third broken) low=$(ids last)
kill -USR2 "$(daemon pid)"
ended () { [[ -e $XM_SIM_DIR/daemon.status ]]; }
within 'SIGUSR2 ends the service' "$LIMIT" ended
is 'well' "$(<"$XM_SIM_DIR/daemon.status")" 0
is 'all domains are gone' "$(xl list | tail -n +3)" ''
asked=$(xl-sim log shutdown | grep -o '[0-9]*$')
is 'the highest priority first' "$(head -n 2 <<<"$asked" | sort -n | paste -sd ' ')" "$high"
is 'then the usual one' "$(sed -n 3,6p <<<"$asked" | sort -n | paste -sd ' ')" "$middle"
is 'the lowest last' "$(tail -n +7 <<<"$asked")" "$low"
boot --no-autostart
is 'none came back by itself' "$(picture unready last)" 'unready=stopped last=stopped'

done_testing

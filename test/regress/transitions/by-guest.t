#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What guests do by themselves, in a domain of the service's and in an admin's.
. "$(dirname "$0")/../lib.sh"
sim_only

watch_signals
new_guest inner
cat >"$WORK/inner.cfg" <<CFG
name = "inner"
uuid = "$U"
type = "pv"
memory = 128
kernel = "$XM_GUEST_KERNEL"
CFG
gone () { ! xl list inner >/dev/null 2>&1; }

# ends WHO EVENT STATES: the guest of a running VM does it; then its domain is removed, by whom it may be
ends () {
  forget_signals
  xl-sim guest inner "$2"
  states_become "$1: $2" "$U" "$3"
}

start_own () { xec-vm -n inner start; }
start_watched () { xl create -q "$WORK/inner.cfg"; state_becomes 'an admin creates it' "$U" running; }
start_alone () { xl create -q -e "$WORK/inner.cfg"; state_becomes 'an admin creates it with -e' "$U" running; }

while IFS=: read -r who event states left; do
  "start_$who"
  ends "$who" "$event" "$states"
  if [[ $left == left ]]; then
    like "$who: $event: the domain is left alone" "$(xl_state inner)" s
    xl destroy inner
    state_becomes "$who: $event: until somebody removes it" "$U" stopped
  else
    within "$who: $event: no domain is left" "$LIMIT" gone
  fi
  prints "$who: $event: domid" -1 xec-vm -n inner get domid
  prints "$who: $event: acpi-state" 5 xec-vm -n inner get acpi-state
done <<'TABLE'
own:poweroff:stopping stopped:
own:crash:stopped:
own:watchdog:stopped:
own:suspend:suspended:left
watched:suspend:suspended:left
alone:poweroff:stopping:left
alone:reboot:rebooting:left
alone:crash:stopping:left
alone:watchdog:stopping:left
alone:suspend:suspended:left
TABLE

# --- where xl watches over the domain, what it removes at once may never have been seen ended ---
# passes EVENT LAST REGEX
passes () {
  xl-sim guest inner "$1"
  last () { [[ $(states "$U") == *"$2" ]]; }
  within "watched: $1" "$LIMIT" last "$U" "$2"
  like "watched: $1: the states told" "$(states "$U")" "$3"
}
for event in poweroff crash watchdog; do
  start_watched
  forget_signals
  passes $event stopped '^(stopping )?stopped$'
done
start_watched
before=$(xl domid inner)
forget_signals
passes reboot running '^(rebooting )?stopped creating running$'
like 'watched: reboot: a new domid' "$(($(xec-vm -n inner get domid) > before))" 1
xec-vm -n inner destroy

start_own
before=$(xl domid inner)
ends own reboot 'rebooting stopped creating running'
like 'own: reboot: a new domid' "$(($(xec-vm -n inner get domid) > before))" 1
xec-vm -n inner destroy

# --- what `xl migrate` does here while the domain goes on elsewhere ---
xec-vm -n inner start
forget_signals
xl-sim guest inner suspend
states_become 'migrate: the guest is suspended' "$U" suspended
xl rename inner inner--migratedaway
xl destroy inner--migratedaway
states_become 'migrate: and gone' "$U" 'suspended stopped'
succeeds 'it can start here again' xec-vm -n inner start
prints 'and runs' running xec-vm -n inner get state
xec-vm -n inner destroy

done_testing

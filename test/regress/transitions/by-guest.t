#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What guests do by themselves, in a domain of the service's and in an admin's.
# What no guest in the lab can be made to do is left out there.
. "$(dirname "$0")/../lib.sh"

watch_signals
new_guest inner
guest_config inner "$U" >"$WORK/inner.cfg"
gone () { ! xl list inner >/dev/null 2>&1; }

does () { # EVENT
  if [[ $XM_TARGET == sim ]]; then xl-sim guest inner "$1"; else guest_do inner "$1"; fi
}

# ends WHO EVENT STATES: the guest of a running VM does it; then its domain is removed, by whom it may be
ends () {
  guest_up inner
  forget_signals
  does "$2"
  states_become "$1: $2" "$U" "$3"
}

start_own () { xec-vm -n inner start; }
start_watched () { xl create -q "$WORK/inner.cfg"; state_becomes 'an admin creates it' "$U" running; }
start_alone () { xl create -q -e "$WORK/inner.cfg"; state_becomes 'an admin creates it with -e' "$U" running; }

while IFS=: read -r who event states left; do
  [[ $XM_TARGET == lab && $event =~ ^(watchdog|suspend)$ ]] && continue
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
  guest_up inner
  forget_signals
  does "$1"
  last () { [[ $(states "$U") == *"$2" ]]; }
  within "watched: $1" "$LIMIT" last "$U" "$2"
  like "watched: $1: the states told" "$(states "$U")" "$3"
}
for event in poweroff crash watchdog; do
  [[ $XM_TARGET == lab && $event == watchdog ]] && continue
  start_watched
  passes $event stopped '^(stopping )?stopped$'
done
start_watched
before=$(xl domid inner)
passes reboot running '^(rebooting )?stopped creating running$'
like 'watched: reboot: a new domid' "$(($(xec-vm -n inner get domid) > before))" 1
xec-vm -n inner destroy

start_own
before=$(xl domid inner)
ends own reboot 'rebooting stopped creating running'
like 'own: reboot: a new domid' "$(($(xec-vm -n inner get domid) > before))" 1
xec-vm -n inner destroy

[[ $XM_TARGET == lab ]] && done_testing

# --- a guest that QEMU tells of sleeps, and is shut down by its power button ---
if [[ $GUEST == hvm ]]; then
  has_acpi () { [[ $(xec-vm -n inner get acpi-state) == "$1" ]]; }
  xl-sim policy inner no-pv-drivers
  start_own
  forget_signals
  within 'sleep: QEMU is heard' "$LIMIT" bash -c "xl-sim guest inner sleep; [[ \$(xec-vm -n inner get acpi-state) == 3 ]]"
  prints 'sleep: state' running xec-vm -n inner get state
  xl-sim guest inner wake
  within 'wake: acpi-state' "$LIMIT" has_acpi 0
  states_become 'sleep and wake: the state told stays' "$U" running
  forget_signals
  succeeds 'power button' xec-vm -n inner shutdown
  states_become 'power button: the states told' "$U" 'stopping stopped'
  xl-sim policy inner obedient
fi

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

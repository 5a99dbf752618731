#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the host does when its lid is closed, a button is pressed or its battery runs out. The input
# and the power daemon are played by bus-peer; the program that stands for systemctl writes down how
# it was called.
. "$(dirname "$0")/../lib.sh"
sim_only

host () { xec -o /host -i $IFACE.host "$@"; }
power () { xec -o /host -i $IFACE.powersettings "$@"; }
db () { xec -s com.citrix.xenclient.db -o / "$@"; }
cat >"$WORK/systemctl" <<'TOOL'
#!/bin/bash
echo "$*" >>"${0%/*}/calls"
TOOL
chmod +x "$WORK/systemctl"
: >"$WORK/calls"
root=$WORK/root
mkdir -p "$root/sys/power"
echo mem >"$root/sys/power/state"
configure () { # LINE...
  printf '%s\n' '[paths]' "host-root=$root" '[timeouts]' host-down=1 host-suspend=0 '[commands]' "$@" \
    >"$XM_SIM_DIR/xenmgr-xl.conf"
  daemon restart
}
commands=("power-off=$WORK/systemctl poweroff" "reboot=$WORK/systemctl reboot" "suspend=$WORK/systemctl suspend")

# play SERVICE: plays com.citrix.xenclient.SERVICE, which says what `tell` has it say
declare -A says
play () {
  mkfifo "$WORK/$1"
  bus-peer "com.citrix.xenclient.$1" 'get_auth_on_boot=(false,)' 'lock=()' <"$WORK/$1" >"$WORK/$1.out" 2>&1 &
  watchers+=("$!")
  exec {fd}>"$WORK/$1"
  says[$1]=$fd
  within "$1 is on the bus" "$LIMIT" grep -q ready "$WORK/$1.out"
}
tell () { echo "$2" >&"${says[$1]}"; } # SERVICE SIGNAL
told () { paste -sd ' ' "$WORK/calls"; }
was_told () { [[ $(told) == "$1" ]]; }
is_idle () { [[ $(host get state) == idle && $(xenstore-read /xenmgr/host-state) == idle ]]; }
busctl --system monitor --json=short --match "type='signal',path='/host',interface='$IFACE.host'" \
  >"$WORK/states" 2>"$WORK/states.err" </dev/null &
watchers+=("$!")
within 'states are watched' "$LIMIT" grep -q Monitoring "$WORK/states.err"
states_told () { sed -n 's/.*"member":"state_changed".*"data":\["\([a-z]*\)"\]}}$/\1/p' "$WORK/states" | paste -sd ' '; }
states_were () { [[ $(states_told) == "$1" ]]; }

# happens NAME CALL STATES SERVICE SIGNAL: the signal has the program called with CALL, and the host
# goes through STATES
happens () {
  : >"$WORK/calls"; : >"$WORK/states"
  tell "$4" "$5"
  within "$1" "$LIMIT" was_told "$2" || diag "called: $(told)"
  within 'and the host says so' "$LIMIT" states_were "$3" || diag "told: $(states_told)"
  within 'it is idle again' "$LIMIT" is_idle
}
# nothing NAME SERVICE SIGNAL: the signal has no effect: only the next one of the same daemon has
emitted () { (($(grep -c "emitted $2" "$WORK/$1.out") > ${3:-0})); } # SERVICE SIGNAL [TIMES]
nothing () {
  local before
  before=$(grep -c "emitted $3" "$WORK/$2.out")
  : >"$WORK/calls"; : >"$WORK/states"
  tell "$2" "$3"
  within 'the bus has it' "$LIMIT" emitted "$2" "$3" "$before"
  # xenstore is asked for one thing after the other
  host set-license '2030-12-31 23:59:59 +0100' device hash
  if [[ $2 == input ]]; then
    xenstore-write /pm/lid_state 0 /pm/ac_adapter 1
    power set-ac-lid-close-action reboot
    tell input lid_state_changed
    within "$1" "$LIMIT" was_told reboot || diag "called: $(told)"
    within 'nothing' "$LIMIT" states_were 'rebooting idle' || diag "told: $(states_told)"
  else
    tell xcpmd power_button_pressed
    within "$1" "$LIMIT" was_told poweroff || diag "called: $(told)"
    within 'nothing' "$LIMIT" states_were 'shutdowning idle' || diag "told: $(states_told)"
  fi
}

play input; play xcpmd
configure "${commands[@]}"

# --- what is set ---
for source in ac battery; do
  prints "on $source, at first" nothing power get-$source-lid-close-action
  db write /power-management/$source-lid-close-action explode
  prints 'a word in the store that is none' nothing power get-$source-lid-close-action
done

# --- the lid: each action, on mains and on battery ---
declare -A call=([sleep]=suspend [hibernate]=poweroff [shutdown]=poweroff [forced-shutdown]=poweroff
  [idle-shutdown]=poweroff [reboot]=reboot)
declare -A during=([sleep]=sleeping [hibernate]=hibernating [shutdown]=shutdowning
  [forced-shutdown]=shutdowning [idle-shutdown]=shutdowning [reboot]=rebooting)
for word in sleep hibernate shutdown forced-shutdown idle-shutdown reboot; do
  for adapter in 1 0; do
    source=$([[ $adapter == 1 ]] && echo ac || echo battery)
    other=$([[ $adapter == 1 ]] && echo battery || echo ac)
    power set-$source-lid-close-action $word
    power set-$other-lid-close-action nothing
    xenstore-write /pm/lid_state 0 /pm/ac_adapter $adapter
    happens "$word on $source" "${call[$word]}" "${during[$word]} idle" input lid_state_changed
  done
done
prints 'a hibernation that was none is forgotten' false db exists /platform/hibernated
xenstore-rm /pm/ac_adapter
power set-battery-lid-close-action reboot
happens 'an adapter that nobody knows of is none' reboot 'rebooting idle' input lid_state_changed
xenstore-write /pm/ac_adapter 2
happens 'neither is one in another state' reboot 'rebooting idle' input lid_state_changed

# --- what has no effect ---
power set-ac-lid-close-action nothing
xenstore-write /pm/ac_adapter 1
nothing 'nothing' input lid_state_changed
power set-ac-lid-close-action sleep
for state in 1 '' closed; do
  xenstore-write /pm/lid_state "$state"
  nothing "a lid that is not closed: '$state'" input lid_state_changed
  power set-ac-lid-close-action sleep
done
xenstore-rm /pm/lid_state
nothing 'a lid that nobody knows of' input lid_state_changed
power set-ac-lid-close-action sleep
nothing 'a signal of the wrong daemon' xcpmd lid_state_changed
nothing 'another one' input power_button_pressed

# --- buttons and the battery ---
power set-ac-lid-close-action nothing
happens 'the power button' poweroff 'shutdowning idle' xcpmd power_button_pressed
happens 'the sleep button' suspend 'sleeping idle' xcpmd sleep_button_pressed
xenstore-write /pm/currentbatterylevel 3
happens 'an empty battery' poweroff 'hibernating idle' xcpmd battery_level_notification
for level in 0 1 2 4 '' 33; do
  xenstore-write /pm/currentbatterylevel "$level"
  nothing "level '$level'" xcpmd battery_level_notification
done
xenstore-rm /pm/currentbatterylevel
nothing 'no level' xcpmd battery_level_notification

# --- VMs: shut down, or not even that ---
new_guest obedient; xec-vm -n obedient start
xl-sim forget
power set-ac-lid-close-action shutdown
happens 'a shutdown' poweroff 'shutdowning idle' input lid_state_changed
is 'asks its VMs' "$(xl-sim calls shutdown)" 1
prints 'which are off' stopped xec-vm -n obedient get state
xl-sim policy obedient ignore
xec-vm -n obedient start
xl-sim forget
power set-ac-lid-close-action forced-shutdown
happens 'a forced one' poweroff 'shutdowning idle' input lid_state_changed
is 'asks nobody' "$(xl-sim calls shutdown)" 0
prints 'they are off' stopped xec-vm -n obedient get state

# --- the key file does not let it ---
configure
failures () { grep -c 'switched off: the key file has no' "$XM_SIM_DIR/daemon.log"; }
before=$(failures)
: >"$WORK/calls"; : >"$WORK/states"
tell input lid_state_changed
tell xcpmd power_button_pressed
tell xcpmd sleep_button_pressed
more () { (($(failures) == before + 3)); }
within 'what is switched off is logged' "$LIMIT" more
is 'and not done' "$(told)$(states_told)" ''
prints 'the state' idle host get state

for source in ac battery; do db rm /power-management/$source-lid-close-action; done
xenstore-rm /pm
rm "$XM_SIM_DIR/xenmgr-xl.conf"
daemon restart

done_testing

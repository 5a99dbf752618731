#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The host goes down, sleeps and comes back: what its VMs do, which program is run in the end, and
# who may cause it. The program that stands for systemctl writes down how it was called.
. "$(dirname "$0")/../lib.sh"
sim_only

HOST=com.citrix.xenclient.xenmgr.host
host () { xec -o /host -i $HOST "$@"; }

export XM_WORK=$WORK
cat >"$WORK/systemctl" <<'TOOL'
#!/bin/bash
# waits at the gate when there is one; fails when told to
[[ ! -e ${0%/*}/gate ]] || read -r _ <"${0%/*}/gate"
[[ ! -e ${0%/*}/refuse ]] || { echo "refused" >&2; exit 1; }
echo "$*" >>"${0%/*}/systemctl.calls"
TOOL
chmod +x "$WORK/systemctl"
root=$WORK/root
mkdir -p "$root/sys/power" "$root/config"
touch "$WORK/systemctl.calls"
told_host () { paste -sd ' ' "$WORK/systemctl.calls"; }
forget_host () { : >"$WORK/systemctl.calls"; }

# configure LINE...: the key file's group [commands], and a restart
configure () {
  printf '%s\n' '[paths]' "host-root=$root" '[timeouts]' 'agent=5' 'shutdown=60' 'host-suspend=0' "${limits[@]}" \
    '[commands]' "$@" >"$XM_SIM_DIR/xenmgr-xl.conf"
  daemon restart
}
limits=()
all=("power-off=$WORK/systemctl poweroff" "reboot=$WORK/systemctl 'reboot'" "suspend=$WORK/systemctl suspend")

new_hvm () { # NAME: an HVM guest that sleeps when its ACPI button is pressed
  new_vm "$1" new-vm-hvm || return
  xec -o "$VM" set memory 128
  xec -o "$VM" set pv-addons true
  xl-sim policy "$1" acpi pv-s4
}
busctl --system monitor --json=short --match "type='signal',path='/host',interface='$HOST'" \
  >"$WORK/host-signals" 2>"$WORK/host-signals.err" </dev/null &
watchers+=($!)
within 'signals of the host are watched' "$LIMIT" grep -q Monitoring "$WORK/host-signals.err"
host_states () { sed -n 's/.*"member":"state_changed".*"data":\["\([a-z]*\)"\]}}$/\1/p' "$WORK/host-signals" | paste -sd ' '; }
told_states () { [[ $(host_states) == "$1" ]]; }
host_states_become () { within "$1" "$LIMIT" told_states "$2" || diag "told: $(host_states)"; : >"$WORK/host-signals"; }
host_is () { [[ $(host get state) == "$1" ]]; }

# --- switched off ---
for action in shutdown shutdown-idle hibernate; do
  fails "$action without its key" 'switched off.*power-off in \[commands\]' host $action
done
fails 'reboot without its key' 'switched off.*no reboot in \[commands\]' host reboot
fails 'sleep without its key' 'switched off.*no suspend in \[commands\]' host sleep
prints 'the state' idle host get state
new_guest low; low=$U
xec -o "$VM" set control-platform-power-state true
succeeds 'a VM that controls the host' xec-vm -n low start
xec-vm -n low destroy
within 'is logged' "$LIMIT" grep -q 'the host would shut down now, but .*power-off in \[commands\]' "$XM_SIM_DIR/daemon.log"
xec -o "$VM" set control-platform-power-state false

# --- shutdown ---
configure "${all[@]}"
new_guest high
xec -o "$VM" set shutdown-priority 10
xec-vm -n low start
xec-vm -n high start
xl-sim forget
succeeds 'shutdown' host shutdown
is 'the host is told' "$(told_host)" poweroff
like 'high ones went first' "$(xl-sim log | grep -o 'shutdown .*' | paste -sd ' ')" '^shutdown [0-9]+ shutdown [0-9]+$'
for name in low high; do prints "$name" stopped xec-vm -n $name get state; done
prints 'the state stays' shutdowning host get state
prints 'as xenstore says' shutting-down xenstore-read /xenmgr/host-state
succeeds 'a start is refused, quietly' xec-vm -n low start
prints 'the VM is off' stopped xec-vm -n low get state
like 'which is logged' "$(<"$XM_SIM_DIR/daemon.log")" 'the host is not idle'
forget_host
for action in reboot sleep hibernate shutdown shutdown-idle; do succeeds "$action meanwhile is left out" host $action; done
is 'the host was not told again' "$(told_host)" ''
host_states_become 'the states told' shutdowning

# --- a host that does not go down ---
limits=(host-down=1 shutdown=3)
configure "${all[@]}"
succeeds 'reboot' host reboot
is 'the host is told' "$(told_host)" reboot
host_states_become 'it stays: the state is idle again' 'rebooting idle'
succeeds 'VMs may start' xec-vm -n low start
prints 'and run' running xec-vm -n low get state

# --- a program that fails, and a VM that stays ---
touch "$WORK/refuse"
forget_host
fails 'a program that fails' "223:IO error: command: \"$WORK/systemctl poweroff\" FAILED" host shutdown
host_states_become 'the state is idle again' 'shutdowning idle'
rm "$WORK/refuse"
succeeds 'VMs may start' xec-vm -n low start
xl-sim policy low ignore
fails 'a VM that stays' '.' host shutdown
is 'keeps the host up' "$(told_host)" ''
prints 'the state' idle host get state
prints 'the VM runs' running xec-vm -n low get state

# --- shutdown_idle: in the end by force ---
limits=(idle-shutdown=1)
configure "${all[@]}" "power-off-forced=$WORK/systemctl poweroff --force"
: >"$WORK/host-signals"
succeeds 'shutdown-idle' host shutdown-idle
is 'the host is told by force' "$(told_host)" 'poweroff --force'
prints 'the VM is not off yet' stopping xec-vm -n low get state
prints 'the state' shutdowning host get state
forget_host
limits=(idle-shutdown=60)
configure "${all[@]}"
xec-vm -n low destroy
succeeds 'shutdown-idle of an idle host' host shutdown-idle
is 'needs no force' "$(told_host)" poweroff
xl-sim policy low obedient

# --- sleep ---
limits=()
configure "${all[@]}"
fails 'a host that cannot sleep' 'the host cannot sleep: no mem in /sys/power/state' host sleep
echo 'freeze disk' >"$root/sys/power/state"
fails 'one that knows other states' 'no mem' host sleep
echo 'freeze mem disk' >"$root/sys/power/state"
new_hvm sleeper; sleeper=$U
new_hvm asleep
new_guest ignored; xec -o "$VM" set s3-mode ignore
new_guest restarted; xec -o "$VM" set s3-mode restart; xec -o "$VM" set keep-alive true
xec -o "$VM" set control-platform-power-state true
new_guest service; xec -o "$VM" set type ndvm; xec -o "$VM" set s3-mode restart
new_guest other; xec -o "$VM" set type ndvm
for name in sleeper asleep ignored restarted service other; do
  succeeds "start of $name" xec-vm -n $name start
done
has_acpi () { [[ $(xec-vm -n "$1" get acpi-state) == "$2" ]]; }
xl-sim guest asleep sleep
within 'one sleeps already' "$LIMIT" has_acpi asleep 3
bus-peer com.citrix.xenclient.input 'lock=()' 'switch_focus=(true,)' 'attach_vkbd=()' >"$WORK/peer" 2>&1 & watchers+=($!)
within 'the input daemon is there' "$LIMIT" grep -q ready "$WORK/peer"
bus-peer com.citrix.xenclient.surfman 'pre_s3=()' 'post_s3=()' >"$WORK/surfman" 2>&1 & watchers+=($!)
within 'so is surfman' "$LIMIT" grep -q ready "$WORK/surfman"
surfman () { grep -o '^[a-z]*_s3' "$WORK/surfman" | paste -sd ' '; }
mkfifo "$WORK/gate"
forget_host
: >"$WORK/host-signals"
domid_of_ignored=$(xec-vm -n ignored get domid)
domid_of_other=$(xec-vm -n other get domid)
host sleep >"$WORK/sleep.out" 2>&1 & sleeping=$!
exec {gate}>"$WORK/gate"
is 'while the host sleeps, a VM' "$(xec-vm -n sleeper get acpi-state)" 3
for name in restarted service; do prints "$name" stopped xec-vm -n $name get state; done
for name in ignored other; do prints "$name" running xec-vm -n $name get state; done
prints 'the state' sleeping host get state
prints 'as xenstore says' going-to-sleep xenstore-read /xenmgr/host-state
succeeds 'a start is refused' xec-vm -n low start
prints 'quietly' stopped xec-vm -n low get state
succeeds 'shutdown meanwhile is left out' host shutdown
like 'the screen was locked' "$(<"$WORK/peer")" 'lock \(true,?\)'
is 'surfman knows' "$(surfman)" pre_s3
rm "$WORK/gate"; echo >&"$gate"; exec {gate}>&-
wait $sleeping; is 'the host wakes' $? 0 || diag "$(<"$WORK/sleep.out")"
is 'what it was told' "$(told_host)" suspend
within 'surfman knows' "$LIMIT" eval '[[ $(surfman) == "pre_s3 post_s3" ]]'
prints 'the VM is awake' 0 xec-vm -n sleeper get acpi-state
prints 'one that slept before still does' 3 xec-vm -n asleep get acpi-state
for name in restarted service; do prints "$name" running xec-vm -n $name get state; done
prints 'the ignored one is the same' "$domid_of_ignored" xec-vm -n ignored get domid
prints 'the other, too' "$domid_of_other" xec-vm -n other get domid
host_states_become 'the states told' 'sleeping idle'

# --- a VM that keeps the host awake ---
forget_host
xec-vm -n ignored set s3-mode snapshot
fails 'snapshot' 's3-mode snapshot is not supported' host sleep
prints 'those that slept are awake' 0 xec-vm -n sleeper get acpi-state
prints 'those that were not due ran on' running xec-vm -n service get state
xec-vm -n ignored set s3-mode pv
fails 'a PV guest cannot sleep' '213:' host sleep
xec-vm -n ignored destroy
xl-sim policy sleeper pv-s4
fails 'a guest that ignores its button' '227:Timeout waiting for guest to enter sleep state' host sleep
is 'the host did not sleep' "$(told_host)" ''
prints 'the state' idle host get state
xl-sim policy sleeper acpi pv-s4
touch "$WORK/refuse"
fails 'a host that refuses' 'FAILED' host sleep
prints 'the VM is awake' 0 xec-vm -n sleeper get acpi-state
rm "$WORK/refuse"

# --- a guest that sleeps has the host sleep ---
xec-vm -u "$sleeper" set control-platform-power-state true
xl-sim guest sleeper sleep
slept () { [[ $(told_host) == suspend ]]; }
within 'the host sleeps with its guest' "$LIMIT" slept
within 'and wakes it' "$LIMIT" has_acpi sleeper 0
within 'the state' "$LIMIT" host_is idle
xec-vm -u "$sleeper" set control-platform-power-state false

# --- buttons, lid, battery ---
within 'all is quiet' "$LIMIT" host_is idle
xec-vm -n restarted set keep-alive false
xec-vm -n restarted set control-platform-power-state false
PS=com.citrix.xenclient.xenmgr.powersettings
power () { xec -o /host -i $PS "$@"; }
prints 'the lid, on mains' nothing power get-ac-lid-close-action
succeeds 'is set' power set-ac-lid-close-action sleep
prints 'and read' sleep power get-ac-lid-close-action
succeeds 'a word that is none' power set-battery-lid-close-action explode
prints 'is nothing' nothing power get-battery-lid-close-action
prints 'and stored so' nothing xec -s com.citrix.xenclient.db read /power-management/battery-lid-close-action
for word in hibernate shutdown forced-shutdown idle-shutdown reboot nothing ''; do
  power set-battery-lid-close-action "$word"
  prints "the word '$word'" "${word:-nothing}" power get-battery-lid-close-action
done

# a signal of somebody who is not the daemon that it comes from is nothing
forget_host
xenstore-write /pm/lid_state 0 /pm/ac_adapter 1
for event in input.lid_state_changed xcpmd.power_button_pressed xcpmd.sleep_button_pressed; do
  busctl --system emit / com.citrix.xenclient.${event%.*} "${event#*.}"
done
prints 'the bus has delivered them' idle host get state
is 'and nothing has happened' "$(told_host)" ''
xenstore-rm /pm/lid_state /pm/ac_adapter

# --- hibernate ---
xec-vm -n asleep resume
for name in restarted service other; do xec-vm -n $name destroy; done
xec-vm -n asleep set s4-mode ignore
xec-vm -n sleeper set pv-addons false
forget_host
fails 'a VM that cannot hibernate' '201:Failed to hibernate VM' host hibernate
is 'keeps the host up' "$(told_host)" ''
prints 'nothing is noted' false xec -s com.citrix.xenclient.db exists /platform/hibernated
prints 'it runs on' running xec-vm -n sleeper get state
prints 'the state' idle host get state
xec-vm -n sleeper set pv-addons true
within 'the PV driver offers S4' "$LIMIT" \
  bash -c "[[ \$(xenstore-read /local/domain/\$(xec-vm -n sleeper get domid)/control/feature-s4) == 1 ]]"
: >"$WORK/host-signals"
succeeds 'hibernate' host hibernate
is 'the host goes down' "$(told_host)" poweroff
prints 'the VM is hibernated' true xec-vm -n sleeper get hibernated
prints 'another is shut down' stopped xec-vm -n asleep get state
prints 'and is not' false xec-vm -n asleep get hibernated
prints 'which the next start of the host will know' true xec -s com.citrix.xenclient.db read /platform/hibernated
prints 'the state' hibernating host get state
prints 'as xenstore says' going-to-hibernate xenstore-read /xenmgr/host-state
host_states_become 'the state told' hibernating
daemon restart
state_becomes 'the VM is back with the host' "$sleeper" running
prints 'the other is not' stopped xec-vm -n asleep get state
prints 'and it is forgotten' false xec -s com.citrix.xenclient.db exists /platform/hibernated

# --- a guest that ends has the host end ---
xec-vm -u "$low" set control-platform-power-state true
xec-vm -n low start
forget_host
guest_do low poweroff
went_down () { [[ $(told_host) == poweroff ]]; }
within 'the host goes down with its guest' "$LIMIT" went_down
prints 'other VMs were shut down' stopped xec-vm -n sleeper get state

# --- what the installer left ---
daemon restart
INST=com.citrix.xenclient.xenmgr.installer
installer () { xec -o /host -i $INST "$@"; }
prints 'no licence' '' installer get-eula
mkdir -p "$root/usr/share/xenclient"
echo 'Licence' >"$root/usr/share/xenclient/EULA"
like 'a licence' "$(installer get-eula)" '^Licence'
echo 'Lizenz' >"$root/usr/share/xenclient/EULA-de-de"
echo "LANGUAGE='de-de'" >"$root/config/language.conf"
like 'in the language of the host' "$(installer get-eula)" '^Lizenz'
echo 'License' >"$root/usr/share/xenclient/EULA-en-us"
echo "LANGUAGE='fr-fr'" >"$root/config/language.conf"
like 'else in English' "$(installer get-eula)" '^License'
touch "$root/config/deferred_kb_layout"
like 'the state of the installation' "$(installer get-installstate | tr -d ' \n')" \
  'deferred-accept-eula.*False.*deferred-dom0-password.*False.*deferred-kb-layout.*True.*deferred-language.*False'
fails 'a word that is none' 'unexpected install-action string: reformat' installer progress-installstate reformat
succeeds 'a step is done' installer progress-installstate kb-layout-set
like 'and shows' "$(installer get-installstate)" 'deferred-kb-layout.*False'
succeeds 'once more' installer progress-installstate kb-layout-set

done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The host's user interface: which VM gets the screen when it comes up, the login at boot, and what
# the input daemon, played by bus-peer, is told when graphics adapters change places.
. "$(dirname "$0")/../lib.sh"
sim_only

INPUT=com.citrix.xenclient.input
db () { xec -s com.citrix.xenclient.db -o / "$@"; }
# play REPLY...: plays the input daemon; what it is called is in $WORK/input, what comes into
# $signals it emits
mkfifo "$WORK/signals-of-input"
play () {
  : >"$WORK/input"
  bus-peer $INPUT "$@" <"$WORK/signals-of-input" >>"$WORK/input" 2>&1 &
  peer=$!
  watchers+=("$peer")
  exec {signals}>"$WORK/signals-of-input"
  within 'an input daemon' "$LIMIT" grep -q ready "$WORK/input"
}
end_play () { exec {signals}>&-; kill $peer; wait $peer 2>/dev/null; }
calls () { grep -vE '^(ready|emitted)' "$WORK/input" | paste -sd '|'; }
were () { [[ $(calls) == "$1" ]]; }
calls_become () { within "$1" "$LIMIT" were "$2" || diag "called: $(calls)"; } # NAME CALLS
said () { grep -qF "$1" "$XM_SIM_DIR/daemon.log"; }

# afresh: as after the host's boot
afresh () { xenstore-rm /xenmgr/ui-ready 2>/dev/null; daemon restart || diag 'no restart'; }
set_ready () { xec -o /host set ui-ready true; }
node () { xenstore-read /xenmgr/ui-ready 2>/dev/null; }
node_is () { [[ $(node) == true ]]; }

# --- no input daemon ---
afresh
prints 'not ready at first' false xec -o /host get ui-ready
prints 'set' '' set_ready
prints 'is ready' true xec -o /host get ui-ready
within 'others know' "$LIMIT" node_is

# --- nobody to show ---
play 'get_auth_on_boot=(false,)' 'get_focus_domid=(-1,)' 'switch_focus=(true,)'
afresh
calls_become 'the login at boot is asked for' 'get_auth_on_boot ()'
set_ready
calls_become 'and who has the screen' 'get_auth_on_boot ()|get_focus_domid ()'
within 'no VM shows anything' "$LIMIT" said 'no VM gets the screen: no graphics fallback vm'
new_guest fallback; fallback=$U
db write "/vm/$U/provides-graphics-fallback" true
afresh; : >"$WORK/input"
set_ready
within 'nor does one that is off' "$LIMIT" said 'no VM gets the screen: no graphics fallback domain'

# --- the fallback gets what nobody has ---
xec-vm -n fallback start
domid=$(xec-vm -n fallback get domid)
afresh
within 'the service knows it' "$LIMIT" has_state "$fallback" running
: >"$WORK/input"
set_ready
calls_become 'it gets the screen' "get_focus_domid ()|switch_focus ($domid, false)"
within 'others know' "$LIMIT" node_is
set_ready
xec -o /host set ui-ready false
prints 'it stays' true xec -o /host get ui-ready
daemon restart
ready () { [[ $(xec -o /host get ui-ready) == true ]]; }
within 'known after a restart of the service' "$LIMIT" ready
: >"$WORK/input"
set_ready
is 'and asked once after each boot' "$(calls)" ''
end_play

# --- somebody has it ---
play 'get_auth_on_boot=(true,)' 'auth_begin=()' "get_focus_domid=(7,)" 'switch_focus=(true,)'
afresh
calls_become 'users log in at boot' 'get_auth_on_boot ()|auth_begin ()'
within 'the service knows its VM' "$LIMIT" has_state "$fallback" running
set_ready
calls_become 'who has the screen' 'get_auth_on_boot ()|auth_begin ()|get_focus_domid ()'
within 'others know' "$LIMIT" node_is
xec-vm -n fallback switch
calls_become 'only a request takes it away' \
  "get_auth_on_boot ()|auth_begin ()|get_focus_domid ()|switch_focus ($domid, false)"
end_play

# --- an input daemon that does not say ---
play 'switch_focus=(true,)'
afresh
within 'the service knows its VM' "$LIMIT" has_state "$fallback" running
: >"$WORK/input"
prints 'set' '' set_ready
calls_become 'is one for whom nobody has it' "get_focus_domid ()|switch_focus ($domid, false)"
end_play
xec-vm -n fallback destroy

# --- a login lets VMs start: only the input daemon can tell ---
root=$WORK/root
mkdir -p "$root/config"
printf '[paths]\nhost-root=%s\n' "$root" >"$XM_SIM_DIR/xenmgr-xl.conf"
touch "$root/config/deferred_language"
xec-vm -n fallback set start-on-boot true
play 'get_auth_on_boot=(false,)' 'switch_focus=(true,)'
daemon restart
one_waits () { [[ $(db list /xenmgr/autostart-pending-vms) == 0 ]]; }
within 'a VM waits for the installer' "$LIMIT" one_waits
rm "$root/config/deferred_language"
busctl --system emit / $INPUT auth_status
prints 'somebody else says something' stopped xec-vm -n fallback get state
echo auth_status >&"$signals"
state_becomes 'the input daemon does' "$fallback" running
end_play
xec-vm -n fallback set start-on-boot false
xec-vm -n fallback destroy

# --- graphics adapters change places ---
device=$root/sys/devices/pci0000:00/0000:00:02.0
mkdir -p "$device" "$root/sys/bus/pci/devices"
echo 0x030000 >"$device/class"; echo 0x8086 >"$device/vendor"; echo 0x0412 >"$device/device"
echo 1 >"$device/boot_vga"
ln -s ../../../devices/pci0000:00/0000:00:02.0 "$root/sys/bus/pci/devices/0000:00:02.0"
new_vm another; another=$U
play 'update_seamless_mouse_settings=()'
daemon restart
: >"$WORK/input"
prints 'configure-gpu-placement' '' xec -o /host configure-gpu-placement 0000:00:02.0 3
prints 'is placed' 3 xec -o /host get-gpu-placement 0000:00:02.0
told_of_all () { [[ $(calls | tr '|' '\n' | sort) == "$all" ]]; }
all=$(printf "update_seamless_mouse_settings ('%s',)\n" "$fallback" "$another" | sort)
within 'every VM may have other neighbours' "$LIMIT" told_of_all || diag "called: $(calls)"
fails 'an adapter that is none' ': 234:Unknown GPU "x"' xec -o /host configure-gpu-placement x 3
is 'changes nothing' "$(calls | tr '|' '\n' | grep -c .)" 2
end_play
db rm /xenmgr/gpu-placement
rm "$XM_SIM_DIR/xenmgr-xl.conf"
daemon restart

done_testing

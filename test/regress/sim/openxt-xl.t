#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Where `xl help` lists OpenXT's own subcommands, the service uses them: acpi-state, hibernate,
# `shutdown -c`, and `trigger sleep`, which there speaks to the PV driver. Here they are played, on
# top of the simulated xl.
. "$(dirname "$0")/../lib.sh"
sim_only

mkdir "$WORK/bin"
cat >"$WORK/bin/xl" <<XL
#!/bin/bash
stock='$(command -v xl)' log='$WORK/openxt'
XL
cat >>"$WORK/bin/xl" <<'XL'
ask () { # DOMID WORD: the PV driver, if it offers that
  [[ $(xenstore-read "/local/domain/$1/control/feature-$2" 2>/dev/null) == 1 ]] ||
    { echo "PV control interface not available" >&2; return 1; }
  xenstore-write "/local/domain/$1/control/shutdown" "$2"
}
case "$1 ${2-} ${3-}" in
  help*) "$stock" help; printf ' %s   patched\n' acpi-state uuid-to-domid hibernate; exit ;;
  acpi-state*)
    echo "$*" >>"$log"
    [[ $("$stock" qemu-monitor-command "$2" 'info status') == *suspended* ]] && echo 3 || echo 0 ;;
  hibernate*) echo "$*" >>"$log"; ask "$2" s4 || exit 255 ;;
  'trigger '*' sleep') echo "$*" >>"$log"; ask "$2" s3 ;;
  'shutdown -c'*) # one that does not listen to PV control is powered off
    echo "$*" >>"$log"
    [[ -e $log.drivers ]] && exec "$stock" shutdown "$3"
    xl-sim guest patched poweroff ;;
  *) exec "$stock" "$@" ;;
esac
XL
chmod +x "$WORK/bin/xl"
PATH=$WORK/bin:$PATH
daemon restart || diag 'restart failed'

played () { sed "s/\<$domid\>/D/" "$WORK/openxt" | uniq | paste -sd ' '; }
forget () { : >"$WORK/openxt"; xl-sim forget; }
begin () { xec-vm -n patched start; domid=$(xec-vm -n patched get domid); forget; }
has_acpi () { [[ $(xec-vm -n patched get acpi-state) == "$1" ]]; }

new_vm patched new-vm-hvm
xec -o "$VM" set memory 128
S4='223:IO error: "Error entering s4\."'

# --- acpi-state: of a domain whose QEMU has no monitor for the service ---
cat >"$WORK/hand.cfg" <<CFG
name = "patched"
uuid = "$U"
type = "hvm"
memory = 128
CFG
xl create -q -e "$WORK/hand.cfg"
state_becomes 'a domain made by hand' "$U" running
domid=$(xec-vm -n patched get domid)
xl-sim guest patched sleep
forget
succeeds 'sleep looks whether it sleeps' xec-vm -n patched sleep
is 'with acpi-state' "$(played)" 'acpi-state D'
prints 'which is told' 3 xec-vm -n patched get acpi-state
succeeds 'resume' xec-vm -n patched resume
prints 'wakes it' 0 xec-vm -n patched get acpi-state
like 'with the trigger that all have' "$(xl-sim log trigger)" "trigger $domid s3resume"
xec-vm -n patched destroy

# --- a guest whose PV driver knows S3 and S4 ---
xec-vm -n patched set pv-addons true
xl-sim policy patched pv-s3 pv-s4
touch "$WORK/openxt.drivers"
offered () { [[ $(xenstore-read "/local/domain/$domid/control/feature-s4") == 1 ]]; }
begin
within 'the PV driver offers them' "$LIMIT" offered
within 'the trigger is what puts it to sleep' "$LIMIT" bash -c "xec-vm -n patched sleep; [[ \$(xec-vm -n patched get acpi-state) == 3 ]]"
like 'through the PV driver' "$(played)" 'trigger D sleep'
forget
succeeds 'hibernate wakes it first' xec-vm -n patched hibernate
prints 'it is hibernated' 4 xec-vm -n patched get acpi-state
like 'by hibernate' "$(played)" 'hibernate D$'
like 'after waking it' "$(xl-sim log trigger)" "trigger $domid s3resume"

# --- shutdown: a guest that listens ---
begin
succeeds 'shutdown' xec-vm -n patched shutdown
like 'with -c, lest it does not listen' "$(played)" 'shutdown -c D$'
prints 'it is off' stopped xec-vm -n patched get state

# --- a guest without such a driver ---
rm "$WORK/openxt.drivers"
xl-sim policy patched no-pv-drivers
begin
fails 'hibernate' "$S4" xec-vm -n patched hibernate
like 'was asked of xl' "$(played)" 'hibernate D$'
prints 'it is not hibernated' false xec-vm -n patched get hibernated
prints 'it runs on' running xec-vm -n patched get state
forget
succeeds 'shutdown powers it off' xec-vm -n patched shutdown
like 'by -c' "$(played)" 'shutdown -c D$'
prints 'it is off' stopped xec-vm -n patched get state

# --- a guest that heeds its power button is not powered off by force ---
begin
model=/local/domain/0/device-model/$domid
xenstore-write "$model/hvm-powerbutton-enable" 1
succeeds 'shutdown of a guest with a power button' xec-vm -n patched shutdown
unlike 'is not by -c' "$(played)" shutdown
like 'but by xl, then with its fallback' "$(xl-sim log shutdown | sed "s/$domid/D/" | paste -sd ' ')" \
  'xl shutdown D xl shutdown -F D'
like 'and the button is pressed' "$(xl-sim log trigger)" "trigger $domid power"
prints 'it is off' stopped xec-vm -n patched get state

done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Signal progress of com.citrix.xenclient.xenmgr_xl, and what xec-vm makes of it on a terminal.
. "$(dirname "$0")/../lib.sh"
sim_only

image=$WORK/image
watch_signals
new_guest slow
memory=$((128 * 1024 * 1024))

tells () { progress_of "$1" | grep -qx "$2"; }
only () { is "$1" "$(progress_of "$2")" "$3"; } # NAME OPERATION LINES

# held OPERATION COMMAND...: begins it; its xl stops half way, until released
held () {
  rm -f "$WORK/go"
  xl-sim fault "$1" "until $WORK/go" 1
  forget_signals
  "${@:2}" >"$WORK/out" 2>&1 & operation=$!
}
released () { touch "$WORK/go"; wait $operation; result $? "$1"; }

# --- to a file and back ---
xec-vm -n slow start
held save xec-vm -n slow suspend-to-file "$image"
within 'save: what is written so far' "$LIMIT" tells save "[1-9][0-9]* $memory false"
released 'suspend to a file'
begins_and_ends save $memory

size=$(stat -c %s "$image")
held restore xec-vm -n slow resume-from-file "$image"
within 'restore: what is read so far' "$LIMIT" tells restore "$((size / 2)) $size false"
released 'resume from the file'
begins_and_ends restore "$size"

# --- on a terminal ---
mkfifo "$WORK/keys"
exec 3<>"$WORK/keys"
# on_terminal COMMAND: what its terminal gets goes to a file; keys can be pressed
on_terminal () { script -qefc "exec $1" /dev/null <"$WORK/keys" >"$WORK/terminal" 3>&-; }
shows () { grep -qE "$1" "$WORK/terminal"; }
line='save: +0%, 0 of 128 MiB' erased=$'\r +\r'

is 'nothing where there is none' "$(<"$WORK/out")" ''
held save on_terminal "xec-vm -n slow suspend-to-file $image"
within 'a line tells how far it is' "$LIMIT" shows "$line"
released 'suspend to a file'
like 'the line is erased' "$(<"$WORK/terminal")" "^($line$erased)+\$"
size=$(stat -c %s "$image")
held restore on_terminal "xec-vm -n slow resume-from-file $image"
within 'what is read so far' "$LIMIT" shows 'restore: +50%, 0 of 0 MiB'
released 'resume from the file'
held save on_terminal "xec-vm -n slow suspend-to-file $image"
within 'a line tells how far it is' "$LIMIT" shows "$line"
printf '\003' >&3
wait $operation
is 'Ctrl-C ends it, as the shell sees' $? 130
like 'with the line erased' "$(<"$WORK/terminal")" "^($line(\^C)?$erased)+\$"
touch "$WORK/go"
state_becomes 'the save goes on' "$U" stopped
on_terminal 'xec-vm -n slow get-db-key nothing'
is 'no line for what is done at once' "$(<"$WORK/terminal")" $'\r'
succeeds 'resume from the file' xec-vm -n slow resume-from-file "$image"
exec 3>&-

# --- a save that outlives the service ---
held save xec-vm -n slow suspend-to-file "$image"
within 'save: what is written so far' "$LIMIT" tells save "[1-9][0-9]* $memory false"
daemon kill
wait $operation
forget_signals
daemon start
within 'the next service tells it, too' "$LIMIT" tells save "[1-9][0-9]* $memory false"
touch "$WORK/go"
state_becomes 'the save goes on' "$U" stopped
begins_and_ends save $memory
succeeds 'resume from the file' xec-vm -n slow resume-from-file "$image"

# --- that do not end well ---
held save xec-vm -n slow suspend-to-file "$image"
within 'save: what is written so far' "$LIMIT" tells save "[1-9][0-9]* $memory false"
xec-vm -n slow destroy
wait $operation
sync_signals
like 'it has ended, and was not done' "$(progress_of save | tail -n 1)" "^[1-9][0-9]{0,5} $memory true$"
touch "$WORK/go"
xl-sim fault save off

# --- a start from a saved state, and one that measures ---
xec-vm -n slow set start-from-suspend-image "$image"
forget_signals
succeeds 'start from the image' xec-vm -n slow start
begins_and_ends restore "$size"
xec-vm -n slow set start-from-suspend-image ''
xec-vm -n slow destroy
truncate -s 3M "$WORK/disk"
disk=$(xec -o "$VM" add-disk | head -n 1)
xec -o "$disk" attach-phy "$WORK/disk"
xec -o "$disk" set phys-type file
xec -s com.citrix.xenclient.db write "/vm/$U/measured" true
forget_signals
succeeds 'a start that measures' xec-vm -n slow start
begins_and_ends measure $((3 * 1024 * 1024)) 0
xec -s com.citrix.xenclient.db rm "/vm/$U/measured"

# --- where there is nothing to tell ---
forget_signals
succeeds 'saved to a device' xec-vm -n slow suspend-to-file /dev/null
sync_signals
only 'which has no size' save ''
fails 'resume from a device' '' xec-vm -n slow resume-from-file /dev/null
sync_signals
only 'neither' restore ''

# --- the host ---
forget_signals
succeeds 'create-vhd' xec create-vhd 16
rm "$out"
sync_signals
is 'of / it is told when it begins and ends' "$(signals progress)" \
  $'["/","create-vhd",0,0,false]\n["/","create-vhd",0,0,true]'

done_testing

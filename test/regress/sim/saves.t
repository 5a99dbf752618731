#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The service dies while a VM is saved over a file that is there: xl goes on, and the next service
# ends what the last one had begun.
. "$(dirname "$0")/../lib.sh"
sim_only

image=$WORK/saves/image
mkdir "$WORK/saves"
new_guest saver
echo older >"$image"
files () { (cd "$WORK/saves" && ls -A | paste -sd ' '); }
record () { [[ -e $XM_SIM_DIR/run/$U.saving ]]; }
no_record () { ! record; }

# save_and_kill: the daemon is killed once xl is at work, which writes the file anew
writes () { [[ -s $image ]] && ! grep -q older "$image" && record; }
save_and_kill () {
  xec-vm -n saver suspend-to-file "$image" >/dev/null 2>&1 &
  local caller=$!
  within 'xl saves' "$LIMIT" writes
  daemon kill
  wait $caller 2>/dev/null
}

# --- xl ends well while there is no service ---
xec-vm -n saver start
save_and_kill
like 'what was replaced waits under another name' "$(files)" "^\.$U\.former image\$"
succeeds 'what is to be ended is recorded' record
gone () { ! xl domid saver 2>/dev/null; }
within 'xl ends' "$LIMIT" gone
daemon start
within 'nothing is left to do' "$LIMIT" no_record
is 'one file is left' "$(files)" image
unlike 'the new one' "$(head -c 20 "$image")" older
prints 'the VM is off' stopped xec-vm -n saver get state
succeeds 'and can be resumed' xec-vm -n saver resume-from-file "$image"
prints 'it runs' running xec-vm -n saver get state

# --- the service is back before xl has ended ---
echo older >"$image"
xl-sim policy saver slow-shutdown 1500
save_and_kill
daemon start
state_becomes 'the VM is off when xl has ended' "$U" stopped
within 'nothing is left to do' "$LIMIT" no_record
is 'one file is left' "$(files)" image
succeeds 'which can be resumed' xec-vm -n saver resume-from-file "$image"

# --- the guest does not suspend ---
echo older >"$image"
xl-sim policy saver ignore
save_and_kill
daemon start
pkill -f " save [0-9]* $image" # which would wait for a minute
within 'nothing is left to do' "$LIMIT" no_record
is 'what was replaced is back' "$(<"$image")" older
is 'alone' "$(files)" image
prints 'the VM runs on' running xec-vm -n saver get state

# --- destroy while the next service waits for xl ---
save_and_kill
daemon start
succeeds 'destroy' xec-vm -n saver destroy
prints 'the VM is off' stopped xec-vm -n saver get state
within 'nothing is left to do' "$LIMIT" no_record
is 'what was replaced is back' "$(<"$image")" older
is 'alone' "$(files)" image
fails 'no xl is left' '' pgrep -f " save [0-9]* $image"

done_testing

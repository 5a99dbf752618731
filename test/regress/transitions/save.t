#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# running -> suspending -> suspended -> stopped: suspend_to_file; and back: resume_from_file,
# start-from-suspend-image
. "$(dirname "$0")/../lib.sh"

place_for_saves
image=$SAVES/saver.img

recorded_guest saver

# --- what cannot be saved, and where ---
fails 'a stopped VM is not saved' '223:IO error: "Error suspending to file\."' \
  xec-vm -n saver suspend-to-file "$image"
fails 'nor is anything left' '' test -e "$image"
fails 'nothing is resumed without a configuration' '223:IO error: .*/'"$U"'\.cfg: openFile: does not exist' \
  xec-vm -n saver resume-from-file "$image"
succeeds 'start' xec-vm -n saver start
passes 'start' 'creating running'
guest_up saver
before=$(xec-vm -n saver get domid)
fails 'a relative path' '223:IO error: saver\.img: ' xec-vm -n saver suspend-to-file saver.img
fails 'a directory that does not exist' '223:IO error: .*/none/x: openFile: does not exist' \
  xec-vm -n saver suspend-to-file "$SAVES/none/x"
fails 'a directory' '223:IO error: .*: openFile: inappropriate type' xec-vm -n saver suspend-to-file "$SAVES"
prints 'the guest runs on' running xec-vm -n saver get state
prints 'as the same domain' "$before" xec-vm -n saver get domid

# --- saved ---
succeeds 'suspend to a file' xec-vm -n saver suspend-to-file "$image"
prints 'state' stopped xec-vm -n saver get state
prints 'domid' -1 xec-vm -n saver get domid
fails 'no domain is left' . xl list saver
succeeds 'the file is there' test -s "$image"
passes 'suspend to a file' 'suspending suspended stopped'

# --- resumed ---
fails 'resume from a file that does not exist' '223:IO error: .*/none: openFile: does not exist' \
  xec-vm -n saver resume-from-file "$SAVES/none"
yes 'no saved state' | head -n 1000 >"$SAVES/rubbish"
fails 'resume from rubbish' '223:IO error: "File has wrong magic number' \
  xec-vm -n saver resume-from-file "$SAVES/rubbish"
prints 'state' stopped xec-vm -n saver get state
succeeds 'resume from the file' xec-vm -n saver resume-from-file "$image"
prints 'state' running xec-vm -n saver get state
after=$(xec-vm -n saver get domid)
like 'a new domid' "$((after > before))" 1
unlike 'it runs' "$(xl_state saver)" p
passes 'resume from the file' 'creating running'
succeeds 'the file is kept' test -s "$image"
succeeds 'resume of a running VM does nothing' xec-vm -n saver resume-from-file "$image"
prints 'the domain is the same' "$after" xec-vm -n saver get domid

# --- the resumed domain is the service's ---
guest_do saver poweroff
passes 'power-off from inside' 'stopping stopped'
fails 'no domain is left' . xl list saver

# --- a start from a saved state ---
xec-vm -n saver set start-from-suspend-image "$image"
succeeds 'start from the image' xec-vm -n saver start
passes 'start from the image' 'creating running'
prints 'the guest is told' resume xenstore-read "/xenmgr/service-vm-snapshot/$U/state"
guest_do saver poweroff
passes 'it powers off' 'stopping stopped'
within 'nobody is told any more' "$LIMIT" bash -c "! xenstore-exists /xenmgr/service-vm-snapshot/$U/state"
cp "$SAVES/rubbish" "$image"
fails 'start from rubbish' '223:IO error: "File has wrong magic number' xec-vm -n saver start
prints 'state' stopped xec-vm -n saver get state
rm "$image"
succeeds 'without the file it is created' xec-vm -n saver start
guest_up saver

# --- a paused guest cannot suspend; what was written goes ---
xec-vm -n saver pause
if [[ $XM_TARGET == sim ]]; then # on real Xen that takes a minute of xl's patience
  fails 'a paused VM is not saved' '223:IO error: "Error suspending to file\."' \
    xec-vm -n saver suspend-to-file "$image"
  fails 'nothing half written is left' '' test -e "$image"
  prints 'it stays paused' paused xec-vm -n saver get state
  echo former >"$image"
  fails 'nor over another file' '223:IO error: "Error suspending to file\."' \
    xec-vm -n saver suspend-to-file "$image"
  is 'which is as it was' "$(<"$image")" former
  is 'and alone' "$(ls -A "$SAVES")" $'rubbish\nsaver.img'
fi
xec-vm -n saver unpause
prints 'it runs on' running xec-vm -n saver get state

# --- destroy overtakes ---
if [[ $XM_TARGET == sim ]]; then
  xl-sim policy saver slow-shutdown 20000
  xec-vm -n saver suspend-to-file "$image" >"$WORK/out" 2>&1 &
  saving=$!
  state_becomes 'it is being suspended' "$U" suspending
  succeeds 'destroy' xec-vm -n saver destroy
  wait $saving
  like 'the save was overtaken' "$(<"$WORK/out")" 'overtaken by destroy'
  is 'what the save would have replaced is there' "$(<"$image")" former
  xl-sim policy saver obedient
else
  xec-vm -n saver destroy
fi
prints 'state' stopped xec-vm -n saver get state

done_testing

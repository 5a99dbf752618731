#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Signal progress while the real xl saves and restores a guest.
. "$(dirname "$0")/../lib.sh"
[[ $XM_TARGET == lab ]] || { echo '1..0 # SKIP needs the Xen lab'; exit 0; }

place_for_saves
image=$SAVES/image
watch_signals
new_guest moved

# on_the_way OPERATION: of emulated seconds some of the signals that come twice a second
on_the_way () {
  like "$1: in between, what xl has done so far" "$(progress_of "$1")" $'\n[1-9][0-9]* [0-9]+ false\n'
}

succeeds 'start' xec-vm -n moved start
guest_up moved
forget_signals
succeeds 'suspend to a file' xec-vm -n moved suspend-to-file "$image"
begins_and_ends save $((128 * 1024 * 1024))
on_the_way save

succeeds 'resume from the file' xec-vm -n moved resume-from-file "$image"
begins_and_ends restore "$(stat -c %s "$image")"
on_the_way restore

done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# running -> stopped: the guest crashes, its watchdog fires; and what ends as suspended
. "$(dirname "$0")/../lib.sh"

recorded_guest poor
xec-vm -n poor start
passes 'start' 'creating running'
guest_up poor
guest_do poor crash
passes 'crash' stopped
prints 'state' stopped xec-vm -n poor get state
prints 'domid' -1 xec-vm -n poor get domid
fails 'no domain is left' . xl list poor

succeeds 'it starts again' xec-vm -n poor start
prints 'and runs' running xec-vm -n poor get state
passes 'start after a crash' 'creating running'

[[ $XM_TARGET == lab ]] && done_testing # no guest there can be made to do the others

xl-sim guest poor watchdog
passes 'watchdog' stopped
fails 'no domain is left' . xl list poor
xec-vm -n poor start
passes 'start' 'creating running'
xl-sim guest poor suspend
passes 'suspended by itself' suspended
like 'the domain is left alone' "$(xl_state poor)" s
xl destroy poor
passes 'until somebody removes it' stopped

done_testing

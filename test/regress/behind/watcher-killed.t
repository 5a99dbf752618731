#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The xl that watches over an admin's domain is killed: the domain is not removed when it ends, and
# the service can be told to
. "$(dirname "$0")/../lib.sh"

recorded_guest hand
guest_config hand "$U" >"$WORK/hand.cfg"
xl create -q -F "$WORK/hand.cfg" 2>/dev/null & watching=$!
passes 'xl create, in the foreground' 'creating running'
guest_up hand
kill -KILL $watching; wait $watching 2>/dev/null
prints 'without it the VM runs on' running xec-vm -n hand get state
xl shutdown hand 2>/dev/null
passes 'its end is told' stopping
like 'the domain stays' "$(xl_state hand)" s
succeeds 'destroy by the service' xec-vm -n hand destroy
passes 'destroy by the service' stopped
fails 'no domain is left' . xl list hand

done_testing

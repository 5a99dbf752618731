#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# xl destroy, of a domain of the service's and of an admin's
. "$(dirname "$0")/../lib.sh"

recorded_guest behind
guest_config behind "$U" >"$WORK/behind.cfg"

# started by each way; xl pauses a domain first, which may have been seen
while IFS= read -r start; do
  $start 2>/dev/null || diag "$start failed"
  passes "$start" 'creating running'
  xl destroy behind
  passes "$start: xl destroy" '(paused )?stopped'
  prints "$start: state" stopped xec-vm -n behind get state
  prints "$start: domid" -1 xec-vm -n behind get domid
done <<WAYS
xec-vm -n behind start
xl create -q $WORK/behind.cfg
xl create -q -e $WORK/behind.cfg
WAYS

done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# xl mem-set: the target of a running VM, not what it gets at its next start
. "$(dirname "$0")/../lib.sh"

look_every_second
recorded_guest hand
guest_config hand "$U" >"$WORK/hand.cfg"
has_memory () { [[ $(xec-vm -n hand get memory-target) == "$1" ]]; }
# libxl's target is without the memory of the display, which the admin's has none of
while IFS=: read -r target start; do
  $start 2>/dev/null || diag "$start failed"
  passes "$start" 'creating running'
  xl mem-set hand 100
  within "$start: mem-set" "$LIMIT" has_memory "$target"
  prints "$start: what the VM gets at its next start stays" 128 xec-vm -n hand get memory
  xec-vm -n hand destroy
  passes "$start: destroy" stopped
done <<WAYS
$([[ $GUEST == hvm ]] && echo 84 || echo 100):xec-vm -n hand start
100:xl create -q $WORK/hand.cfg
WAYS

done_testing

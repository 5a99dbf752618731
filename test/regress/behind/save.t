#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# xl save, xl save -c, xl restore
. "$(dirname "$0")/../lib.sh"

look_every_second
place_for_saves
recorded_guest hand

# --- save -c: the domain goes on, and is still the service's ---
xec-vm -n hand start
passes 'start' 'creating running'
guest_up hand
domid=$(xl domid hand)
xl save -c hand "$SAVES/image" >/dev/null 2>&1
state_becomes 'xl save -c' "$U" running
prints 'the same domain' "$domid" xec-vm -n hand get domid
guest_up hand
guest_do hand poweroff
# it was suspended for a moment only, and paused before xl resumed it
passes 'whose end the service cleans up' '((suspended )?(paused )?running )?stopping stopped'
fails 'nothing is left' . xl list hand

# --- save ---
xec-vm -n hand start
passes 'start' 'creating running'
guest_up hand
domid=$(xl domid hand)
xl save hand "$SAVES/image" >/dev/null 2>&1
state_becomes 'xl save' "$U" stopped
passes 'xl save' '(suspended )?stopped'

# --- restore: the domain is the admin's ---
xl restore -e "$SAVES/image" >/dev/null 2>&1
passes 'xl restore' 'creating running'
like 'a new domid' "$(($(xec-vm -n hand get domid) > domid))" 1
xl shutdown hand 2>/dev/null
passes 'it is the admin'"'"'s to remove' stopping
xl destroy hand
passes 'xl destroy' stopped

done_testing

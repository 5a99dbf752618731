#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# xl rename: the VM keeps its domain and its own name
. "$(dirname "$0")/../lib.sh"

recorded_guest hand
xec-vm -n hand start
passes 'start' 'creating running'
domid=$(xl domid hand)
xl rename hand other
xec-vm -n hand pause
prints 'the VM keeps its domain' "$domid" xec-vm -n hand get domid
prints 'and its name' hand xec-vm -u "$U" get name
xec-vm -n hand unpause
passes 'rename changes no state' 'paused running'
succeeds 'destroy finds it under any name' xec-vm -n hand destroy
passes 'destroy' stopped
fails 'no domain is left' . xl list other

done_testing

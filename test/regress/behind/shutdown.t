#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# xl shutdown, of a domain of the service's and of an admin's; and shutdown by the service of an
# admin's
. "$(dirname "$0")/../lib.sh"

recorded_guest behind
guest_config behind "$U" >"$WORK/behind.cfg"

# --- the service's: it removes the domain ---
xec-vm -n behind start
passes 'start' 'creating running'
guest_up behind
xl shutdown behind 2>/dev/null
passes 'xl shutdown' 'stopping stopped'
fails 'no domain is left' . xl list behind

# --- one that its own xl watches over, and may remove before anybody has seen it ended ---
xl create -q "$WORK/behind.cfg"
passes 'xl create' 'creating running'
guest_up behind
xl shutdown behind 2>/dev/null
passes 'xl shutdown' '(stopping )?stopped'
prints 'domid' -1 xec-vm -n behind get domid
prints 'acpi-state' 5 xec-vm -n behind get acpi-state

# --- one that nobody watches over: it is not the service's to remove ---
xl create -q -e "$WORK/behind.cfg"
passes 'xl create -e' 'creating running'
guest_up behind
xl shutdown behind 2>/dev/null
passes 'xl shutdown: it has not gone' stopping
xec-vm -n behind start
like 'the service leaves it' "$(xl_state behind)" s
xl destroy behind
passes 'xl destroy' stopped

xl create -q -e "$WORK/behind.cfg"
passes 'xl create -e' 'creating running'
guest_up behind
succeeds 'shutdown by the service, which does not wait for somebody to remove it' xec-vm -n behind shutdown
passes 'shutdown by the service' stopping
like 'the domain stays' "$(xl_state behind)" s
succeeds 'until destroy is asked for' xec-vm -n behind destroy
passes 'destroy by the service' stopped

done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# xl reboot: of a domain of the service's, of one that its own xl watches over, and of one that
# nobody does
. "$(dirname "$0")/../lib.sh"

recorded_guest behind
guest_config behind "$U" >"$WORK/behind.cfg"

# reboots WAY STATES: it goes on in another domain
reboots () {
  guest_up behind
  local before
  before=$(xl domid behind)
  xl reboot behind 2>/dev/null
  passes "$1: xl reboot" "$2"
  like "$1: a new domid" "$(($(xec-vm -n behind get domid) > before))" 1
  is "$1: which is xl's" "$(xec-vm -n behind get domid)" "$(xl domid behind)"
  is "$1: one domain" "$(xl list | grep -c '^behind ')" 1
  xec-vm -n behind destroy
  passes "$1: destroy" stopped
}

xec-vm -n behind start
passes 'start' 'creating running'
reboots start 'rebooting stopped creating running'

# what xl removes at once may never have been seen ended
xl create -q "$WORK/behind.cfg"
passes 'xl create' 'creating running'
reboots 'xl create' '(rebooting )?stopped creating running'

xl create -q -e "$WORK/behind.cfg"
passes 'xl create -e' 'creating running'
guest_up behind
xl reboot behind 2>/dev/null
passes 'xl reboot: nobody makes a new domain' rebooting
like 'the domain is left alone' "$(xl_state behind)" s
xl destroy behind
passes 'xl destroy' stopped

done_testing

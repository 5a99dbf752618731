#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# running -> rebooting -> stopped -> creating -> running, by the guest and by request
. "$(dirname "$0")/../lib.sh"

recorded_guest again
succeeds 'reboot of a stopped VM does nothing' xec-vm -n again reboot
prints 'it stays off' stopped xec-vm -n again get state

xec-vm -n again start
passes 'start' 'creating running'
guest_up again
before=$(xec-vm -n again get domid)
guest_do again reboot
passes 'reboot from inside' 'rebooting stopped creating running'
after=$(xec-vm -n again get domid)
like 'a new domid' "$((after > before))" 1
is 'of the same uuid' "$(xl list -v again | awk 'NR == 2 { print $7 }')" "$U"
is 'and only one domain' "$(xl list | grep -c '^again ')" 1

# --- by request, with a changed configuration ---
guest_up again
before=$after
xec -o "$VM" set memory 130
xec -o "$VM" set memory-static-max 130
succeeds 'reboot' xec-vm -n again reboot
passes 'reboot by request' 'rebooting stopped creating running'
after=$(xec-vm -n again get domid)
like 'a new domid' "$((after > before))" 1
like 'the new configuration holds' "$(xl list -l again)" '"max_memkb": 133120,'
prints 'state' running xec-vm -n again get state

done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What `xl migrate` does on this host while the domain goes on elsewhere
. "$(dirname "$0")/../lib.sh"
sim_only

recorded_guest inner
xec-vm -n inner start
passes 'start' 'creating running'
xl-sim guest inner suspend
passes 'the guest is suspended' suspended
xl rename inner inner--migratedaway
xl destroy inner--migratedaway
passes 'and gone' stopped
succeeds 'it can start here again' xec-vm -n inner start
prints 'and runs' running xec-vm -n inner get state
passes 'start' 'creating running'

done_testing

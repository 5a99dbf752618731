#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# running -> paused -> running
. "$(dirname "$0")/../lib.sh"

recorded_guest pauser
fails 'pause of a stopped VM fails' "^$FAILED: 223:IO error: \"Error parsing domain.\"" xec-vm -n pauser pause
succeeds 'unpause does nothing' xec-vm -n pauser unpause
xec-vm -n pauser start
passes 'start' 'creating running'

succeeds 'pause' xec-vm -n pauser pause
prints 'state' paused xec-vm -n pauser get state
prints 'a paused VM has a domid' "$(xl domid pauser)" xec-vm -n pauser get domid
prints 'acpi-state' 0 xec-vm -n pauser get acpi-state
like 'xl list' "$(xl_state pauser)" p
succeeds 'pause again' xec-vm -n pauser pause
passes 'pause, once or twice' paused
succeeds 'unpause' xec-vm -n pauser unpause
prints 'state' running xec-vm -n pauser get state
unlike 'xl list' "$(xl_state pauser)" p
passes 'unpause' running

done_testing

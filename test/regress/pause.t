#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Pause and unpause: by the service, and by xl behind its back.
. "$(dirname "$0")/lib.sh"

watch_signals
new_guest pauser
xec-vm -n pauser start

forget_signals
succeeds 'pause' xec-vm -n pauser pause
prints 'state' paused xec-vm -n pauser get state
like 'xl list' "$(xl_state pauser)" p
succeeds 'unpause' xec-vm -n pauser unpause
prints 'state' running xec-vm -n pauser get state
unlike 'xl list' "$(xl_state pauser)" p
states_become 'the states told' "$U" 'paused running'

forget_signals
xl pause pauser
states_become 'xl pause is noticed' "$U" paused
prints 'state' paused xec-vm -n pauser get state
prints 'a paused VM has a domid' "$(xl domid pauser)" xec-vm -n pauser get domid
prints 'acpi-state' 0 xec-vm -n pauser get acpi-state
xl unpause pauser
states_become 'xl unpause is noticed' "$U" 'paused running'
prints 'state' running xec-vm -n pauser get state

# paused by hand, unpaused by the service
xl pause pauser
state_becomes 'paused by hand' "$U" paused
succeeds 'unpause by the service' xec-vm -n pauser unpause
prints 'state' running xec-vm -n pauser get state

forget_signals
succeeds 'pause' xec-vm -n pauser pause
succeeds 'destroy while it is paused' xec-vm -n pauser destroy
states_become 'the states told' "$U" 'paused stopped'

done_testing

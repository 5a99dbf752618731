#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# xl pause, xl unpause: they leave no trace in xenstore, and are counted
. "$(dirname "$0")/../lib.sh"

look_every_second
recorded_guest pauser
xec-vm -n pauser start
passes 'start' 'creating running'

xl pause pauser
passes 'xl pause' paused
prints 'state' paused xec-vm -n pauser get state
prints 'acpi-state' 0 xec-vm -n pauser get acpi-state
xl unpause pauser
passes 'xl unpause' running
prints 'state' running xec-vm -n pauser get state

# paused by hand, unpaused by the service
xl pause pauser
passes 'xl pause' paused
succeeds 'unpause by the service' xec-vm -n pauser unpause
prints 'state' running xec-vm -n pauser get state
passes 'unpause by the service' running

# counted
xl pause pauser; xl pause pauser
passes 'xl pause, twice' paused
xl unpause pauser
xec-vm -n pauser unpause
passes 'an unpause by hand and one by the service' running
unlike 'it runs indeed' "$(xl_state pauser)" p

done_testing

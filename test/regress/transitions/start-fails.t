#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# creating -> stopped: what stops a start
. "$(dirname "$0")/../lib.sh"

recorded_guest never
off () { # NAME
  prints "$1: it is off" stopped xec-vm -n never get state
  fails "$1: no domain is left" . xl list never
}

if [[ $GUEST != hvm ]]; then # which has firmware
  xec -o "$VM" set kernel /nosuch/kernel
  fails 'a missing kernel' "^$FAILED: .*/nosuch/kernel" xec-vm -n never start
  off 'a missing kernel'
  xec -o "$VM" set kernel "$XM_GUEST_KERNEL"
fi
xec -o "$VM" set memory 99999999
xec -o "$VM" set memory-static-max 99999999
fails 'more memory than there is' "^$FAILED: 101:Not enough free memory!" xec-vm -n never start
off 'more memory than there is'
xec -o "$VM" set memory 128
xec -o "$VM" set memory-static-max 128
succeeds 'then it starts' xec-vm -n never start
prints 'and runs' running xec-vm -n never get state
# a domain that lives for a moment may never have been seen
passes 'what was told' '((creating )?stopped ){0,2}creating running'

new_vm no-kernel
fails 'a PV guest without kernel names the property' "^$FAILED: .*kernel" xec-vm -n no-kernel start

done_testing

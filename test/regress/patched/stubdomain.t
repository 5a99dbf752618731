#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# An HVM guest whose QEMU is in a Linux stubdomain: libxl and the service speak QMP with it through
# one qmp-helper, over a vchan.
XM_GUEST=hvm
. "$(dirname "$0")/../lib.sh"

is_gone () { ! xl domid "$1"; }
no_helper () { ! pgrep qmp-helper; }
qmp_status () { xl qemu-monitor-command boxed 'info status' | tr -d '\r'; }

# The kernel of a guest would be a file of the stubdomain: this one stays in its firmware.
new_vm boxed new-vm-hvm
xec -o "$VM" set memory 128
xec -o "$VM" set stubdom true
succeeds 'start' xec-vm -n boxed start
prints 'it runs' running xec-vm -n boxed get state
stubdomain=$(xec -i "$VM_IFACE.unrestricted" -o "$VM" get stub_domid)
prints 'its device model is a domain' boxed-dm xl domname "$stubdomain"
is 'which one qmp-helper is for' "$(pgrep -c qmp-helper)" 1
for ((i = 1; i <= 20; i++)); do
  prints "QMP connection $i" 'VM status: running' qmp_status
done
prints 'its ACPI state' 0 xec-vm -n boxed get acpi-state
succeeds 'pause' xec-vm -n boxed pause
succeeds 'unpause' xec-vm -n boxed unpause
prints 'QEMU answers again' 'VM status: running' qmp_status
daemon kill && daemon start
prints 'the next service knows it' running xec-vm -n boxed get state
prints 'and its stubdomain' "$stubdomain" xec -i "$VM_IFACE.unrestricted" -o "$VM" get stub_domid
succeeds 'destroy' xec-vm -n boxed destroy
within 'the guest is gone' "$LIMIT" is_gone boxed
within 'with the stubdomain' "$LIMIT" is_gone boxed-dm
within 'and with qmp-helper' "$LIMIT" no_helper

done_testing

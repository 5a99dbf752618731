#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What policy forbids: 202, 204, 205 and 220.
. "$(dirname "$0")/lib.sh"
UNRESTRICTED=$VM_IFACE.unrestricted

# --- 202: the VM may not be modified ---
new_vm policy
succeeds 'forbid modifications' xec -o "$VM" -i $UNRESTRICTED set policy-modify-vm-settings false
text="$FAILED: 202:Editing of properties is disabled by this VM's active policy"
fails 'set name' "^$text\$" xec -o "$VM" set name other
fails 'set memory, with the interface named' "^$text\$" xec -o "$VM" -i $VM_IFACE set memory 1
fails 'set the policy itself' "^$text\$" xec -o "$VM" -i $VM_IFACE set policy-modify-vm-settings true
prints 'nothing changed' policy xec -o "$VM" get name
succeeds 'the unrestricted interface may' xec -o "$VM" -i $UNRESTRICTED set name other
prints 'and did' other xec -o "$VM" get name
succeeds 'allow modifications' xec -o "$VM" -i $UNRESTRICTED set policy-modify-vm-settings true
succeeds 'now it may be set' xec -o "$VM" -i $VM_IFACE set name policy

# --- 204: a running VM may not be deleted ---
new_guest policy-running
succeeds 'start' xec-vm -u "$U" start
text="$FAILED: 204:Cannot remove running VM"
fails 'delete while it runs' "^$text\$" xec-vm -u "$U" delete
fails 'unrestricted delete while it runs' "^$text\$" xec -i $IFACE.unrestricted unrestricted-delete-vm "$U"
succeeds 'pause' xec-vm -u "$U" pause
fails 'delete while it is paused' "^$text\$" xec-vm -u "$U" delete
succeeds 'destroy' xec-vm -u "$U" destroy
succeeds 'delete when it is off' xec-vm -u "$U" delete
unlike 'it is gone' "$(xec list-vms)" "$VM"

# --- 205: nine slots ---
while xec create-vm-with-template new-vm-pv >"$WORK/path" 2>&1; do
  adopt "$(<"$WORK/path")"
  ((${#made[@]} < 20)) || break
done
is 'too many VMs' "$(<"$WORK/path")" "$FAILED: 205:Too many VMS"
slots=$(for path in $(xec list-vms); do xec -o "$path" get slot; done | grep -v '^0$' | sort -n | paste -sd ' ')
is 'slots 1 to 9 are taken' "$slots" '1 2 3 4 5 6 7 8 9'
succeeds 'a slot in the JSON avoids the limit' \
  xec create-vm-with-template-and-json new-vm-pv '{"slot":"0"}'
adopt "$out"
freed=$(uuid_of "$(xec list-vms | sed -n 4p)")
free_slot=$(xec-vm -u "$freed" get slot)
xec-vm -u "$freed" delete
succeeds 'a slot that became free is given again' xec create-vm-with-template new-vm-pv
adopt "$out"
prints 'the smallest free one' "$free_slot" xec -o "$VM" get slot

# --- 220: no creation, no deletion ---
text="$FAILED: 220:Action suppressed by active policy settings"
db () { xec -s com.citrix.xenclient.db -o / "$@"; }
db write /vm-create-disallowed true
fails 'create while creation is forbidden' "^$text\$" xec create-vm-with-template-and-json new-vm-pv '{"slot":"0"}'
succeeds 'the unrestricted one may' xec -i $IFACE.unrestricted \
  unrestricted-create-vm-with-template-and-json new-vm-pv '{"slot":"0"}'
adopt "$out"
db rm /vm-create-disallowed
db write /vm-delete-disallowed true
fails 'delete while deletion is forbidden' "^$text\$" xec -o "$VM" delete
succeeds 'the unrestricted one may' xec -i $IFACE.unrestricted unrestricted-delete-vm "$U"
db rm /vm-delete-disallowed

done_testing

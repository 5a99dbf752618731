#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What docs/dbus.md shows does what it says, and others than root hear no values.
. "$(dirname "$0")/../lib.sh"
sim_only

new_vm shown
xec -o "$VM" add-nic >/dev/null

# shown EXPECTED WORD...: that command is in the page, and prints what matches
shown () {
  local expected=$1; shift
  succeeds "docs/dbus.md has: $*" grep -qxF "    $*" "$XM_SOURCE/docs/dbus.md"
  like "$*" "$("$@" 2>&1)" "$expected"
}
shown "$VM/nic/0" busctl tree $IFACE
shown $'\.total-mem +property +i +[0-9]+ +-' busctl introspect $IFACE /host
shown "ao 1 \"$VM\"" busctl call $IFACE / $IFACE list_vms
shown "\"$VM/nic/0\" 1 \"com.citrix.xenclient.vmnic\"" \
  busctl call $IFACE / org.freedesktop.DBus.ObjectManager GetManagedObjects
shown "node $VM/nic/0 " gdbus introspect --system --dest $IFACE --object-path / --recurse
shown '^a\{od\} 0$' busctl call $IFACE / ${IFACE}_xl list_cpu_times

# --- gdbus monitor, by root and by somebody else ---
chmod 711 "$XM_SIM_DIR"
as_nobody () { setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"; }
succeeds 'docs/dbus.md has: gdbus monitor' grep -qxF "    gdbus monitor --system --dest $IFACE" "$XM_SOURCE/docs/dbus.md"
gdbus monitor --system --dest $IFACE >"$WORK/root" 2>&1 &
watchers+=($!)
as_nobody gdbus monitor --system --dest $IFACE >"$WORK/nobody" 2>&1 &
watchers+=($!)
within 'root listens' "$LIMIT" grep -q 'is owned by' "$WORK/root"
within 'somebody else listens' "$LIMIT" grep -q 'is owned by' "$WORK/nobody"
# they subscribe with the same call that asks for the owner, or after it: until it is heard
heard () { xec -o "$VM" set name "shown $RANDOM" && grep -q vm_name_changed "$1"; }
within 'who is not root hears the signals of the product' "$LIMIT" heard "$WORK/nobody"
within 'root hears them' "$LIMIT" heard "$WORK/root"
within 'gdbus monitor: what has changed' "$LIMIT" \
  grep -q "^$VM: org.freedesktop.DBus.Properties.PropertiesChanged ('$VM_IFACE', {'name': <'shown [0-9]*'>}" "$WORK/root"
forth=$(grep -c vm_name_changed "$WORK/nobody")
heard_more () { (($(grep -c vm_name_changed "$WORK/nobody") > forth)) || { xec -o "$VM" set name "shown $RANDOM"; false; }; }
within 'and more of them' "$LIMIT" heard_more
is 'but no values' "$(grep -c PropertiesChanged "$WORK/nobody")" 0

# --- Python ---
watch=$XM_SOURCE/docs/examples/watch-vms.py
xec -o "$VM" set name shown
prints 'watch-vms.py --once' "added $VM shown stopped" "$watch" --once
"$watch" >"$WORK/watch" 2>&1 &
watchers+=($!)
within 'watch-vms.py listens' "$LIMIT" grep -qx watching "$WORK/watch"
xec -o "$VM" set description 'seen from Python'
within 'it prints what changes' "$LIMIT" grep -qx "changed $VM description seen from Python" "$WORK/watch"
first=$VM
new_vm other
within 'a VM that comes' "$LIMIT" grep -q "^added $VM " "$WORK/watch"
xec -o "$first" delete
within 'and one that goes' "$LIMIT" grep -qx "removed $first" "$WORK/watch"

done_testing

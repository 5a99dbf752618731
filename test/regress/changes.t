#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Standard signals: PropertiesChanged of whatever was set or happened, and the ObjectManager.
. "$(dirname "$0")/lib.sh"

PROPERTIES=org.freedesktop.DBus.Properties
MANAGER=org.freedesktop.DBus.ObjectManager

busctl --system monitor --json=short --match "type='signal',interface='$PROPERTIES'" \
  --match "type='signal',interface='$MANAGER'" \
  --match "type='signal',interface='$IFACE',member='regress_mark'" \
  >"$WORK/news" 2>"$WORK/news.err" </dev/null &
watchers+=($!)
within 'busctl monitors' "$LIMIT" grep -q Monitoring "$WORK/news.err"

# forget: what was told so far counts no more
forget () { forget_signals "$WORK/news"; }
news () { tail -n "+$((seen + 1))" "$WORK/news"; }

# changed PATH INTERFACE JSON: it was told that the property is this, as in `"memory":{"type":"i","data":1}`
changed () { news | grep -F "\"path\":\"$1\"" | grep -F "[\"$2\"," | grep -qF -- "$3"; }
tells () { local name=$1; shift; within "$name" "$LIMIT" changed "$@" || diag "$(news | tail -n 5)"; }
added () { news | grep '"member":"InterfacesAdded"' | grep -F "[\"$1\"," | grep -qF -- "$2"; }
removed () { news | grep '"member":"InterfacesRemoved"' | grep -F "[\"$1\"," | grep -qF -- "$2"; }

forget
new_guest changes
within 'a new VM is told' "$LIMIT" added "$VM" "\"$VM_IFACE.unrestricted\""
like 'with its properties' "$(news | grep -F "[\"$VM\"")" '"name":\{"type":"s","data":'
tells 'its name' "$VM" $VM_IFACE '"name":{"type":"s","data":"changes"}'
tells 'of the other interface, too' "$VM" $VM_IFACE.unrestricted '"name":{"type":"s","data":"changes"}'

xec -o "$VM" set memory-static-max 144
forget
xec -o "$VM" set memory 144
tells 'a property that is set' "$VM" $VM_IFACE '"memory":{"type":"i","data":144}'
tells 'and what follows from it' "$VM" $VM_IFACE '"memory-min":{"type":"i","data":144}'
forget
xec -o "$VM" set memory 144
xec -o "$VM" set description again
tells 'the next that is set' "$VM" $VM_IFACE '"description":{"type":"s","data":"again"}'
unlike 'the same value is no news' "$(news)" '"memory"'
forget
fails 'a value that is refused' . xec -o "$VM" set os plan9
xec -s com.citrix.xenclient.db -i com.citrix.xenclient.db write "/vm/$U/description" 'by hand'
tells 'what the database writes' "$VM" $VM_IFACE '"description":{"type":"s","data":"by hand"}'
unlike 'what was refused is no news' "$(news)" '"os"'

# --- disks and NICs ---
forget
disk=$(xec -o "$VM" add-disk | head -n 1)
nic=$(xec -o "$VM" add-nic | head -n 1)
within 'a disk is told' "$LIMIT" added "$disk" '"com.citrix.xenclient.vmdisk"'
within 'a NIC is told' "$LIMIT" added "$nic" '"com.citrix.xenclient.vmnic"'
forget
xec -o "$disk" set phys-type phy
xec -o "$nic" set enabled false
tells 'a property of the disk' "$disk" com.citrix.xenclient.vmdisk '"phys-type":{"type":"s","data":"phy"}'
tells 'one of the NIC' "$nic" com.citrix.xenclient.vmnic '"enabled":{"type":"b","data":false}'
forget
xec -o "$disk" delete
xec -o "$nic" delete
within 'the disk goes' "$LIMIT" removed "$disk" '"com.citrix.xenclient.vmdisk"'
within 'the NIC goes' "$LIMIT" removed "$nic" '"com.citrix.xenclient.vmnic"'

# --- the life of a VM ---
forget
xec-vm -u "$U" start
domid=$(xec-vm -u "$U" get domid)
tells 'the state' "$VM" $VM_IFACE '"state":{"type":"s","data":"running"}'
tells 'the domain' "$VM" $VM_IFACE "\"domid\":{\"type\":\"i\",\"data\":$domid}"
tells 'the ACPI state' "$VM" $VM_IFACE '"acpi-state":{"type":"i","data":0}'
tells 'the memory that it shall have' "$VM" $VM_IFACE '"memory-target":{"type":"i","data":144}'
guest_up changes
forget
xl mem-set changes 136
tells 'which an admin changes' "$VM" $VM_IFACE '"memory-target":{"type":"i","data":136}'
forget
xl destroy changes
tells 'an end by hand' "$VM" $VM_IFACE '"state":{"type":"s","data":"stopped"}'
tells 'there is no domain now' "$VM" $VM_IFACE '"domid":{"type":"i","data":-1}'
tells 'the power is off' "$VM" $VM_IFACE '"acpi-state":{"type":"i","data":5}'

# --- the host ---
old=$(xec get autostart)
forget
if [[ $old == true ]]; then xec set autostart false; else xec set autostart true; fi
tells 'a setting of the host' / $IFACE.config '"autostart":{"type":"b","data":'
xec set autostart "$old"
old=$(xec -o /host get playback-pcm)
forget
xec -o /host set playback-pcm regress
tells 'a property of the host' /host $IFACE.host '"playback-pcm":{"type":"s","data":"regress"}'
xec -o /host set playback-pcm "$old"

# --- many at once ---
forget
kill -HUP "$(daemon pid)"
tells 'a store that is read again: names without values' "$VM" $VM_IFACE ',{},['
like 'all that may have changed' "$(news | grep -F "\"path\":\"$VM\"")" '"memory".*"vcpus"'

# --- the object manager ---
managed () { busctl --system call $IFACE / $MANAGER GetManagedObjects --json=short; }
objects=$(managed)
like 'GetManagedObjects' "$objects" "\"$VM\":\{\"$VM_IFACE\":\{"
like 'the host is one of them' "$objects" "\"/host\":\{\"$IFACE\.host\":\{"
like 'with values' "$objects" '"description":\{"type":"s","data":"by hand"\}'
unlike 'what leads to others only is none' "$objects" '"/vm":'
forget
xec-vm -u "$U" delete
within 'a VM goes' "$LIMIT" removed "$VM" "\"$VM_IFACE.unrestricted\""
unlike 'and is managed no more' "$(managed)" "\"$VM\""

# --- what programs of others show ---
new_vm tree
like 'busctl tree' "$(busctl --system --no-pager tree $IFACE)" "$VM"
described=$(busctl --system --no-pager introspect $IFACE "$VM" $VM_IFACE)
like 'busctl introspect: changes are signalled' "$described" $'\n''\.state +property +s +"stopped" +emits-change'
like 'or are not' "$described" $'\n''\.dependencies +property +ao +[^ ]+ +-'
like 'or never happen' "$described" $'\n''\.uuid +property +s +"[^"]+" +const'
like 'introspection of the manager' "$(busctl --system --no-pager introspect $IFACE / $MANAGER)" \
  '\.InterfacesRemoved +signal +oas'

done_testing

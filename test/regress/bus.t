#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The service on the bus: names, introspection, unknown things.
. "$(dirname "$0")/lib.sh"

succeeds 'ListNames' xec -s org.freedesktop.DBus -o /org/freedesktop/DBus ListNames
like 'the service is there' "$out" $'\n'$IFACE
like 'and so is the database' "$out" $'\ncom.citrix.xenclient.db'
succeeds 'ListNames on the default object' xec -s org.freedesktop.DBus ListNames
succeeds 'GetNameOwner' xec -s org.freedesktop.DBus -o /org/freedesktop/DBus GetNameOwner $IFACE
like 'the owner' "$out" '^:1\.[0-9]+$'

new_vm bus

# --- introspection, as xec reads it ---
succeeds '--list-methods' xec -q --list-methods
like 'methods are shown with dashes' $'\n'"$out"$'\n' $'\nlist-vms\n'
succeeds '--list-interfaces' xec -q --list-interfaces
like 'the main interface' $'\n'"$out"$'\n' $'\n'"$IFACE"$'\n'
is 'Properties comes last' "${out##*$'\n'}" org.freedesktop.DBus.Properties
succeeds '--list-properties of a VM' xec -q -o "$VM" --list-properties
like 'start-on-boot is one' $'\n'"$out"$'\n' $'\nstart-on-boot\n'
succeeds '--list-interfaces of a VM' xec -q -o "$VM" --list-interfaces
is 'in the order that makes policy work' "$(paste -sd ' ' <<<"$out")" \
  "$VM_IFACE $VM_IFACE.auth $VM_IFACE.pci $VM_IFACE.product $VM_IFACE.unrestricted org.freedesktop.DBus.Properties"
succeeds 'xec without a command lists the object' xec -s $IFACE -o /host
like 'with its interface' "$out" "$IFACE.host"

# --- getall ---
succeeds 'getall of the root object' xec getall
succeeds 'getall of one interface' xec -s $IFACE -o "$VM" -i $VM_IFACE getall
is 'getall: the interface comes first' "$(head -n 1 <<<"$out")" $VM_IFACE
is 'getall: then a brace' "$(sed -n 2p <<<"$out")" '{'
is 'getall: last one closes' "$(tail -n 1 <<<"$out")" '}'
like 'getall: padded rows' "$out" '  "name"                              = bus'
succeeds 'xec-vm getall' xec-vm -n bus getall
like 'all interfaces of the VM' "$out" "$VM_IFACE.unrestricted"
succeeds 'getall of the host object' xec -o /host getall

# --- what is not there ---
fails 'an unknown object' 'org.freedesktop.DBus.Error.Unknown(Object|Method)' \
  xec -o /vm/00000000_0000_0000_0000_00000000dead -i $VM_IFACE get name
fails 'an unknown method' . xec no-such-method
fails 'an unknown property' . xec -o "$VM" get no-such-property
fails 'the old name of a method' . xec-vm -n bus add-v4v-firewall-rule '0 -> myself:2222'
fails 'a service that is not there' 'org.freedesktop.DBus.Error.(ServiceUnknown|NameHasNoOwner)' \
  xec -s com.example.nosuch -o / -i com.example.nosuch getall

reply () { busctl --system call "$@" 2>&1; }
like 'call of an unknown method' "$(reply $IFACE / $IFACE no_such_method)" 'nknown method|No such method'
like 'call on an unknown interface' "$(reply $IFACE / com.example.no list_vms)" 'nknown (method|interface)|No such (method|interface)'
like 'call on an unknown object' "$(reply $IFACE /nosuch $IFACE list_vms)" 'nknown object|No such|nexistent|does not exist|Unknown'
like 'Get of an unknown property' \
  "$(reply $IFACE "$VM" org.freedesktop.DBus.Properties Get ss $VM_IFACE nosuch)" 'nosuch|No such property'
like 'Set of a wrong type' \
  "$(reply $IFACE "$VM" org.freedesktop.DBus.Properties Set ssv $VM_IFACE memory s many)" \
  'InvalidArgs|Failed|type|Expected|invalid|nexpected'
like 'Set of a property that is only read' \
  "$(reply $IFACE "$VM" org.freedesktop.DBus.Properties Set ssv $VM_IFACE uuid s x)" 'not writable|read-only|not writeable'
like 'too many arguments' "$(reply $IFACE / $IFACE list_vms s x)" 'nvalid arg|does not match|Unknown|too many'

done_testing

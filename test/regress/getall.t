#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# xec getall of every sort of object: all properties that introspection lists, no more. (None
# is write-only.)
. "$(dirname "$0")/lib.sh"

new_vm getall
succeeds 'a disk' xec -o "$VM" add-disk
disk=${out%%$'\n'*}
succeeds 'a NIC' xec -o "$VM" add-nic
nic=${out%%$'\n'*}

# interface.property of what busctl, which is another reader of the XML, lists
introspected () { # OBJECT
  busctl --system introspect $IFACE "$1" |
    awk 'NF == 1 || $2 == "interface" { interface = $1 }
         $2 == "property" { print interface $1 }' | sort
}

# the same of what getall prints: an interface, a brace, `  "name" = value` rows, a brace. A value
# that is a dictionary has braces and rows of its own.
got () {
  awk '/^[a-z]/ { interface = $1 }
       /^}/ { inside = 0 }
       /^  "/ && !inside { name = $1; gsub ("\"", "", name); print interface "." name; inside = $NF == "{" }' <<<"$1" | sort
}

properties=0
for object in / /host "$VM" "$disk" "$nic"; do
  succeeds "getall of $object" xec -o "$object" getall
  all=$out
  unlike 'without an error in it' "$all" 'DBus\.Error'
  expected=$(introspected "$object")
  is 'prints the properties of introspection' "$(got "$all")" "$expected"
  ((properties += $(grep -c . <<<"$expected")))
done
is 'all there are' $properties 386

prints 'xec-vm getall' "$(xec -o "$VM" getall)" xec-vm -n getall getall

done_testing

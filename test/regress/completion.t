#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What bash offers for xec and xec-vm when somebody presses the tab key.
. "$(dirname "$0")/lib.sh"
sim_only
. "$(dirname "$0")/completion.sh"

completes () { # NAME WORD... EXPECTED, one a line
  press_tab "${@:2:$#-2}"
  is "$1" "$(printf '%s\n' "${COMPREPLY[@]}")" "${!#}"
}

new_guest "web one"; first=$U first_path=$VM
new_guest 'data|$(rm)'; second=$U
xec-vm -u "$first" add-disk >/dev/null
xec-vm -u "$first" add-nic >/dev/null

# --- VMs ---
completes 'names with blanks' xec-vm -n we 'web\ one'
completes 'in quotes as they are' xec-vm -n '"web o' 'web one'
completes 'with whatever is in them' xec-vm --name d 'data\|\$\(rm\)'
completes 'uuids' xec-vm -u "${second:0:14}" "$second"
completes 'no domids of VMs that do not run' xec-vm -d '' ''
xec-vm -u "$second" start
completes 'domids of those that do' xec-vm -d '' "$(xec-vm -u "$second" get domid)"
completes 'object paths' xec-vm -o "${first_path:0:14}" "$first_path"
completes 'and of the host' xec -o /h /host

# --- another host is not asked ---
completes 'the option' xec --hos --host
completes 'no VMs of another host' xec-vm --host root@nosuch -n '' ''
completes 'no methods of its objects' xec --host root@nosuch list- ''

# --- what is in a VM ---
completes 'disks' xec-vm -u "$first" -k '' "$(xec-vm -u "$first" --list-disks | sed 's|.*/||')"
completes 'NICs' xec-vm -n 'web\ one' -c '' "$(xec-vm -u "$first" --list-nics | sed 's|.*/||')"
completes 'interfaces' xec-vm -u "$first" -k 0 -i com com.citrix.xenclient.vmdisk

# --- commands ---
completes 'methods' xec-vm -n 'web\ one' add- $'add-argo-firewall-rule\nadd-disk\nadd-net-firewall-rule\nadd-nic\nadd-pt-rule\nadd-pt-rule-bdf'
completes 'methods of /' xec list-v list-vms
completes 'methods of the disk' xec-vm -n '"web one"' -k 0 attach- $'attach-phy\nattach-vhd'
completes 'get beside them' xec-vm -n 'web\ one' get $'get-db-key\nget-domstore-key\nget-ovf-env-xml\nget-product-property\nget\ngetall'
completes 'properties' xec -o "$first_path" get acpi- $'acpi-state\nacpi-table'
completes 'those that can be set' xec -o "$first_path" set acpi- acpi-table
completes 'by options, too' xec -o "$first_path" -x acpi- acpi-table
completes 'values of booleans' xec -o "$first_path" set acpi-table '' $'true\nfalse'
completes 'of one interface' xec -i $IFACE.config get autos autostart
completes 'options' xec-vm --list-d --list-disks
completes 'of the list' xec-vm --lo --long
completes 'of xec without those of xec-vm' xec --list-d ''
completes 'none of which ends the line' xec-vm -n 'web\ one' --list-disks '' ''
completes 'nothing for arguments that have no names' xec-vm -n 'web\ one' set memory '' ''
completes 'nothing when nobody answers' xec -s com.example.None list ''

# --- nothing that is typed is run ---
completes 'a command in the line' xec-vm -n "\$(touch $WORK/ran)" -k '' ''
[[ ! -e $WORK/ran ]]; is 'is not run' $? 0

done_testing

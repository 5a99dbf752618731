#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The object /: listing, finding and creating VMs.
. "$(dirname "$0")/lib.sh"

watch_signals

# --- templates ---
succeeds 'list-templates' xec -i $IFACE list-templates
like 'list-templates: new-vm is there' $'\n'"$out"$'\n' $'\nnew-vm\n'
unlike 'list-templates: no service VM is' "$out" 'service-'
succeeds 'list-ui-templates' xec list-ui-templates
like 'list-ui-templates: rows of two keys' "$out" '"template" +'
like 'list-ui-templates: the PV template of this service' "$out" '= new-vm-pv'
unlike 'list-ui-templates: not those that are not ui-selectable' "$out" '= new-vm-empty'

# --- creation ---
succeeds 'create-vm-with-template' xec -i $IFACE create-vm-with-template new-vm
first=${out%%$'\n'*}
like 'its answer is an object path' "$first" '^/vm/[0-9a-f]{8}(_[0-9a-f]{4}){3}_[0-9a-f]{12}$'
adopt "$first"; first_uuid=$U
signal_comes 'vm_created' vm_created "$U"
is 'vm_created: uuid and path' "$(signals vm_created "$U")" "[\"$U\",\"$VM\"]"
prints 'the default name' "name-$U" xec -o "$VM" get name
prints 'the uuid' "$U" xec -o "$VM" get uuid

succeeds 'create-vm' xec create-vm
adopt "$out"
prints 'create-vm: of template new-vm' windows xec -o "$VM" get os

for template in new-vm-ndvm-hvm new-vm-ndvm-pv new-vm-sync; do
  succeeds "create-vm-with-template $template" xec create-vm-with-template $template
  adopt "$out"
done

succeeds 'create-vm-with-ui' xec create-vm-with-ui new-vm-pv "a name" "a description" images/x.png
adopt "$out"
prints 'create-vm-with-ui: name' "a name" xec -o "$VM" get name
prints 'create-vm-with-ui: description' "a description" xec -o "$VM" get description
prints 'create-vm-with-ui: image-path' images/x.png xec -o "$VM" get image-path

succeeds 'create-vm-with-template-and-json' xec create-vm-with-template-and-json new-vm-pv \
  '{"name":"from json","config":{"memory":"77"},"slot":"0"}'
adopt "$out"
prints 'the JSON wins over the template' "from json" xec -o "$VM" get name
prints 'and merges into its folders' 77 xec -o "$VM" get memory
prints 'whose other values stay' pv xec -o "$VM" get virt-type

given=$(</proc/sys/kernel/random/uuid)
prints 'create-vm-with-template-and-uuid' "$(path_of "$given")" \
  xec create-vm-with-template-and-uuid new-vm-pv "$given"
adopt "$(path_of "$given")"
fails 'a uuid in use is refused' "^$FAILED: " xec create-vm-with-template-and-uuid new-vm-pv "$given"
fails 'and so is what is no uuid' "^$FAILED: " xec create-vm-with-template-and-uuid new-vm-pv ../../x

sync_signals
is 'and tell nobody' "$(signals vm_created "$given" | wc -l)" 1

fails 'an unknown template' "^$FAILED: 223:IO error: .*nosuch.*does not exist" \
  xec create-vm-with-template nosuch
fails 'a template outside the folder' "^$FAILED: " xec create-vm-with-template /etc/passwd
fails 'also by way of ..' "^$FAILED: " xec create-vm-with-template ../default/new-vm
fails 'JSON that is none' "^$FAILED: malformed JSON" \
  xec create-vm-with-template-and-json new-vm-pv '{"name":'
before=$(xec list-vms | wc -l)
is 'failed creations leave no VM' "$before" "$(printf '%s\n' "${made[@]}" | wc -l)"

# --- listing and finding ---
succeeds 'list-vms' xec list-vms
for uuid in "${made[@]}"; do
  like "list-vms has $uuid" "$out" "$(path_of "$uuid")"
done
prints 'list-vms with the interface named' "$(xec list-vms)" xec -i $IFACE list-vms
prints 'find-vm-by-uuid' "$first" xec find-vm-by-uuid "$first_uuid"
fails 'find-vm-by-uuid of none' "^$FAILED: no vm with uuid nosuch" xec find-vm-by-uuid nosuch
fails 'find-vm-by-domid of none' "^$FAILED: no vm with domid 4711" xec find-vm-by-domid 4711
prints 'list-domids without a running VM' '' xec list-domids

# --- deletion ---
succeeds 'delete' xec -i $VM_IFACE -o "$first" delete
signal_comes 'vm_deleted' vm_deleted "$first_uuid"
is 'vm_deleted: uuid and path' "$(signals vm_deleted "$first_uuid")" "[\"$first_uuid\",\"$first\"]"
unlike 'the VM is gone from list-vms' "$(xec list-vms)" "$first"
fails 'and its object from the bus' 'org.freedesktop.DBus.Error.Unknown(Object|Method)' \
  xec -o "$first" -i $VM_IFACE get name
succeeds 'unrestricted-delete-vm' xec -s $IFACE -i $IFACE.unrestricted -o / unrestricted-delete-vm "$U"
is 'it prints nothing' "$out" ''
unlike 'and the VM is gone' "$(xec list-vms)" "$VM"

done_testing

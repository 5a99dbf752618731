#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Properties of VMs that are stored: defaults, what scripts set, what is refused.
. "$(dirname "$0")/lib.sh"

watch_signals
new_vm props new-vm-empty

# --- what an empty VM answers ---
while read -r property value; do
  prints "default of $property" "$value" xec-vm -n props get "$property"
done <<'DEFAULTS'
state stopped
acpi-state 5
domid -1
memory-target 0
type svm
start-on-boot false
keep-alive false
hidden-in-ui false
measured false
policy-modify-vm-settings true
policy-audio-access true
provides-network-backend false
track-dependencies false
start-on-boot-priority 0
shutdown-priority 0
DEFAULTS

# --- what scripts set ---
while IFS='|' read -r property value; do
  succeeds "set $property $value" xec -o "$VM" -i $VM_IFACE set "$property" "$value"
  prints "get $property" "$value" xec-vm -n props get "$property"
done <<'VALUES'
memory|1024
memory-static-max|2048
vcpus|2
cores-per-socket|2
videoram|32
description|two words, "quoted"; and ü
image-path|images/vms/001_ICON_ABC.png
os|linux
os|windows
start-on-boot|true
start-on-boot|false
start-on-boot-priority|-3
shutdown-priority|-15
pv-addons|true
pv-addons-version|2.0
hdtype|ahci
boot|cd
extra-xenvm|a=b;c=d
extra-hvm|-usb;-device;x
crypto-user|
track-dependencies|true
icbinn-path|/config/certs/props
xci-cpuid-signature|true
viridian|false
policy-audio-access|false
policy-audio-access|true
policy-cd-access|false
policy-cd-recording|false
policy-print-screen|false
stubdom|true
flask-label|system_u:system_r:ndvm_t
kernel|/boot/vmlinuz
initrd|/boot/initrd
cmd-line|root=/dev/xvda1 ro 'x y'
hidden-in-ui|true
sound|ac97
display|none
timer-mode|no_delay_for_missed_ticks
auto-s3-wake|true
seamless-id|abc
sync-uuid|00000000-0000-0000-0000-000000000004
realm|here
run-post-create|/bin/true
keep-alive|false
VALUES
prints 'xec-vm -g' system_u:system_r:ndvm_t xec-vm -n props -g flask-label
succeeds 'xec -x' xec -o "$VM" -i $VM_IFACE -x description short
prints 'was set' short xec -o "$VM" get description
succeeds 'xec-vm set' xec-vm -n props set start-on-boot true
prints 'xec-vm get' true xec-vm -n props get start-on-boot
succeeds 'a boolean as 1' xec-vm -n props set start-on-boot 1
prints 'is true' true xec-vm -n props get start-on-boot
succeeds 'type pvm' xec-vm -n props set type pvm
prints 'is stored as svm' svm xec-vm -n props get type
succeeds 'an extra word after get' xec -o "$VM" get name extra-word
is 'is ignored' "$out" props

# --- what is refused ---
fails 'a bad enumeration value' "^$FAILED: unexpected enumeration value" xec -o "$VM" set virt-type frob
fails 'an unknown os' "^$FAILED: unknown os" xec -o "$VM" set os beos
prints 'and nothing was stored' windows xec -o "$VM" get os
fails 'a boolean that is none' . xec -o "$VM" set start-on-boot maybe
fails 'a property that is only read' . xec -o "$VM" set domid 7

# --- signals ---
forget_signals
succeeds 'set name' xec -o "$VM" set name renamed
signal_comes 'vm_name_changed' vm_name_changed "$U"
is 'vm_name_changed: uuid and path' "$(signals vm_name_changed "$U" | head -n 1)" "[\"$U\",\"$VM\"]"
prints 'found by its new name' "$U" xec-vm -n renamed get uuid
fails 'and no more by the old one' "not found" xec-vm -n props get uuid

forget_signals
begin=${EPOCHREALTIME/[.,]/}
for i in 1 2 3 4 5; do xec -o "$VM" set description "change $i"; done
most=$((1 + (${EPOCHREALTIME/[.,]/} - begin) / 500000)) # changes half a second apart are told one by one
signal_comes 'vm_config_changed' vm_config_changed "$U"
told=$(signals vm_config_changed "$U" | wc -l)
is "many changes, at most $most signals" "$((told >= 1 && told <= most))" 1
is 'vm_config_changed: uuid and path' "$(signals vm_config_changed "$U" | sort -u)" "[\"$U\",\"$VM\"]"
forget_signals
xec -o "$VM" set description "change 5"
xec -o "$VM" set realm other
signal_comes 'vm_config_changed for the next change' vm_config_changed "$U"
is 'none for the one that changed nothing' "$(signals vm_config_changed "$U" | wc -l)" 1

done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Rules that select PCI devices of the host: they are kept, refused when they are
# none, and a device that the host does not have keeps the VM from starting.
. "$(dirname "$0")/lib.sh"

PCI=$VM_IFACE.pci
absent=fffe:fe:1e.6 # no host has it
rules () { xec -o "$VM" -i $PCI list-pt-rules; }
devices () { xec -o "$VM" -i $PCI list-pt-pci-devices; }
column () { rules | sed -n "s/^ *\"$1\" *= \(.*\)\$/\1/p"; }
texts () { column rule; }
rule_ids () { column id | paste -sd ' '; }

new_guest pci
watch_signals
prints 'no rules' '' rules
prints 'no devices' '' devices

# --- rules ---
succeeds 'a rule for a class' xec -o "$VM" -i $PCI add-pt-rule 0xFD17 any ''
succeeds 'one with all three' xec -o "$VM" -i $PCI add-pt-rule 0x0300 65021 0xabcd
succeeds 'one for an address' xec -o "$VM" -i $PCI add-pt-rule-bdf FFFE-fe-1E-6
succeeds 'one with a slot' xec -o "$VM" -i $PCI add-pt-rule-bdf $absent@1b
is 'the rules' "$(texts)" "match class=0xFD17  
match class=0x0300 vendor=0xFDFD device=0xABCD
bdf=$absent
bdf=$absent @ 27"
is 'their numbers' "$(rule_ids)" '1 2 3 4'
told () { sync_signals && [[ $(signals vm_config_changed "$U") ]]; }
within 'the change is told' "$LIMIT" told

for number in x 0x 65536 -1 '1 2'; do
  fails "no number: $number" 'Prelude.read: no parse' xec -o "$VM" -i $PCI add-pt-rule any "$number" any
done
for address in '' any 0000:01:00 0000:01:20.0 0000:01:00.8 10000:01:00.0 0000:01:00.0@20 0000:01:00.0@; do
  fails "no address: '$address'" 'error parsing rule' xec -o "$VM" -i $PCI add-pt-rule-bdf "$address"
done
is 'nothing has come of that' "$(rule_ids)" '1 2 3 4'

daemon restart
is 'they survive a restart' "$(rule_ids)" '1 2 3 4'

# --- what the host does not have ---
fails 'the devices of a rule for what is not there' "223:IO error: .*$absent.*does not exist" devices
fails 'such a VM does not start' "223:IO error: .*$absent.*does not exist" xec-vm -n pci start
prints 'it is off' stopped xec-vm -n pci get state

succeeds 'a rule goes by what it says' xec -o "$VM" -i $PCI delete-pt-rule 768 0xfdfd 43981
succeeds 'and by address' xec -o "$VM" -i $PCI delete-pt-rule-bdf fffe:fe:1e.6
succeeds 'and slot' xec -o "$VM" -i $PCI delete-pt-rule-bdf fffe:fe:1e.6@1B
succeeds 'one that is not there' xec -o "$VM" -i $PCI delete-pt-rule-bdf 0000:00:00.0
is 'one is left' "$(texts)" 'match class=0xFD17  '
prints 'which selects nothing' '' devices
succeeds 'so that the VM starts' xec-vm -n pci start
succeeds 'and stops' xec-vm -n pci destroy

# --- gpu ---
xec -o "$VM" set gpu $absent
prints 'a gpu that is none is not taken' '' xec -o "$VM" get gpu
for side in left right; do
  prints "nobody is on the $side" -1 xec -o "$VM" get seamless-mouse-$side
  fails "seamless-mouse-$side is read-only" 'is not writable' \
    xec -o "$VM" set seamless-mouse-$side 1
done

done_testing

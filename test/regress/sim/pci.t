#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# PCI devices of a host whose sysfs is made here: which a VM gets, what xl and
# the kernel are told, and which VMs cannot run at the same time.
. "$(dirname "$0")/../lib.sh"
sim_only

PCI=$VM_IFACE.pci
host=$WORK/host
bus=$host/sys/bus/pci

# device ADDRESS CLASS VENDOR DEVICE [DRIVER]
device () {
  local parent=$host/sys/devices/pci0000:00
  [[ $1 == 0000:00:* ]] || parent+=/0000:00:01.0
  mkdir -p "$parent/$1" "$bus/devices"
  echo "$2" >"$parent/$1/class"
  echo "$3" >"$parent/$1/vendor"
  echo "$4" >"$parent/$1/device"
  [[ $2 == 0x03* ]] && { [[ $1 == 0000:00:* ]]; echo $((! $?)) >"$parent/$1/boot_vga"; }
  ln -s "../../..${parent#"$host/sys"}/$1" "$bus/devices/$1"
  [[ -z ${5-} ]] && return
  mkdir -p "$bus/drivers/$5"
  : >"$bus/drivers/$5/unbind"
  ln -s "$bus/drivers/$5" "$parent/$1/driver"
}
device 0000:00:02.0 0x030000 0x8086 0x0412
device 0000:01:00.0 0x030000 0x10de 0x1180 nouveau
device 0000:01:00.1 0x040300 0x10de 0x0e0a snd_hda_intel
device 0000:02:00.0 0x020000 0x8086 0x1521 igb
device 0000:03:00.0 0x038000 0x8086 0x5690
echo '0x00000000e0000000 0x00000000efffffff 0x000000000014220c' >"$bus/devices/0000:01:00.0/resource"
mkdir -p "$bus/drivers/pciback"
: >"$bus/drivers/pciback/slots"
: >"$bus/drivers/pciback/new_slot"
: >"$bus/drivers/pciback/bind"

cat >"$XM_SIM_DIR/xenmgr-xl.conf" <<CONF
[paths]
host-root=$host
CONF
daemon restart

told () { cat "$bus/drivers/$1"; } # FILE
line () { grep "^$2=" "$XM_SIM_DIR/run/$1.cfg"; } # UUID KEY

# --- a NIC ---
new_guest nic; nic=$U nic_path=$VM
xec -o "$VM" -i $PCI add-pt-rule 0x0200 '' ''
like 'the devices of its rule' "$(xec -o "$VM" -i $PCI list-pt-pci-devices)" \
  '= 0000:02:00.0.*= Intel Corporation I350 .*= 0x200.*= 0x8086.*= 0x1521'
succeeds 'its VM starts' xec-vm -n nic start
is 'xl is told' "$(line "$nic" pci)" "pci=['0000:02:00.0']"
is 'and may take it from its driver' "$(line "$nic" pci_seize)" pci_seize=1
is 'which has let go of it' "$(told igb/unbind)" 0000:02:00.0
is 'pciback knows it' "$(told pciback/new_slot)" 0000:02:00.0
is 'and has it' "$(told pciback/bind)" 0000:02:00.0

new_guest rival
xec -o "$VM" -i $PCI add-pt-rule-bdf 0000:02:00.0
fails 'another VM does not get it' \
  "230:Device '0000:02:00.0 Intel Corporation I350 Gigabit Network Connection' is currently being passed through to another VM." \
  xec-vm -n rival start
xec-vm -n nic destroy
succeeds 'until the first has ended' xec-vm -n rival start
xec-vm -n rival destroy

# --- the service takes devices when it starts, unless a VM does not want that ---
: >"$bus/drivers/igb/unbind"
xec -o "$nic_path" set greedy-pciback-bind false
xec -o "$VM" set greedy-pciback-bind false
daemon restart
is 'the driver keeps what nobody asks for' "$(told igb/unbind)" ''
xec -o "$VM" set greedy-pciback-bind true
daemon restart
let_go () { [[ $(told igb/unbind) == 0000:02:00.0 ]]; }
within 'and lets go when the service starts' "$LIMIT" let_go

# --- graphics ---
new_guest gfx
xec -o "$VM" set virt-type hvm
xec -o "$VM" set gpu 0000:02:00.0
prints 'a NIC is no gpu' '' xec -o "$VM" get gpu
xec -o "$VM" set gpu 0000:01:00.0
prints 'a gpu is one' 0000:01:00.0 xec -o "$VM" get gpu
for i in 1 2; do
  succeeds "its VM starts ($i)" xec-vm -n gfx start
  is "with all of the adapter ($i)" "$(line "$U" pci)" "pci=['0000:01:00.0','0000:01:00.1']"
  is "and room for its memory ($i)" "$(line "$U" mmio_hole)" mmio_hole=512
  is "by one rule ($i)" "$(xec -o "$VM" -i $PCI list-pt-rules | grep -c '= bdf=0000:01:00.1$')" 1
  [[ $i == 1 ]] && xec-vm -n gfx destroy
done
xec -o "$VM" set slot 4
gfx=$VM
new_guest left
xec -o "$VM" set gpu 0000:00:02.0
prints 'its neighbour on the right' 4 xec -o "$VM" get seamless-mouse-right
prints 'has nobody on the left' -1 xec -o "$gfx" get seamless-mouse-left

new_guest second
xec -o "$VM" -i $PCI add-pt-rule-bdf 0000:03:00.0
fails 'Intel graphics are not for guests unless they are the first' \
  '231:Graphics card cannot be passed through as secondary adapter' xec-vm -n second start

# --- what one running VM can have ---
new_guest one; one=$VM
new_guest two; two=$VM
for property in amt-pt oem-acpi-features; do
  xec -o "$one" set $property true
  xec -o "$two" set $property true
  xec-vm -n one start
  [[ $property == amt-pt ]] && error='219:Cannot start VM - another VM with AMT' ||
    error='233:Cannot stat VM - another VM with oem acpi'
  fails "$property is for one VM" "$error" xec-vm -n two start
  xec-vm -n one destroy
  succeeds "at a time ($property)" xec-vm -n two start
  xec-vm -n two destroy
  xec -o "$one" set $property false
done

# Their rules must not meet the devices of the machine that this runs on.
for uuid in "${made[@]}"; do
  xec-vm -u "$uuid" destroy
  xec -i $IFACE.unrestricted unrestricted-delete-vm "$uuid"
done
made=()
rm "$XM_SIM_DIR/xenmgr-xl.conf"
daemon restart

done_testing

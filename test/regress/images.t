#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Measured disks; which file of which disk kernel-extract and initrd-extract name. What needs
# the host's block devices is in lab/.
. "$(dirname "$0")/lib.sh"

new_guest measured
disks=$WORK/disks
mkdir "$disks"
printf 'content of disk 0' >"$disks/0.img"
printf 'content of disk 1' >"$disks/1.img"
truncate -s 8M "$disks/0.img" "$disks/1.img" # whole sectors
for i in 0 1; do
  D=$(xec -o "$VM" add-disk)
  xec -o "$D" set phys-type file
  xec -o "$D" set phys-path "$disks/$i.img"
done
db () { xec -s com.citrix.xenclient.db -o / -i com.citrix.xenclient.db "$@"; }
sum () { db read "/vm/$U/config/disk/$1/sha1sum"; } # DISK
sum_of () { sha1sum "$disks/$1.img" | cut -d' ' -f1; }
stop () { xec -o "$VM" destroy; }
state () { xec -o "$VM" get state; }

# --- which file ---
extract () { xec -o "$VM" set kernel-extract "$1"; shift; "$@" xec -o "$VM" start; }
extract 0:1:/boot/k fails 'two colons' "^$FAILED: incorrect kernel-extract syntax"
extract x:/boot/k fails 'no number' "^$FAILED: bad disk number in kernel-extract"
extract -1:/boot/k fails 'a negative number' "^$FAILED: bad disk number in kernel-extract"
extract 0,:/boot/k fails 'no partition' "^$FAILED: bad partition number in kernel-extract"
extract 0,0:/boot/k fails 'partition 0' "^$FAILED: bad partition number in kernel-extract"
extract 0,1,2:/boot/k fails 'too many numbers' "^$FAILED: incorrect disk & partition specification in kernel-extract"
extract 7:/boot/k fails 'no such disk' "^$FAILED: extract-kernel: domain does not have a disk with ID 7"
prints 'nothing was started' stopped state
xec -o "$VM" set kernel-extract ''
xec -o "$VM" set initrd-extract 9,1:/boot/i
fails 'no such disk for the initrd' "^$FAILED: extract-kernel: domain does not have a disk with ID 9" xec -o "$VM" start
xec -o "$VM" set initrd-extract ''

# --- measured disks ---
prints 'measured, by default' false xec -o "$VM" get measured
db write "/vm/$U/measured" true
prints 'measured' true xec -o "$VM" get measured
is 'no sum' "$(sum 0)" ''
succeeds 'start' xec -o "$VM" start
is 'disk 0 has its sum' "$(sum 0)" "$(sum_of 0)"
is 'disk 1 has none' "$(sum 1)" ''
stop
daemon restart
is 'the sum after a restart of the service' "$(sum 0)" "$(sum_of 0)"
succeeds 'start again' xec -o "$VM" start
prints 'it runs' running state
stop

printf changed | dd of="$disks/0.img" conv=notrunc status=none
stored=$(sum 0)
succeeds 'the start of a VM with a changed disk' xec -o "$VM" start
prints 'starts nothing' stopped state
is 'the sum stays' "$(sum 0)" "$stored"
db write /xenmgr/bypass-sha1sum-checks true
succeeds 'with the check bypassed' xec -o "$VM" start
prints 'it runs' running state
stop
db rm /xenmgr/bypass-sha1sum-checks
db write "/vm/$U/config/disk/0/sha1sum" "$(sum_of 0 | sed 's/^0*//' | tr a-f A-F)"
db write "/vm/$U/config/disk/1/sha1sum" "$(sum_of 1)"
succeeds 'two disks with their sums' xec -o "$VM" start
prints 'it runs' running state
stop
printf changed | dd of="$disks/1.img" conv=notrunc status=none
succeeds 'a change of disk 1' xec -o "$VM" start
prints 'starts nothing' stopped state
db rm "/vm/$U/config/disk/1/sha1sum"

xec -o "$VM/disk/0" set phys-type qcow
fails 'a type that cannot be measured' "^$FAILED: disk 0 of vm $U cannot be measured: its type is qcow" xec -o "$VM" start
xec -o "$VM/disk/0" set phys-type file
rm "$disks/0.img"
mkfifo "$disks/0.img"
fails 'a FIFO is not waited for' "^$FAILED: 223:IO error: $disks/0.img: openFile: " xec -o "$VM" start
rm "$disks/0.img"
mkdir "$disks/0.img"
fails 'a directory' "^$FAILED: " xec -o "$VM" start
rmdir "$disks/0.img"
fails 'no file' "^$FAILED: " xec -o "$VM" start
prints 'nothing was started' stopped state
xec -o "$VM/disk/0" delete
fails 'no disk 0' "^$FAILED: 206:No such disk" xec -o "$VM" start

done_testing

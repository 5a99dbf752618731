#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The object /host: what the host is and has, and which VM gets its drives.
. "$(dirname "$0")/lib.sh"

HOST=$IFACE.host
host () { xec -o /host "$@"; }
info () { xl info | sed -n "s/^$1 *: *//p"; } # KEY

# --- properties ---
succeeds 'getall' xec -o /host getall
all=$out
rows=$(grep -cE '^  "[a-z0-9-]+" +=' <<<"$(sed '/"build-info"/,/^}/d' <<<"$all")")
properties=$(xec -q -o /host --list-properties | grep -c .)
is 'has every property' "$((rows + 1))" "$properties" # build-info is a table of its own
for key in branch build build_date_time edition release tools version; do
  like "build-info has $key" "$all" "\"$key\" +="
done
like 'the version is told' "$all" '"version" += [0-9]'

prints 'total-mem' "$(info total_memory)" xec -o /host get total-mem
prints 'cpu-count' "$(info nr_cpus)" xec -o /host get cpu-count
like 'a processor has a name' "$(host get physical-cpu-model)" .
for property in total-storage free-storage; do
  like "$property" "$(host get $property)" '^[1-9][0-9]*$'
done
for property in laptop amt-capable system-amt-pt measured-boot-enabled safe-graphics; do
  like "$property" "$(host get $property)" '^(true|false)$'
done
prints 'is-licensed' true xec -o /host get is-licensed
fails 'the hardware cannot be set' . xec -o /host set vendor x

# --- memory ---
free_is_told () { [[ $(host get free-mem) == "$(info free_memory)" ]]; }
within 'free-mem' "$LIMIT" free_is_told
new_guest hostmem
succeeds 'a VM starts' xec-vm -n hostmem start
within 'and free-mem follows' "$LIMIT" free_is_told
available=$(host get avail-mem) free=$(host get free-mem)
is 'avail-mem is no less' "$((available >= free))" 1
xec -o "$VM" set memory-min 64
more () { (($(host get avail-mem) >= $(host get free-mem) + 64)); }
within 'and counts what VMs have above their minimum' "$LIMIT" more
xec-vm -n hostmem destroy
within 'free-mem afterwards' "$LIMIT" free_is_told

# --- the bus and the clock ---
prints 'is-service-running of this service' true xec -o /host is-service-running $IFACE
prints 'of none' false xec -o /host is-service-running no.such.service
prints 'of what is no name' false xec -o /host is-service-running '..'
now=$(host get-seconds-from-epoch)
is 'get-seconds-from-epoch' "$((now > 1600000000 && now <= $(date +%s)))" 1

# --- lists ---
for list in isos pci-devices gpu-devices gpus-for-displayhandler disk-devices cd-devices \
  playback-devices capture-devices sound-cards; do
  succeeds "list-$list" xec -o /host list-$list
done
succeeds 'list-sound-card-controls of a card that is not there' \
  xec -o /host list-sound-card-controls 31
fails 'get-sound-card-control of it' "^$FAILED: 223:" xec -o /host get-sound-card-control 31 Master
fails 'what is no card' "^$FAILED: not a sound card: a/b" xec -o /host list-sound-card-controls a/b
prints 'list-ui-plugins' '' xec -o /host list-ui-plugins nothing/there
fails 'not outside its folder' "^$FAILED: bad subdirectory" xec -o /host list-ui-plugins ../..
fails 'get-gpu-placement of none' "^$FAILED: 234:Unknown GPU \"x\"" xec -o /host get-gpu-placement x
fails 'set-displayhandler-gpu of what is no address' "^$FAILED: A gpu is already assigned" \
  xec -o /host set-displayhandler-gpu x
like 'get-displayhandler-gpu' "$(host get-displayhandler-gpu)" '^-?[0-9]+$'

# --- drives ---
watch_signals
drive=90:0:0:1 # no host has it
new_vm hostcd
prints 'nobody has the drive' false xec -o /host get-cd-device-assignment $drive
succeeds 'assign-cd-device' xec -o /host assign-cd-device $drive 1 "$U"
prints 'somebody has it' "true"$'\n'"$U" xec -o /host get-cd-device-assignment $drive
signal_comes 'cd_assignment_changed' cd_assignment_changed "$U"
is 'names drive, uuid and path' "$(signals cd_assignment_changed "$U")" "[\"$drive\",\"$U\",\"$VM\"]"
daemon restart
prints 'a sticky assignment lasts' "true"$'\n'"$U" xec -o /host get-cd-device-assignment $drive
succeeds 'until it is taken away' xec -o /host assign-cd-device $drive false ''
prints 'nobody has it any more' false xec -o /host get-cd-device-assignment $drive
signal_comes 'and it is told' cd_assignment_changed '"","/"'
fails 'a malformed drive' "^$FAILED: bad device id" xec -o /host assign-cd-device 1:0:0 true "$U"
fails 'a VM that is not there' "^$FAILED: no vm with uuid nosuch" \
  xec -o /host assign-cd-device $drive true nosuch
succeeds 'eject-cd-device of a drive that is not there' xec -o /host eject-cd-device $drive
fails 'of a malformed one' "^$FAILED: bad device id" xec -o /host eject-cd-device x

# --- what is set ---
before=$(host get playback-pcm)
succeeds 'playback-pcm' xec -o /host set playback-pcm 07-03
prints 'has its value' 07-03 xec -o /host get playback-pcm
prints 'in the store' 07-03 xec -s com.citrix.xenclient.db -o / -i com.citrix.xenclient.db read /audio/playback-pcm
host set playback-pcm "$before"
succeeds 'ui-ready' xec -o /host set ui-ready true
daemon restart
ready () { [[ $(host get ui-ready) == true ]]; }
within 'outlives the service' "$LIMIT" ready
host set ui-ready false
prints 'and is not taken back' true xec -o /host get ui-ready

# --- the license ---
expiry='2030-12-31 23:59:59 +0100'
succeeds 'set-license' xec -o /host -i $HOST set-license "$expiry" device hash
prints 'keeps it in xenstore' "$expiry" xenstore-read /xenmgr/license/expiry
fails 'a bad date' "^$FAILED: failed to parse expiry date" \
  xec -o /host set-license 2030-12-31 device hash
fails 'a bad hash' "^$FAILED: invalid hash" xec -o /host set-license "$expiry" device local

done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A store that OpenXT's dbd left behind: the daemon serves its VMs and changes no file but for what
# is set.
. "$(dirname "$0")/../lib.sh"
sim_only

state=$XM_SIM_DIR/state
daemon stop
rm -rf "$state"
mkdir -p "$state/vms" "$state/dom-store"
printf '{\n  "db-version": "41",\n  "xenmgr": {\n    "showMsgOnVmStart": true,\n    "isos": "\\/isos"\n  },\n  "touchpad": {\n    "speed": 5,\n    "scale": 0.250000\n  }\n}\n' >"$state/db"
uuids=()
for ((i = 0; i < 24; i++)); do
  uuid=$(printf '%08d-0000-4000-8000-000000000001' "$i")
  uuids+=("$uuid")
  # numbers and booleans where the service writes texts, odd keys, empty nodes, arrays
  printf '{\n  "uuid": "%s",\n  "type": "svm",\n  "name": "old %d",\n  "slot": %d,\n  "start_on_boot": false,\n  "odd \\/ key": [\n    1,\n    "two",\n    2.500000,\n    null\n  ],\n  "config": {\n    "memory": %d,\n    "vcpus": "1",\n    "disk": {\n      "2": {\n        "path": "\\/nosuch.vhd",\n        "type": "vhd",\n        "device": "xvdc"\n      },\n      "0": { }\n    },\n    "nic": { }\n  }\n}\n' \
    "$uuid" "$i" $((i % 10)) $((128 + i)) >"$state/vms/$uuid.db"
  printf '{\n  "key": "%d"\n}\n' "$i" >"$state/dom-store/$uuid.db"
done
mkdir -p "$state/vms/${uuids[3]}/keys"
printf 'a\0b\377' >"$state/vms/${uuids[3]}/keys/disk.key"
printf '"no VM"\n' >"$state/vms/leaf.db"
cp -a "$state" "$WORK/before"

succeeds 'the daemon starts on it' daemon start
is 'all VMs are served' "$(xec list-vms | sort)" \
  "$(printf '/vm/%s\n' "${uuids[@]//-/_}" | sort)"
hidden=
for uuid in "${uuids[@]}"; do
  [[ $(xec-vm -u "$uuid" getall) == *'"name" '* ]] || hidden+=" $uuid"
done
is 'and show their properties' "$hidden" ''
prints 'a number in the store is a memory size' 133 xec-vm -u "${uuids[5]}" get memory
prints 'a name' 'old 23' xec-vm -u "${uuids[23]}" get name
# shellcheck disable=SC2016 # for that bash to expand
prints 'db-cat: a binary node' "$(printf 'a\0b\377' | od -c)" bash -c 'db-cat "$1" | od -c' _ "/vm/${uuids[3]}/keys/disk.key"
prints 'db-read of it' "file:$state/vms/${uuids[3]}/keys/disk.key" db-read "/vm/${uuids[3]}/keys/disk.key"
fails 'which cannot be written' 'cannot overwrite binary file nodes' db-write "/vm/${uuids[3]}/keys/disk.key" x
fails 'or removed' 'cannot remove binary file nodes' db-rm "/vm/${uuids[3]}/keys"
prints 'db-ls of an odd node' 'odd = ""' db-ls "/vm/${uuids[0]}/odd"
succeeds 'stopped again' daemon stop
prints 'no file has changed' '' diff -r "$WORK/before" "$state"
daemon start

succeeds 'a property is set' xec-vm -u "${uuids[7]}" set name 'new / name'
is 'one line of one file differs' "$(diff "$WORK/before/vms/${uuids[7]}.db" "$state/vms/${uuids[7]}.db")" \
  $'4c4\n<   "name": "old 7",\n---\n>   "name": "new \\/ name",'
cp -a "$state/vms/${uuids[7]}.db" "$WORK/before/vms/"
prints 'and no other file' '' diff -r "$WORK/before" "$state"

fails 'a VM with a binary node is not deleted' 'cannot remove binary file nodes' \
  xec -o "$(path_of "${uuids[3]}")" delete
prints 'and is whole' '' diff -r "$WORK/before" "$state"
succeeds 'another is' xec -o "$(path_of "${uuids[4]}")" delete
is 'with its files' "$(cd "$state" && ls vms/"${uuids[4]}"* dom-store/"${uuids[4]}"* 2>/dev/null)" ''

# --- what a crash, or a bad disk, left ---
daemon stop
mv "$state/vms/${uuids[8]}.db" "$state/vms/${uuids[8]}.db.tmp"
printf '{"name": "hal' >"$state/vms/${uuids[9]}.db"
succeeds 'the daemon starts with a damaged file' daemon start
prints 'a temporary file takes the place of the missing one' 'old 8' xec-vm -u "${uuids[8]}" get name
is 'the damaged one is set aside' "$(cat "$state/vms/${uuids[9]}.db.damaged-1")" '{"name": "hal'
like 'and reported' "$(grep damaged "$XM_SIM_DIR/daemon.log")" "vms/${uuids[9]}.db is damaged .malformed JSON"
is 'the others are served' "$(xec list-vms | wc -l)" 22

done_testing

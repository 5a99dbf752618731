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
mkdir -p "$state/vms/${uuids[3]}/keys" "$state/dom-store/${uuids[2]}.d/deep"
printf 'a\0b\377' >"$state/vms/${uuids[3]}/keys/disk.key"
printf 'no text\0' >"$state/dom-store/${uuids[2]}.d/deep/image"
: >"$state/vms/${uuids[3]}/keys/empty"
printf '"no VM"\n' >"$state/vms/leaf.db"
: >"$state/dom-store/empty.db"
# a VM with whatever JSON can have, as dbd writes it
odd=${uuids[20]}
cat >"$state/vms/$odd.db" <<ODD
{
  "uuid": "$odd",
  "type": "svm",
  "name": "odd",
  "empty": { },
  "nothing": null,
  "list": [],
  "numbers": [
    0,
    -1,
    9223372036854775807,
    -9223372036854775808,
    0.500000,
    -1234567.250000
  ],
  "lists": [
    [
      true,
      false,
      null
    ],
    {
      "in": "a list"
    }
  ],
  "text": "tab \\t line \\n return \\r back \\b feed \\f quote \\" stroke \\\\ slash \\/",
  "Grüße, 世界 ": "ü€𝄞",
  "": "no name",
  "a.b": "a name with a dot",
  "deep": {
    "1": {
      "2": {
        "3": {
          "4": "x"
        }
      }
    }
  },
  "config": {
    "memory": "64",
    "acpi": true,
    "vcpus": 2
  }
}
ODD
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
prints 'a number' 2 xec-vm -u "$odd" get vcpus
prints 'a boolean' true xec-vm -u "$odd" get acpi
for path in "vms/$odd" "vms/${uuids[0]}" "dom-store/${uuids[23]}"; do
  node=${path/vms/vm}
  is "dump of /$node is its file" "$(xec -s com.citrix.xenclient.db dump "/$node")" "$(<"$state/$path.db")"
done
prints 'a number of the host' 5 db-read /touchpad/speed
prints 'a text with escapes' $'tab \t line \n return \r back \b feed \f quote " stroke \\ slash /' db-read "/vm/$odd/text"
prints 'a name and a text in other letters' 'ü€𝄞' db-read "/vm/$odd/Grüße, 世界 "
prints 'a list' '' db-read "/vm/$odd/numbers"
prints 'an empty node is there' true db-exists "/vm/$odd/nothing"
is 'children in their order' "$(db-nodes "/vm/$odd")" \
  'uuid type name empty nothing list numbers lists text Grüße, 世界   a.b deep config'
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

# --- whatever is set, all else stays as it is, byte by byte ---
# changes NAME FILE SED COMMAND...: the command changes FILE as SED does, and no other file
changes () {
  local name=$1 file=$2 script=$3; shift 3
  sed -i "$script" "$WORK/before/$file"
  succeeds "$name" "$@"
  prints 'only that' '' diff -r "$WORK/before" "$state"
}
file=vms/$odd.db
changes 'a number becomes a text' "$file" 's/"vcpus": 2/"vcpus": "3"/' xec-vm -u "$odd" set vcpus 3
changes 'a boolean' "$file" 's/"acpi": true/"acpi": "false"/' xec-vm -u "$odd" set acpi false
changes 'a leaf deep down' "$file" 's/"4": "x"/"4": "\\t\\"\\\\"/' db-write "/vm/$odd/deep/1/2/3/4" $'\t"\\'
changes 'a new key comes last' "$file" 's/^    "vcpus": "3"$/&,\n    "kernel": "\\\/k"/' xec-vm -u "$odd" set kernel /k
changes 'an empty node is filled' "$file" 's/"empty": { }/"empty": {\n    "a": "b"\n  }/' db-write "/vm/$odd/empty/a" b
# empty nodes beside a path go with what is removed there
changes 'and empty again' "$file" '/"empty": {/,/  }/c\  "empty": { },
  /"nothing": null/d' db-rm "/vm/$odd/empty/a"
changes 'typed values injected' "$file" 's/"list": \[\]/"list": {\n    "n": 1,\n    "f": 0.500000,\n    "b": false\n  }/' \
  xec -s com.citrix.xenclient.db inject "/vm/$odd/list" '{"n":1,"f":0.5,"b":false}'
changes 'a key goes' "$file" '/"a.b":/d' db-rm "/vm/$odd/a.b"
changes 'what is the same already' "$file" '' xec-vm -u "$odd" set kernel /k
changes 'a key of the host' db 's/"speed": 5/"speed": "6"/' db-write /touchpad/speed 6
changes 'a setting' db 's/"isos": "[^"]*"/"isos": "\\\/other"/' xec set iso-path /other
changes 'a key of a domstore' "dom-store/${uuids[9]}.db" 's/"key": "9"/"key": "9",\n  "more": "x"/' \
  xec-vm -u "${uuids[9]}" set-domstore-key more x

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

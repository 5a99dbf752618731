#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# com.citrix.xenclient.db, and the VMs' view of the same data.
. "$(dirname "$0")/lib.sh"

db () { xec -s com.citrix.xenclient.db "$@"; }
trap 'db rm /regress >/dev/null 2>&1; clean_up' EXIT

# --- the eight methods ---
succeeds 'write' db write /regress/a/b 'a "value" with ü'
prints 'read' 'a "value" with ü' db read /regress/a/b
prints 'with more slashes' 'a "value" with ü' db read '//regress//a/b/'
prints 'of a missing path' '' db read /regress/nosuch
prints 'of an inner node' '' db read /regress/a
prints 'exists' true db exists /regress/a/b
prints 'of an inner node' true db exists regress/a
prints 'of a missing one' false db exists /regress/nosuch
db write /regress/a/z 1
db write /regress/a/c 2
prints 'list: in the order of creation' $'b\nz\nc' db list /regress/a
prints 'of a leaf' '' db list /regress/a/b
prints 'dump' $'{\n  "b": "a \\"value\\" with ü",\n  "z": "1",\n  "c": "2"\n}' db dump /regress/a
prints 'of a missing path' null db dump /regress/nosuch
succeeds 'inject' db inject /regress/i '{"n":5,"t":true,"s":"x/y","o":{"k":"v"}}'
prints 'a number' 5 db read /regress/i/n
prints 'a boolean' true db read /regress/i/t
prints 'a folder' v db read /regress/i/o/k
like 'dump escapes slashes' "$(db dump /regress/i)" '"x\\/y"'
fails 'inject of bad JSON' . db inject /regress/i '{"n":'
prints 'changes nothing' 5 db read /regress/i/n
succeeds 'inject replaces' db inject /regress/i '{"only":"this"}'
prints 'all that was there' only db list /regress/i
succeeds 'write to a node with children' db write /regress/i lost
prints 'is ignored' this db read /regress/i/only
succeeds 'write below a leaf' db write /regress/i/only/deeper x
prints 'makes it a node' x db read /regress/i/only/deeper
succeeds 'rm' db rm /regress/a/z
prints 'is gone' false db exists /regress/a/z
succeeds 'rm of what is not there' db rm /regress/nosuch
fails 'read_binary of a text' . db read-binary /regress/a/b

# --- a VM's node ---
new_vm db new-vm-pv
succeeds 'a direct edit' db write "/vm/$U/config/sound" hda
prints 'is seen at once' hda xec -o "$VM" get sound
succeeds 'a property' xec -o "$VM" set memory 333
prints 'is in the database' 333 db read "/vm/$U/config/memory"
prints 'the name' db db read "/vm/$U/name"
succeeds 'set-db-key' xec-vm -n db set-db-key config.frob.x 12
prints 'get-db-key' 12 xec-vm -n db get-db-key config.frob.x
prints 'dots are slashes' 12 db read "/vm/$U/config/frob/x"
prints 'get-db-key of none' '' xec-vm -n db get-db-key nosuch
succeeds 'a boolean written by hand' db write "/vm/$U/start_on_boot" yes
prints 'is read' true xec -o "$VM" get start-on-boot
db write "/vm/$U/start_on_boot" perhaps
fails 'a bad boolean text' "^$FAILED: unexpected boolean text representation: perhaps" \
  xec -o "$VM" get start-on-boot
succeeds 'does not spoil getall' xec -o "$VM" getall
db rm "/vm/$U/start_on_boot"
prints 'without it the default holds' false xec -o "$VM" get start-on-boot

# --- VMs that come and go through the database ---
other=$(</proc/sys/kernel/random/uuid)
made+=("$other")
succeeds 'a VM injected' db inject "/vm/$other" "{\"uuid\":\"$other\",\"type\":\"svm\",\"name\":\"by hand\"}"
prints 'is found' "$(path_of "$other")" xec find-vm-by-uuid "$other"
like 'and listed' "$(xec list-vms)" "$(path_of "$other")"

xec -i $IFACE.unrestricted unrestricted-delete-vm "$U"
prints 'a deleted VM leaves no node' false db exists "/vm/$U"

done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# db-read, db-write and the other programs for the configuration database.
. "$(dirname "$0")/lib.sh"

trap 'db-rm /regress-tools >/dev/null 2>&1; clean_up' EXIT

prints 'db-write says nothing' '' db-write /regress-tools/a/name 'a "b" ü/'
prints 'db-read' 'a "b" ü/' db-read /regress-tools/a/name
prints 'of a missing path' '' db-read /regress-tools/nosuch
prints 'of an inner node' '' db-read /regress-tools
prints 'db-cmd read' 'a "b" ü/' db-cmd read regress-tools//a/name
prints 'what xec reads is the same' 'a "b" ü/' xec -s com.citrix.xenclient.db read /regress-tools/a/name
db-write /regress-tools/a/z 1
db-write /regress-tools/a/c ''
db-write /regress-tools/b 2
prints 'db-nodes: in the order of creation' 'name z c' db-nodes /regress-tools/a
prints 'of a leaf' '' db-nodes /regress-tools/b
prints 'db-exists' true db-exists /regress-tools/a
prints 'of a missing path' false db-exists /regress-tools/nosuch
prints 'db-ls' $'regress-tools =\n a =\n  name = "a "b" ü/"\n  z = "1"\n  c = ""\n b = "2"' db-ls /regress-tools
prints 'db-ls -f' $'/regress-tools/a =\n /regress-tools/a/name = "a "b" ü/"\n /regress-tools/a/z = "1"\n /regress-tools/a/c = ""' \
  db-ls -f /regress-tools/a
prints 'of a leaf' 'b = "2"' db-ls /regress-tools/b
like 'of everything' "$(db-ls)" $'^ =\n vm =.*\n regress-tools =\n  a =\n   name = '
prints 'db-rm says nothing' '' db-rm /regress-tools/a
prints 'what it removed is gone' false db-exists /regress-tools/a
prints 'of what is not there' '' db-rm /regress-tools/nosuch

fails 'db-write of the root' '^Nope, not doing that\.$' db-write / x
fails 'db-write of all VMs' '^Nope, not doing that\.$' db-write /vm x
fails 'db-rm of the root' '^bad path$' db-rm /
prints 'changed nothing' 2 db-read /regress-tools/b
fails 'db-cat of a text' '^db-cat: .*not a binary node$' db-cat /regress-tools/b
fails 'db-cat of the root' 'not a binary node$' db-cat /
for wrong in db-cmd 'db-cmd frob' db-read 'db-read /a /b' 'db-write /a' 'db-rm' 'db-ls /a /b'; do
  # shellcheck disable=SC2086 # it is a command with its words
  fails "$wrong" '^Usage: db-cmd <cmd> <parameters>$' $wrong
done

new_vm db-tools
prints 'a VM: its name' db-tools db-read "/vm/$U/name"
prints 'is changed' '' db-write "/vm/$U/name" renamed
prints 'and the service knows' renamed xec -o "$VM" get name

done_testing

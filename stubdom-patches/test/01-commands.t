#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# xl uuid-to-domid and xl acpi-state: what programs read from them.
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
make_host

one=11111111-2222-3333-4444-555555555555 two=aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee
nobody=00000000-0000-0000-0000-000000000001 unnamed=99999999-0000-0000-0000-000000000009
make_domain 3 $one one
make_domain 4 $two two hvm 3
make_domain 5 $unnamed ''
make_domain 6 $nobody dying
echo '1 0 0 0 0 0 0' >"$host/domains/6"

answers () { # DESCRIPTION STATUS OUTPUT ARGUMENT...
  local what=$1 status=$2 expected=$3 out got=0
  out=$(xl "${@:4}" 2>"$host/err") || got=$?
  is "$what: output" "$out" "$expected"
  is "$what: status" "$got" "$status"
}

answers "a domain's uuid" 0 3 uuid-to-domid $one
answers "another one, in capitals" 0 4 uuid-to-domid ${two^^}
answers "a domain without a name" 0 -1 uuid-to-domid $unnamed
answers "a domain that is being destroyed" 0 -1 uuid-to-domid $nobody
answers "no such uuid" 0 -1 uuid-to-domid 12345678-0000-0000-0000-000000000000
answers "not a uuid" 1 "" uuid-to-domid 12345
ok "the error names it" has '"12345" is not a UUID' "$(cat "$host/err")"

answers "an HVM domain in S3" 0 3 acpi-state 4
answers "the same by name" 0 3 acpi-state two
echo 0 >"$host/hvm/4"
answers "an HVM domain that works" 0 0 acpi-state 4
answers "a PV domain" 0 -1 acpi-state 3
answers "no such domid" 0 -1 acpi-state 77
answers "no such name" 0 -1 acpi-state nobody

help=$(xl help 2>/dev/null)
ok "help lists uuid-to-domid" has uuid-to-domid "$help"
ok "help lists acpi-state" has acpi-state "$help"
out=$(xl uuid-to-domid 2>&1); status=$?
ok "without an argument it fails" test $status -ne 0
ok "and shows the usage" has "uuid-to-domid <UUID>" "$out"
plan

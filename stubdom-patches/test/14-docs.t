#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the series adds is documented, in manual pages without errors.
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
man=$STUBDOM_TREE/docs/man

documented () { # PAGE TEXT
  ok "$1 has $2" grep -q "^=\(item\|head2\) \(B<\)\?$2" "$man/$1.pod.in"
}
for key in helpers gate qmp_proxy qmp_transport qmp_marker minimal_consoles; do
  documented xl.cfg.5 "stubdomain_$key="
  ok "and the overview stubdomain_$key" grep -q "stubdomain_$key" "$STUBDOM_TREE/docs/misc/stubdom.txt"
done
for key in mac_ioemu mac_stubdom; do documented xl-network-configuration.5 $key; done
for word in uuid-to-domid acpi-state sleep hibernate; do documented xl.1 $word; done
documented xl.conf.5 domain_state_path=

for page in xl.cfg.5 xl-network-configuration.5 xl.1 xl.conf.5; do
  is "$page is correct" "$(podchecker -warnings "$man/$page.pod.in" 2>&1 | grep -c ERROR)" 0
done
plan

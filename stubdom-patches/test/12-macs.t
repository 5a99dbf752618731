#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Addresses of the emulated card and of the stubdomain's vif.
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
make_host
serve_backends & background+=($!)
printf '#!/bin/sh\n' >"$host/vif-nothing"
chmod +x "$host/vif-nothing"
nic="type=ioemu,mac=00:16:3e:00:00:01,bridge=br0,script=$host/vif-nothing"

macs () { # the guest's vif, the emulated card's, the stubdomain's vif
  xenstore-read "/local/domain/$guest/device/vif/0/mac"
  xenstore-ls "/vm/$uuid/image/dm-argv" | sed -n 's/.*id=nic0,.*mac=\([^",]*\)".*/\1/p'
  xenstore-read "/local/domain/$stub/device/vif/0/mac"
}

write_stubdom_config one "vif=['$nic']"
create -p
is "by default all have one" "$(macs)" "00:16:3e:00:00:01
00:16:3e:00:00:01
00:16:3e:00:00:01"
destroy

write_stubdom_config one "vif=['$nic,mac_ioemu=00:16:3E:00:00:02,mac_stubdom=2:16:3e:0:0:3']"
out=$(xl -N create "$config" 2>&1)
ok "the keys are understood: mac_ioemu" has '"mac_ioemu": "00:16:3e:00:00:02"' "$out"
ok "mac_stubdom" has '"mac_stubdom": "02:16:3e:00:00:03"' "$out"
create -p
is "each gets its own" "$(macs)" "00:16:3e:00:00:01
00:16:3e:00:00:02
02:16:3e:00:00:03"
destroy

for bad in '' 00:16:3e:00:00 00:16:3e:00:00:0g 00:16:3e:00:00:001 00:16:3e:00:00:01:02 \
  00-16-3e-00-00-01 01:16:3e:00:00:01 -1:16:3e:00:00:01; do
  refused "mac_ioemu=$bad" "Invalid parameter \`mac_ioemu': \"$bad\"" "vif=['$nic,mac_ioemu=$bad']"
done
refused "the other one" "Invalid parameter \`mac_stubdom': \"x\"" "vif=['$nic,mac_stubdom=x']"
plan

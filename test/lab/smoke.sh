#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The lab by itself, without the product: PV guests live and die under plain xl,
# one for each of the ways the regression suite relies on.
set -e
fail () { echo "not ok: $*"; lab-guest-console "$name" || true; exit 1; }
reason () { xl list -v "$name" | awk 'NR > 1 { print $(NF - 1) }'; }
until_reason () { # REASON
  local i
  for ((i = 0; i < 300; i++)); do [[ $(reason) == "$1" ]] && return; sleep 0.1; done
  fail "$name: reason $(reason) instead of $1"
}
up () { # NAME [EXTRA]
  name=$1
  cat >"/tmp/$name.cfg" <<CFG
name = "$name"
type = "pv"
memory = 128
kernel = "/opt/xm-guest/vmlinux"
ramdisk = "/opt/xm-guest/initrd"
extra = "console=hvc0 ${2-}"
CFG
  xl create -q -e -p "/tmp/$name.cfg"
  xl unpause "$name"
  lab-guest-console --wait 'guest up' "$name" >/dev/null || fail "$name does not boot"
  echo "$name is up after $SECONDS s"
}

xl list
up request; xl shutdown "$name"; until_reason 0
up itself xmtest.poweroff_after=1; until_reason 0
up restart; xl reboot "$name"; until_reason 1
up crash; xl sysrq "$name" c; until_reason 3
xl list -v
for name in request itself restart crash; do xl destroy "$name"; done
[[ $(xl list | wc -l) == 2 ]] || fail "domains are left"
echo "ok: PV guests shut down, power off, reboot and crash with the right reasons"

#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The monitor that a stubdomain's device model is told to have.
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
make_host

arguments () { # LINE...: the device model's, one a line
  local out
  write_stubdom_config one "$@"
  create -p || return
  out=$(xenstore-ls "/vm/$uuid/image/dm-argv" | sed 's/^[0-9]* = "\(.*\)"$/\1/')
  destroy
  echo "$out"
}
plain=$(arguments)
ok "a stubdomain's device model gets arguments" has "-xen-domid" "$plain"
ok "by default no monitor" lacks "-mon" "$plain"

monitor=$'-chardev\nargo,id=libxl-cmd,domid=0,port=5100,localport=15100'
out=$(arguments "stubdomain_qmp_transport='argo'")
ok "with argo it gets one" has "$monitor"$'\n-mon\nchardev=libxl-cmd,mode=control' "$out"
out=$(arguments "stubdomain_qmp_transport='v4v'")
ok "with v4v, too" has "$monitor,transport=v4v"$'\n-mon\nchardev=libxl-cmd,mode=control' "$out"
# But for the domid, which is the third line.
is "and nothing else differs" "$(grep -vxF -- "-chardev
$(sed -n 5p <<<"$out")
-mon
chardev=libxl-cmd,mode=control" <<<"$out" | sed '2s/.*/DOMID/')" "$(sed '2s/.*/DOMID/' <<<"$plain")"
plan

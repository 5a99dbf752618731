#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# demo-host.sh BUILD GUEST: demo.sh on the Xen host this is, with the programs in
# BUILD and the guest's vmlinux and initrd in GUEST. The service runs on a bus of its
# own with folders of its own, so nothing is installed and none installed is disturbed.
set -uo pipefail

here=$(dirname "$(readlink -f "$0")")
build=$(readlink -f "$1")
guest=$(readlink -f "$2")
source=$(readlink -f "$here/../..")

work=$(mktemp -d /tmp/xm-demo.XXXXXX)
pids=()
finish () {
  ((${#pids[@]})) && kill "${pids[@]}" 2>/dev/null && wait "${pids[@]}" 2>/dev/null
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

cat >"$work/bus.conf" <<CONF
<busconfig>
  <type>system</type>
  <listen>unix:path=$work/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="root"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
  </policy>
</busconfig>
CONF
exec {address}< <(exec dbus-daemon --config-file="$work/bus.conf" --nofork --nopidfile --print-address)
pids+=($!)
read -r -t 20 -u "$address" DBUS_SYSTEM_BUS_ADDRESS || exit 1
export DBUS_SYSTEM_BUS_ADDRESS
mkdir "$work/bin"
ln -s "$build/test/simhost/bin/watch-signals" "$work/bin/"
export PATH=$work/bin:$build/xec:$PATH

"$build/shim/xenmgr-xl" --bus "$DBUS_SYSTEM_BUS_ADDRESS" --state-dir "$work/state" \
  --run-dir "$work/run" --templates "$source/shim/templates/default" >"$work/log" 2>&1 &
pids+=($!)
gdbus wait --address "$DBUS_SYSTEM_BUS_ADDRESS" --timeout 30 com.citrix.xenclient.xenmgr || {
  cat "$work/log" >&2
  exit 1
}
XM_DEMO_HOST=yes XM_DEMO_NAME=xm-demo-$$ XM_GUEST_DIR=$guest "$here/demo.sh"

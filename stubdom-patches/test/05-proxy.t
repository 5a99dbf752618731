#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The choice of the QMP proxy, what it is started with, and its end.
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
make_host

dry () { xl -N create "$1" 2>&1; } # CONFIG: what xl makes of it
write_stubdom_config one "stubdomain_qmp_transport='argo'"
out=$(dry "$config")
ok "the keys are understood: proxy" has "\"stubdomain_qmp_proxy\": \"$here/fake-device-model\"" "$out"
ok "transport" has '"stubdomain_qmp_transport": "argo"' "$out"
write_stubdom_config one "stubdomain_qmp_marker=1"
ok "and marker" has '"stubdomain_qmp_marker": 1' "$(dry "$config")"

refused "an unknown transport" 'invalid value "tcp"' "stubdomain_qmp_transport='tcp'"
refused "a marker that is no byte" 'invalid value 256' "stubdomain_qmp_marker=256"
proxy=some/proxy refused "a proxy without a path" '"some/proxy" is not an absolute path'
proxy=/nowhere refused "a proxy that is not there" '/nowhere is not executable'
proxy='' refused "argo with the default proxy" 'argo needs a stubdomain_qmp_proxy' \
  "stubdomain_qmp_transport='argo'"
refused "argo with a marker" 'belongs to a vchan, not to argo' \
  "stubdomain_qmp_transport='argo'" "stubdomain_qmp_marker=1"

begin () { # LINE...
  write_stubdom_config one "$@"
  create -p
  pid=$(xenstore-read "/local/domain/$stub/image/qmp-proxy-pid")
  expected="$stub /local/domain/$stub/device-model/$guest/qmp-vchan /var/run/xen/qmp-libxl-$guest"
  state=/local/domain/0/device-model/$stub/qmp-proxy-state
}
gone () { ! lives "$pid"; }

# By default it is what it was.
mount --bind "$here/fake-device-model" /usr/bin/vchan-socket-proxy || exit 1
proxy='' begin
is "the default proxy gets the arguments it always had" "$(started_as "$guest")" \
  "--state-path=$state $expected"
ok "and is known by its id alone" bash -c "! xenstore-exists /local/domain/$stub/image/qmp-proxy-pid-start"
xl unpause one 2>"$host/err"
is "through it libxl reaches the device model" "$(commands "$guest")" "cont {}"
destroy
wait_until gone
ok "it ends with the stubdomain" test ! -e "/run/xen/qmp-libxl-$guest"
umount /usr/bin/vchan-socket-proxy

begin stubdomain_qmp_marker=1
is "with a marker" "$(started_as "$guest")" "--state-path=$state --reconnect-marker=1 $expected"
destroy
ok "one that was chosen has ended when destroy returns" gone
ok "and leaves no state" bash -c "! xenstore-exists $state"

begin "stubdomain_qmp_transport='v4v'"
is "with a transport" "$(started_as "$guest")" "--state-path=$state --transport=v4v $expected"
# Another process has the id by now: it is not touched.
xenstore-write "/local/domain/$stub/image/qmp-proxy-pid-start" 1
destroy
ok "a process of another start time is left alone" lives "$pid"
kill "$pid"

touch "$host/no-term"
begin
destroy
ok "one that ignores SIGTERM is killed" gone
plan

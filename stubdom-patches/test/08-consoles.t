#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A stubdomain with one console, for which dom0 runs no QEMU.
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
make_host

consoles () { # the types of the stubdomain's consoles: the first, the others by number
  xenstore-read "/local/domain/$stub/console/type" 2>/dev/null
  for number in $(xenstore-list "/local/domain/$stub/device/console" 2>/dev/null | sort); do
    echo "$number $(xenstore-read "/local/domain/$stub/device/console/$number/type")"
  done
}

write_stubdom_config one
create -p
is "by default it has three, all from QEMU" "$(consoles)" $'ioemu\n1 ioemu\n2 ioemu'
ok "which runs in dom0" test -e "$host/args-qmp-libxl-$stub"
destroy
rm -f "$host"/args-*

write_stubdom_config one stubdomain_minimal_consoles=1
create -p
is "with the key it has one, from xenconsoled" "$(consoles)" xenconsoled
ok "and no QEMU in dom0" test ! -e "$host/args-qmp-libxl-$stub"
xl unpause one 2>"$host/err"
is "its device model is reached as ever" "$(commands "$guest")" "cont {}"
echo 'domain_state_path="/state"' >>/etc/xen/xl.conf
out=$(xl save one "$host/saved" 2>&1)
ok "it is not saved" test $? -ne 0
ok "and why" has "made with stubdomain_minimal_consoles" "$out"
is "no attempt is announced, only that it runs" "$(written)" running
ok "the device model was not stopped" lacks stop "$(commands "$guest")"
destroy
rm -f "$host"/args-*

write_stubdom_config one stubdomain_minimal_consoles=1 "disk=['format=raw,backendtype=qdisk,vdev=xvda,access=rw,target=/bin/true']"
create -p
ok "a disk that needs a QEMU in dom0 gets one" test -e "$host/args-qmp-libxl-$stub"
is "which leaves the console to xenconsoled" "$(consoles)" xenconsoled
destroy

refused "a serial port" "leaves none for a serial port" stubdomain_minimal_consoles=1 "serial='pty'"
plan

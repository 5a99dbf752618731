# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# A stubdomain's file system for the tests of device-model: its paths below $root, its
# programs in $root/bin (busybox, as in the image), and Debian's real xenstored.
# shellcheck source=SCRIPTDIR/../../test/lib.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../../test/lib.sh"

init=$top/stubdom-patches/stubdom-init
root=$host/root

make_host
busybox=$(command -v busybox)
mkdir -p "$root"/{bin,proc,dev,run,usr/libexec,usr/lib/stubdom,sys/class/net,sys/bus/xen/devices}
"$init/compile-console" "$root/usr/lib/stubdom/console.so" || exit 1
for applet in brctl cat ip ls mkfifo sh sleep sort stty test usleep; do ln -s "$busybox" "$root/bin/$applet"; done
for tool in read list exists; do ln -s "$(command -v "xenstore-$tool")" "$root/bin/"; done
: >"$root/proc/cmdline"

# The stubdomain is the domain that this xenstore takes its clients for: 0. Its guest is 5.
vm=/vm/$uuid
xenstore-write domid 0 target 5 /local/domain/5/vm $vm

arguments () { # ARGUMENT...: of QEMU, as libxl leaves them
  local number=0 argument
  xenstore-rm $vm/image 2>/dev/null
  for argument; do
    number=$((number + 1))
    xenstore-write -R -- "$(printf '%s/image/dm-argv/%03d' $vm $number)" "$argument"
  done
}

device_model () { # runs it; its output is in $host/log
  rm -f "$root"/run/*
  env -i PATH="$root/bin" XENSTORED_PATH="$XENSTORED_PATH" STUBDOM_ROOT="$root" TEST="$host" \
    "$busybox" sh "$init/device-model" >"$host/log" 2>&1
}

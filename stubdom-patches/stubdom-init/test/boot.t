#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The image is the same whoever builds it, and its init runs, in a QEMU without Xen.
set -uo pipefail
init=$(dirname "$(readlink -f "$0")")/..
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
kernel=qemu-stubdom-linux-kernel ramdisk=qemu-stubdom-linux-rootfs
tests=0 failures=0
helper=(${QMP_HELPER:+--qmp-helper "$QMP_HELPER"})

ok () { # DESCRIPTION COMMAND...
  local what=$1 status=ok
  shift
  tests=$((tests + 1))
  "$@" || { status='not ok' failures=$((failures + 1)); }
  echo "$status $tests - $what"
}
says () { [[ $(<"$work/console") == *"$1"* ]]; }

build () { "$init/build" "${helper[@]}" "$@" >"$work/log" 2>&1 || { sed 's/^/# /' "$work/log"; return 1; }; }
ok "the image builds" build "$work/one"
again () { (umask 077; TZ=Asia/Tokyo TMPDIR=$work LC_ALL=C.UTF-8 build "$work/two"); }
ok "and once more" again
for file in $kernel $ramdisk packages guest.cfg; do
  ok "$file is the same" cmp "$work/one/$file" "$work/two/$file"
done

memory=$(sed -n 's/^stubdomain_memory=//p' "$work/one/guest.cfg")
# On a busy host the kernel's test of the timer may fail in an emulated machine.
boot () { # FOLDER: with as much memory as a stubdomain gets
  timeout "${BOOT_TIMEOUT:-900}" qemu-system-x86_64 -machine pc,accel=tcg -m "$memory" -nodefaults -no-user-config -display none \
    -no-reboot -serial stdio -kernel "$1/$kernel" -initrd "$1/$ramdisk" -append 'console=ttyS0 quiet panic=-1 no_timer_check' \
    </dev/null 2>&1 | tr -d '\r' >"$work/console"
}
ok "it boots, and powers off" boot "$work/one"
ok "its init runs" says 'stubdom: Linux '
ok "finds no Xen" says 'stubdom: xenstore does not answer: not a domain of Xen?'
ok "and says how it ended" says 'stubdom: the device model has ended with status 1'

# With something that answers for xenstore, Debian's QEMU starts, and finds all its libraries.
mkdir -p "$work/add/usr/bin"
cat >"$work/add/usr/bin/xenstore-read" <<'READ'
#!/bin/sh
[ "$1" != -R ] || shift
case $1 in
  domid) echo 7 ;;
  target) echo 5 ;;
  */vm) echo /vm/x ;;
  */image/dm-argv/001) printf -- -version ;;
  *) exit 1 ;;
esac
READ
printf '#!/bin/sh\necho 001\n' >"$work/add/usr/bin/xenstore-list"
printf '#!/bin/sh\nexit 1\n' >"$work/add/usr/bin/xenstore-exists"
chmod 755 "$work"/add/usr/bin/*
ok "an image with more in it builds" build --add "$work/add" "$work/three"
ok "it boots, too" boot "$work/three"
ok "QEMU gets what the toolstack says" says 'stubdom: domain 7 for 5, QEMU has 1 arguments'
ok "and runs" says 'QEMU emulator version '
ok "to its end" says 'stubdom: the device model has ended with status 0'
((failures)) && [[ -s $work/console ]] && sed 's/^/# /' "$work/console" | tail -n 40
echo "1..$tests"
((failures == 0))

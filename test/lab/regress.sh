#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# regress.sh [FILE...]: the regression suite against real Xen; without arguments all
# of it but what is about the simulated host. Paths are relative to test/regress.
set -uo pipefail

export XM_TARGET=lab
export XM_GUEST_KERNEL=/opt/xm-guest/vmlinux
export XM_GUEST_RAMDISK=/opt/xm-guest/initrd
# Without the last word the kernel of an HVM guest resets it after a panic, and Xen sees a reboot.
export XM_GUEST_CMDLINE="console=hvc0 quiet xen_legacy_crash"

lab-daemon start || exit 1
cd /opt/xm-test/regress || exit 1
(($#)) || set -- ./*.t transitions/*.t behind/*.t lab/*.t
prove --timer --failures --comments "$@"
status=$?

# What helps to understand a failure.
mkdir -p /result
cp -r /var/log/xenmgr-xl.log /var/log/xen /result/
xl dmesg >/result/xl-dmesg
if ((status)); then
  echo "--- the end of the service's log"
  tail -n 40 /var/log/xenmgr-xl.log
  echo "--- xl list -v"
  xl list -v
fi
lab-daemon stop || status=1
exit $status

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the service adds to the xl commands that it runs, on real Xen.
set -uo pipefail

export XM_GUEST_KERNEL=/opt/xm-guest/vmlinux XM_GUEST_RAMDISK=/opt/xm-guest/initrd
export G_MESSAGES_DEBUG=xlwrap
# the program finds the service's files below run/ of its folder
XM_SIM_DIR=$(mktemp -d)
export XM_SIM_DIR
ln -s /run/xenmgr-xl "$XM_SIM_DIR/run"

lab-daemon start || exit 1
life-client --log /var/log/xenmgr-xl.log --rounds 9
status=$?
lab-daemon stop || status=1
exit $status

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# in-disk.sh COMMAND [ARGUMENT...]: runs COMMAND in the system on the disk that `run --disk` has
# given the machine, with the devices, Xen's daemons, the guest and the commands of dom0.
set -euo pipefail
root=/mnt

mount /dev/vda $root
mount -t tmpfs -o mode=755 tmpfs $root/run
for folder in /proc /sys /dev /run/xen /run/xenstored /var/log/xen /opt/xm-guest /usr/local/bin; do
  mkdir -p $root$folder
  mount --rbind $folder $root$folder
done
exec chroot $root "$@"

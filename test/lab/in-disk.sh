#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# in-disk.sh COMMAND [ARGUMENT...]: runs COMMAND in the system on the disk that `run --disk` has
# given the machine, with the devices, Xen's daemons, the guest and the commands of dom0.
# in-disk.sh --boot: has that system's systemd boot it, until it powers itself off, and prints the
# lines of its /result, but for a last one, `status N`, with which it ends.
set -euo pipefail
root=/mnt

mount /dev/vda $root
mount -t tmpfs -o mode=755 tmpfs $root/run
mount -t cgroup2 cgroup2 /sys/fs/cgroup
for folder in /proc /sys /dev /run/xen /run/xenstored /var/log/xen /opt/xm-guest /usr/local/bin; do
  mkdir -p $root$folder
  mount --rbind $folder $root$folder
done
[[ $1 == --boot ]] || exec chroot $root "$@"

: >$root/result
# In a process namespace, where it is number 1, and with its root as the root of all mounts.
unshare --mount --pid --fork bash -c '
  mount -t proc proc "$0/proc" && mount -t xenfs xenfs "$0/proc/xen" && cd "$0" && mount --move . / && exec chroot . \
    bash -c "mount --make-rshared / && exec env -i container=lab /lib/systemd/systemd --log-target=console"' \
  $root </dev/null >/dev/console 2>&1 &
tail -n +1 -f --pid=$! $root/result | sed -u '/^status [0-9]*$/d'
status=$(sed -n 's/^status //p' $root/result)
exit "${status:-1}"

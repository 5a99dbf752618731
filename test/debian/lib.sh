# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What the scripts share that run in a fresh Debian; /packages has this version, /packages/next the next.
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
failed=0

is () { # NAME GOT EXPECTED
  if [[ $2 == "$3" ]]; then
    echo "ok   packages: $1"
  else
    echo "FAIL packages: $1: got ${2@Q}, expected ${3@Q}"
    failed=1
  fi
}

within () { # NAME SECONDS COMMAND...
  local name=$1 end=$((SECONDS + $2))
  shift 2
  until "$@"; do
    ((SECONDS < end)) || { is "$name" 'not within the time' ''; return; }
    sleep 0.1
  done
  is "$name" '' ''
}

apt () { apt-get -q -y --no-install-recommends -o Dpkg::Use-Pty=0 "$@" >/tmp/log 2>&1 || { cat /tmp/log; return 1; }; }

# What programs keep for themselves is not the packages'.
files () {
  find / -xdev \( -path /proc -o -path /dev -o -path /packages -o -path /tmp -o -path /run -o -path /var/cache \
    -o -path /var/log -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /etc/ld.so.cache \) -prune \
    -o -print | sort
}

# The bus has the service started by its helper, as on a host without systemd.
start_bus () {
  mkdir -p /run/dbus /run/lock
  rm -f /run/dbus/pid
  dbus-daemon --system --fork
}
stop_service () {
  local pid
  for pid in $(pidof xenmgr-xl); do
    kill "$pid"
    tail --pid="$pid" -f /dev/null
  done
}

# The packages go; of what has come since /tmp/before was written, what the VM has may stay.
purge () { # VM
  local uuid=${1#/vm/}
  apt purge xenmgr-xl xenmgr-xl-tools
  files >/tmp/after
  is 'gone' "$(dpkg-query -W -f '${Status}' xenmgr-xl 2>/dev/null)" ''
  is 'of which the VM stays' "$(ls /var/lib/xenmgr-xl/vms)" "${uuid//_/-}.db"
  is 'and nothing else' "$(comm -13 /tmp/before /tmp/after | grep -v '^/var/lib/xenmgr-xl\(/\|$\)')" ''
}

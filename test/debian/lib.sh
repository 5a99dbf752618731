# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What the scripts share that run in a fresh Debian; /packages has this version and the next.
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

apt () { apt-get -q -y --no-install-recommends -o Dpkg::Use-Pty=0 "$@" >/tmp/log 2>&1 || { cat /tmp/log; return 1; }; }

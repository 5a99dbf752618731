# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# For the tests of the patches: a private host with Debian's own xenstored and
# the xl under test, both on the stand-in for the hypervisor. The test prints TAP.
#
# STUBDOM_TREE is the patched and built source; STUBDOM_XL, when set, is another xl to test.
set -uo pipefail

# libxl's folders are compiled into it: a mount namespace makes them this host's own. In a process
# namespace nothing that libxl started outlives the test.
if [[ ! ${STUBDOM_NAMESPACE:-} ]]; then
  own=(--mount --pid --fork --kill-child --mount-proc)
  if ((EUID)); then own+=(--map-root-user); fi
  exec env STUBDOM_NAMESPACE=1 unshare "${own[@]}" bash "$0" "$@"
fi

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
top=$(readlink -f "$here/../..")
tests=0 failures=0

host=$(mktemp -d)
background=()
end () {
  local status=$? pid
  for pid in "${background[@]}"; do kill "$pid" 2>/dev/null; done
  for pid in "${background[@]}"; do wait "$pid" 2>/dev/null; done
  rm -rf "$host"
  exit "$status"
}
trap end EXIT

# What is left for plan: a test file that dies early does not pass.
plan () { echo "1..$tests"; ((failures == 0)); }

ok () { # DESCRIPTION COMMAND...
  local what=$1
  shift
  tests=$((tests + 1))
  if "$@"; then echo "ok $tests - $what"; else echo "not ok $tests - $what"; failures=$((failures + 1)); fi
}

is () { # DESCRIPTION GOT EXPECTED
  tests=$((tests + 1))
  if [[ $2 == "$3" ]]; then
    echo "ok $tests - $1"
  else
    echo "not ok $tests - $1"
    diff <(echo "$3") <(echo "$2") | sed 's/^/#   /'
    failures=$((failures + 1))
  fi
}

has () { [[ $2 == *"$1"* ]]; } # TEXT IN
lacks () { [[ $2 != *"$1"* ]]; }

wait_until () { # COMMAND...: at most 60 seconds
  local i
  for ((i = 0; i < 1200; i++)); do
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.05
  done
  echo "# waited in vain for: $*"
  return 1
}

lives () { # PID: it may wait for somebody to ask how it ended
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) && [[ ${stat##*) } != Z* ]]
}

hide_folders () {
  local folder
  for folder in /var/lib/xen /run /var/log/xen /etc/xen; do
    mount -t tmpfs none "$folder" || exit 1
  done
  mkdir -p /var/lib/xen/dump /run/xen /run/lock
  echo 'autoballoon="off"' >/etc/xen/xl.conf
}

make_host () { # starts xenstored
  local standin=$top/test/simhost/standin xenstored
  hide_folders
  gcc -D_GNU_SOURCE -shared -fPIC -O1 -Wall -Wextra -Werror -I "$top" -o "$host/hypervisor.so" \
    "$standin"/{files,hypercalls,events}.c "$here"/fake-{xc,nothing,record}.c -ldl || exit 1
  gcc -O1 -Wall -Wextra -Werror -o "$host/introduce" "$here/introduce.c" -lxenstore || exit 1
  export XENSTANDIN_DIR=$host XENSTORED_RUNDIR=$host/xs XENSTORED_ROOTDIR=$host/xs XENSTORED_PATH=$host/xs/socket
  mkdir -p "$host/xs"
  for xenstored in /usr/lib/xen-*/bin/xenstored; do :; done
  LD_PRELOAD=$host/hypervisor.so "$xenstored" -N -F "$host/xs/pid" >"$host/xenstored.log" 2>&1 &
  background+=($!)
  wait_until xenstore-exists / || exit 1
  xenstore-write /local/domain/0/domid 0 /local/domain/0/name Domain-0 /libxl/0/type pv /local/pool/0/name Pool-0
}

libraries=$(printf '%s:' "${STUBDOM_TREE:-/nonexistent}"/tools/libs/*/)
xl=${STUBDOM_XL:-${STUBDOM_TREE:-}/tools/xl/xl}

xl () {
  LD_LIBRARY_PATH=$libraries LD_PRELOAD=$host/hypervisor.so "$xl" "$@"
}

make_domain () { # DOMID UUID NAME [hvm ACPI-STATE [drivers]]: a running one, as the toolstack leaves it
  local domid=$1 uuid=$2 name=$3
  mkdir -p "$host"/{domains,uuid,hvm}
  echo "${uuid//-/}" >"$host/uuid/$domid"
  [[ ${4:-} ]] && echo "${5:-0} ${6:-}" >"$host/hvm/$domid"
  echo '0 0 0 0 0 1 0' >"$host/domains/$domid"
  [[ $name ]] && xenstore-write "/local/domain/$domid/name" "$name"
  xenstore-write "/local/domain/$domid/vm" "/vm/$uuid" "/vm/$uuid/uuid" "$uuid" \
    "/libxl/$domid/type" "${4:-pv}"
  "$host/introduce" "$domid" || exit 1
}

uuid=11111111-2222-3333-4444-555555555555

write_config () { # NAME [LINE...]: a PV guest's configuration, its path in $config
  config=$host/$1.cfg
  printf '%s\n' "name='$1'" "uuid='$uuid'" "type='pv'" "kernel='/bin/true'" "memory=64" "${@:2}" >"$config"
}

# An HVM guest with a Linux stubdomain, whose $proxy and device models are fake-device-model.
proxy=$here/fake-device-model
write_stubdom_config () { # NAME [LINE...]: its path in $config
  config=$host/$1.cfg
  printf '%s\n' "name='$1'" "uuid='$uuid'" "type='hvm'" "memory=64" "vnc=0" \
    "device_model_version='qemu-xen'" "device_model_override='$here/fake-device-model'" \
    "device_model_stubdomain_override=1" "stubdomain_kernel='/bin/true'" \
    "stubdomain_ramdisk='/bin/true'" "bios='seabios'" "bios_path_override='/bin/true'" \
    ${proxy:+"stubdomain_qmp_proxy='$proxy'"} "${@:2}" >"$config"
}

create () { # OPTION...: from $config; the ids are in $guest and $stub
  xl create -e "$@" "$config" 2>"$host/err" || { cat "$host/err"; return 1; }
  guest=$(xl domid one) stub=$(xl domid one-dm)
}
destroy () { xl destroy one 2>"$host/err"; }

refused () { # DESCRIPTION TEXT LINE...: creation of such a domain
  local what=$1 text=$2 out
  write_stubdom_config bad "${@:3}"
  out=$(xl create -e -p "$config" 2>&1)
  ok "$what: refused" test $? -ne 0
  ok "$what: and named" has "$text" "$out"
  is "$what: no domain is left" "$(ls "$host/domains")" ""
}

# The back ends of qdisks and vifs, as far as the toolstack waits for them.
serve_backends () {
  local node
  while sleep 0.1; do
    xenstore-ls -f /local/domain/0/backend 2>/dev/null |
      sed -n 's,^\(/local/domain/0/backend/[a-z]*/[0-9]*/[0-9]*/state\) = "\([15]\)".*,\1 \2,p' |
      while read -r node state; do
        case $state in
          1) xenstore-write "$node" 2 ;;
          5) xenstore-write "$node" 6 ;;
        esac
      done
  done
}

commands () { cat "$host/qmp-qmp-libxl-$1.log" 2>/dev/null; } # DOMID: the QMP commands it got
started_as () { tail -n 1 "$host/args-qmp-libxl-$1" 2>/dev/null; } # DOMID: with what arguments

written () { # the words written to the state node so far, in one line
  sed -n 's/^state //p' "$host/written" 2>/dev/null | tr '\n' ' ' | sed 's/ $//'
}
forget_written () { : >"$host/written"; }
last_written () { [[ $(written) == *"$1" ]]; }

# What a guest with PV drivers does when it is asked, until the test ends.
answer_control () { # DOMID REASON-OF-poweroff REASON-OF-reboot
  local domid=$1 asked
  while sleep 0.05; do
    asked=$(xenstore-read "/local/domain/$domid/control/shutdown" 2>/dev/null) || continue
    case $asked in
      poweroff) asked=$2 ;;
      reboot) asked=$3 ;;
      *) continue ;;
    esac
    xenstore-write "/local/domain/$domid/control/shutdown" ''
    end_domain "$domid" "$asked"
  done
}

end_domain () { # DOMID REASON: it has shut down
  echo "0 0 1 0 0 0 $2" >"$host/new" && mv "$host/new" "$host/domains/$1"
  printf x 1<>"$host/event" >&1
}

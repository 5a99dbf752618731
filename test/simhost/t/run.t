#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test/simhost/run itself: gives back the status, and leaves nothing behind,
# however it ends. Needs no host around it, only $XM_BUILD.
here=$(dirname "$(readlink -f "$0")")
run=$here/../run
export XM_TARGET=sim XM_GUEST_KERNEL=- XM_GUEST_RAMDISK=-
. "$here/../../regress/lib.sh"
export TMPDIR=$WORK/tmp
mkdir "$TMPDIR"

# Every process of a host has its folder in the environment.
left () { grep -lsz "^XM_SIM_DIR=$TMPDIR" /proc/[0-9]*/environ; }
nothing_left () { [[ -z $(left) && -z $(ls "$TMPDIR") ]]; }

"$run" true; is 'status of success' $? 0
"$run" bash -c 'exit 7'; is 'status of failure' $? 7 2>/dev/null
"$run" /nosuch 2>/dev/null; is 'a command that is not there' $? 127
"$run" bash -c 'kill -9 $$' 2>/dev/null; is 'a command that is killed' $? 137
is 'no process and no file is left' "$(left; ls "$TMPDIR")" ''
prints 'the command sees the bus' com.citrix.xenclient.xenmgr \
  "$run" bash -c 'busctl --system list --acquired --no-legend | grep -o "com.citrix.xenclient.xenmgr"'
like 'a private one' "$("$run" bash -c 'echo $DBUS_SYSTEM_BUS_ADDRESS')" "^unix:path=$TMPDIR/simhost"
prints 'and its standard input' hello bash -c "echo hello | '$run' cat"
prints 'the folder is private' 700 "$run" bash -c 'stat -c %a "$XM_SIM_DIR"'

export -f left
like 'while it runs, its processes are seen' "$("$run" bash -c 'left | wc -l')" '^([4-9]|[0-9]{2,})$'

# --- guests, monitors and a hanging xl outlive nothing ---
busy='
  printf "name=\"g%s\"\ntype=\"pv\"\nmemory=64\nkernel=\"%s\"\n" $1 "$XM_GUEST_KERNEL" >"$XM_SIM_DIR/g.cfg"
  xl create -q "$XM_SIM_DIR/g.cfg"; xl pause g$1
  xl-sim fault list hang; setsid xl list </dev/null >/dev/null 2>&1 &
  touch "$2"; [[ $3 ]] && sleep 60; true'
"$run" bash -c "$busy" - 1 "$WORK/up1" '' 2>/dev/null
is 'a paused guest, its monitor and a hanging xl' "$(left; ls "$TMPDIR")" ''
n=1
for signal in TERM INT HUP; do
  ((++n))
  # bash lets a background command ignore SIGINT: undone here
  perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' "$run" bash -c "$busy" - $n "$WORK/up$n" stay 2>/dev/null &
  pid=$!
  within "a busy host before SIG$signal" 20 test -e "$WORK/up$n"
  kill -$signal $pid
  wait $pid; status=$?
  like "SIG$signal ends it ($status)" "$((status > 0))" 1
  within "SIG$signal: nothing is left" 20 nothing_left
done

# --- the daemon's control ---
{ "$run" bash -c '
  . "'"$here"'/../../regress/lib.sh"
  one=$(simhost-daemon pid)
  succeeds "restart" simhost-daemon restart
  two=$(simhost-daemon pid)
  unlike "another process" "$two" "^$one\$"
  succeeds "it serves" xec list-vms
  succeeds "kill" simhost-daemon kill
  fails "no process" . bash -c "simhost-daemon pid || { echo none; exit 1; }"
  fails "it serves no more" . xec list-vms
  succeeds "start" simhost-daemon start
  succeeds "it serves again" xec list-vms
  succeeds "stop" simhost-daemon stop
  ((failures == 0))'; } >"$WORK/inner"
is 'the daemon can be restarted, killed, started and stopped' $? 0 || diag "$(<"$WORK/inner")"
"$run" bash -c 'printf "[nosuch]\nkey=1\n" >"$XM_SIM_DIR/xenmgr-xl.conf"; simhost-daemon restart' >/dev/null 2>&1
is 'a daemon that does not start is an error' $? 1
is 'and leaves nothing behind' "$(left; ls "$TMPDIR")" ''

done_testing

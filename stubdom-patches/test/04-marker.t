#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# vchan-socket-proxy: the reconnect marker, stale sockets, signals.
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
make_host
make_domain 7 $uuid stub
gcc -D_GNU_SOURCE -shared -fPIC -Wall -Wextra -Werror -I "$top" -o "$host/vchan.so" "$here/fake-vchan.c" || exit 1
proxy=${STUBDOM_PROXY:-$STUBDOM_TREE/tools/vchan/vchan-socket-proxy}

start () { # ARGUMENT...: a proxy, its id in $pid
  LD_LIBRARY_PATH=$libraries LD_PRELOAD=$host/vchan.so:$host/hypervisor.so "$proxy" "$@" 2>>"$host/log" &
  pid=$!
  background+=("$pid")
}
# Both ends and a server behind them that greets, like a device model's monitor.
start_both () { # OPTION...
  rm -f "$host"/to-{server,client} "$host/device-model" "$host/qmp"
  "$here/qmp-echo" server "$host/device-model" & server=$!
  background+=("$server")
  wait_until test -S "$host/device-model"
  start --mode=server "$@" 0 /vchan "$host/device-model"; inner=$pid
  start --state-path=/proxy-state "$@" 7 /vchan "$host/qmp"; outer=$pid
  wait_until test -S "$host/qmp"
}
stop_both () { kill "$inner" "$outer" "$server"; wait "$inner" "$outer" "$server" 2>/dev/null; }

start_both
is "without a marker the first connection is greeted" "$("$here/qmp-echo" client "$host/qmp" 1)" $'hello 1\nyou said line 0'
_=$(EXPECT_SILENCE=1 "$here/qmp-echo" client "$host/qmp" 1 2>/dev/null); status=$?
ok "and the second one is not: the fault" test $status -ne 0
stop_both

start_both --reconnect-marker=1
is "the proxy is ready" "$(xenstore-read /proxy-state)" running
expected=$(for ((i = 0; i < 20; i++)); do echo "hello $((i + 1))"; echo "you said line $i"; done)
is "with one, twenty connections in a row are" "$("$here/qmp-echo" client "$host/qmp" 20)" "$expected"
kill -HUP "$outer"
wait "$outer" 2>/dev/null
is "SIGHUP ends it" $? $((128 + 1))
ok "and removes its socket" test ! -e "$host/qmp"

start --reconnect-marker=1 7 /vchan "$host/qmp"
wait_until test -S "$host/qmp"
kill -KILL "$pid"; wait "$pid" 2>/dev/null
ok "killed, it leaves the socket" test -S "$host/qmp"
start --reconnect-marker=1 7 /vchan "$host/qmp"; outer=$pid
is "which the next one replaces" "$(wait_until "$here/qmp-echo" client "$host/qmp" 0 && "$here/qmp-echo" client "$host/qmp" 1)" \
  $'hello 21\nyou said line 0'
start 7 /vchan "$host/qmp"
wait "$pid"
ok "the socket of a living one is not taken" test $? -ne 0
ok "and still works" has "you said" "$("$here/qmp-echo" client "$host/qmp" 1)"

for bad in 0 256 x 1x ''; do
  LD_LIBRARY_PATH=$libraries "$proxy" --reconnect-marker="$bad" 7 /vchan "$host/none" 2>"$host/err"
  is "--reconnect-marker='$bad' is refused" $? 1
done
plan

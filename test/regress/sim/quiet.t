#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Reads start no process; starting and stopping takes few.
. "$(dirname "$0")/../lib.sh"
sim_only

# a minute between refreshes: what counts here are the events
cat >"$XM_SIM_DIR/xenmgr-xl.conf" <<CONF
[limits]
refresh-interval=60
CONF
daemon restart

new_guest quiet
xec-vm -n quiet start
settled () { local n; n=$(xl-sim calls); sleep 0.5; [[ $(xl-sim calls) == "$n" ]]; }
within 'the host comes to rest' "$LIMIT" settled
xl-sim forget
for ((i = 0; i < 10; i++)); do
  xec-vm >/dev/null
  xec -o "$VM" getall >/dev/null
  xec list-domids >/dev/null
done
prints 'reads of a running VM start no xl' 0 xl-sim calls

xl-sim forget
xec-vm -n quiet pause
xec-vm -n quiet unpause
calls=$(xl-sim calls)
like "pause and unpause take few calls ($calls)" "$((calls <= 6))" 1

xl-sim forget
xec-vm -n quiet shutdown
xec-vm -n quiet start
within 'the host comes to rest' "$LIMIT" settled
like "shutdown and start take few calls of xl list ($(xl-sim calls list))" "$(($(xl-sim calls list) <= 16))" 1
is 'one create' "$(xl-sim log create)" "$(xl-sim log create | head -n 1)"
like 'detached and paused' "$(xl-sim log create)" '^xl create -e -p |^xl create -p -e '
is 'one shutdown' "$(xl-sim calls shutdown)" 1
is 'one destroy' "$(xl-sim calls destroy)" 1
xec-vm -n quiet destroy

rm "$XM_SIM_DIR/xenmgr-xl.conf"
daemon restart

done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# OpenXT's xl, which watches a domain that an admin has made, waits for SIGUSR1 before it makes it
# again. A script plays that xl.
. "$(dirname "$0")/../lib.sh"
sim_only

watch_signals
new_guest gated
guest_config gated "$U" >"$WORK/gated.cfg"
state=/state/$U/state

# Makes the domain with the options in $2, ends it, and waits as the patched xl does.
cat >"$WORK/xl" <<'XL'
#!/bin/bash
# called as: xl create OPTION FILE, with the node and the real xl in the environment
make () {
  "$REAL_XL" create -q -e -p "$3" >/dev/null
  xenstore-write "$NODE" created
  [[ $2 == -p ]] || { "$REAL_XL" unpause gated; xenstore-write "$NODE" running; }
}
again () { echo again >>"$LOG"; make "$@"; exec sleep 600; }
trap 'again "$@"' USR1
xenstore-write "$NODE" rebooting
"$REAL_XL" destroy gated
xenstore-write "$NODE" shutdown
xenstore-write "$NODE" rebooted
while :; do sleep 0.1; done
XL
chmod +x "$WORK/xl"
REAL_XL=$(command -v xl) NODE=$state LOG=$WORK/log
export REAL_XL NODE LOG

xl create -q -e "$WORK/gated.cfg"
state_becomes 'an admin has made it' "$U" running

for option in -p -q; do
  before=$(xec-vm -n gated get domid)
  forget_signals; : >"$LOG"
  setsid "$WORK/xl" create "$option" "$WORK/gated.cfg" </dev/null >/dev/null 2>&1 &
  watcher=$!
  another () { local now; now=$(xec-vm -n gated get domid); [[ $now != "$before" && $now != -1 ]]; }
  within "$option: another domain comes" "$LIMIT" another
  state_becomes "$option: and runs" "$U" running
  unlike "$option: in Xen, too" "$(xl_state gated)" p
  is "$option: xl was told once" "$(<"$LOG")" again
  kill "$watcher"; wait "$watcher" 2>/dev/null
done

# --- a `rebooted` that nobody waits after ---
xl destroy gated
state_becomes 'it ends' "$U" stopped
xenstore-write "$state" rebooted
new_vm later # whoever answers this has seen the node
U=${made[0]}
prints 'nothing comes of it' stopped xec-vm -u "$U" get state

# --- the service comes while xl waits ---
daemon stop
: >"$LOG"
xl create -q -e "$WORK/gated.cfg"
setsid "$WORK/xl" create -p "$WORK/gated.cfg" </dev/null >/dev/null 2>&1 &
watcher=$!
waits () { [[ $(xenstore-read "$state") == rebooted ]]; }
within 'xl waits' "$LIMIT" waits
daemon start
state_becomes 'it goes on' "$U" running
is 'once' "$(<"$LOG")" again
kill "$watcher"; wait "$watcher" 2>/dev/null
succeeds 'destroy' xec-vm -n gated destroy

done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The queue of test scripts, policies as words, extension packs and what guests
# ask for.
. "$(dirname "$0")/lib.sh"
TESTING="xec -o / -i $IFACE.testing"
db () { xec -s com.citrix.xenclient.db -o / "$@"; }

# --- the queue: first in, first out ---
for script in one 'two words' three; do
  succeeds "queue $script" $TESTING script-queue "$script"
done
prints 'the first' one $TESTING script-dequeue
prints 'the second' 'two words' $TESTING script_dequeue
prints 'the third' three $TESTING script-dequeue

# --- waiting ---
# waiter NAME: a client that waits for a script; its answer comes into $WORK/NAME
waiter () {
  busctl --system --timeout=600 call $IFACE / $IFACE.testing script_dequeue >"$WORK/$1" 2>&1 &
  watchers+=($!)
}
# Whether N more clients than before are on the bus: what they wait for, nobody is told.
clients () { busctl --system list --unique --no-legend | wc -l; }
before=$(clients)
asked () { (($(clients) >= before + $1)); }
waiter first
first=$!
within 'a client waits' "$LIMIT" asked 1
waiter second
within 'and another' "$LIMIT" asked 2
succeeds 'others are served meanwhile' xec list-vms
is 'nothing has come' "$(cat "$WORK/first" "$WORK/second")" ''
kill $first
wait $first 2>/dev/null
succeeds 'queue a script' $TESTING script-queue kept
within 'the one that has stayed gets it' "$LIMIT" grep -q '^s "kept"$' "$WORK/second"
is 'the other has had nothing' "$(<"$WORK/first")" ''
succeeds 'queue another' $TESTING script-queue next
prints 'it is still there' next $TESTING script-dequeue

# --- policies as words ---
new_vm policy-words
policy () { xec -o / -i com.citrix.xenclient.policy "$@"; }
watch_signals
prints 'nothing is blocked' '' policy retrieve "$U"
succeeds 'enforce' policy enforce "$U" 'block-modify-vm-settings;block-cd-rec;no-such-word'
prints 'retrieve, in its own order' 'block-cd-rec;block-modify-vm-settings' policy retrieve "$U"
signal_comes 'vm_config_changed' vm_config_changed "$U"
prints 'the property follows' false xec-vm -u "$U" get policy-cd-recording
prints 'the others are true' true db read "/vm/$U/policies/audio-access"
fails 'the VM cannot be changed' "^$FAILED: 202:" xec -o "$VM" set name other
succeeds 'enforce nothing' policy enforce "$U" ''
prints 'all is allowed again' '' policy retrieve "$U"
succeeds 'the VM can be changed' xec -o "$VM" set name other
prints 'of no VM' '' policy retrieve nosuch
fails 'of no VM: enforce' "^$FAILED: no vm with uuid nosuch\$" policy enforce nosuch block-cd-rec
prints 'leaves nothing' false db exists /vm/nosuch

# --- extension packs ---
had=$(db exists /extpack)
if [[ $had == false ]]; then
  prints 'no extension packs' '' xec list-extension-packs
  db inject /extpack '{"0":{"id":"x1","name":"Extra","vendor":"V","version":"2","description":"d","image":"i"}}'
  succeeds 'one extension pack' xec list-extension-packs
  like 'with its keys' "$out" '"vendor" += "?V'
  db rm /extpack
fi

# --- guests ---
# On a bus that does not know domains, everybody is in dom0.
busctl --system monitor --json=short --match "type='signal',interface='$IFACE.guestreq'" \
  >"$WORK/requests" 2>"$WORK/requests.err" </dev/null &
watchers+=($!)
within 'requests are listened to' "$LIMIT" grep -q Monitoring "$WORK/requests.err"
succeeds 'request-attention from dom0' xec -o / -i $IFACE.guestreq request-attention
busctl --system emit / $IFACE.guestreq regress_mark
within 'what is told is heard' "$LIMIT" grep -q regress_mark "$WORK/requests"
unlike 'nobody asks for attention' "$(<"$WORK/requests")" requested_attention

done_testing

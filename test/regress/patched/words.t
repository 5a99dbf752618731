#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The words that xl writes to /state/UUID/state in a domain's life: the table of
# stubdom-patches/README.md. The domain is unknown to the service.
. "$(dirname "$0")/../lib.sh"

uuid=$(</proc/sys/kernel/random/uuid)
node=/state/$uuid n=1000
guest_config talker "$uuid" >"$WORK/cfg"
place_for_saves

# What xenstored logs of it; each number of a change counts once, for a transaction may be tried again.
tail --pid=$$ -n 0 -F /var/log/xen/xenstored-access.log 2>/dev/null |
  awk -W interactive -v node="$node" '
    $3 != "write" { next }
    $4 == node "/seq" { number = $5 }
    $4 == node "/state" && number != last { last = number; print $5; fflush () }' >"$WORK/words" &
is_heard () { xenstore-write "$node/seq" $((++n)) "$node/state" ready; [[ -s $WORK/words ]]; }
within 'what is written is seen' "$LIMIT" is_heard
xenstore-rm "$node"

told=0
words () { grep -vx ready "$WORK/words" | tail -n "+$((told + 1))" | paste -sd ' '; }

# writes NAME WORDS: exactly these since the last time
writes () {
  local end=$((SECONDS + LIMIT))
  until (($(words | wc -w) >= $(wc -w <<<"$2"))) || ((SECONDS > end)); do sleep "$POLL"; done
  is "$1" "$(words)" "$2"
  told=$(grep -vcx ready "$WORK/words")
}

# watcher: the process that `xl create -p` left behind
watcher () { pgrep -f "bin/xl create -q -p $WORK/cfg"; }

# --- with a process of xl that watches it ---
succeeds 'create -p' xl create -q -p "$WORK/cfg"
writes 'create -p' 'creating-devices created'
prints 'the node holds the last one' created xenstore-read "$node/state"
xl unpause talker
writes 'unpause' running
guest_up talker
xl pause talker
writes 'pause' paused
xl unpause talker
writes 'unpause' running
succeeds 'reboot' xl reboot talker
writes 'reboot' 'rebooting rebooting shutdown rebooted'
fails 'until the signal there is no domain' '' xl domid talker
succeeds 'the signal' kill -USR1 "$(watcher)"
writes 'the signal' 'creating-devices created'
xl unpause talker
writes 'unpause' running
guest_up talker
xl reboot talker
writes 'reboot' 'rebooting rebooting shutdown rebooted'
writes 'without a signal it goes on, too' 'creating-devices created'
xl unpause talker
writes 'unpause' running
guest_up talker
guest_do talker poweroff
writes 'the guest powers off' 'shutdowning shutdown'

# --- save and restore ---
succeeds 'create' xl create -q "$WORK/cfg"
writes 'create' 'creating-devices created running'
guest_up talker
succeeds 'save -c' xl save -c talker "$SAVES/image"
writes 'save -c' 'suspending suspended running'
succeeds 'save' xl save talker "$SAVES/image"
writes 'save' 'suspending suspended shutdown'
succeeds 'restore' xl restore "$SAVES/image"
writes 'restore' 'restoring creating-devices created running'
succeeds 'shutdown' xl shutdown -w talker
writes 'shutdown' 'shutdowning shutdowning shutdown'

# --- nobody watches ---
succeeds 'create -e' xl create -q -e "$WORK/cfg"
writes 'create -e' 'creating-devices created running'
succeeds 'destroy' xl destroy talker
writes 'destroy' shutdown
sed -i 's|^ramdisk = .*|ramdisk = "/none"|' "$WORK/cfg"
xl create -q -e "$WORK/cfg" 2>/dev/null
is 'a ramdisk that is not there' $? 3
writes 'the domain that was begun is given up' 'creating-devices shutdown'

done_testing

#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Programs that accompany a stubdomain, and the gate before them.
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
make_host

# Each helper notes its arguments and the stubdomain's disks, then does what its name says.
helper () { # NAME LINE...
  local name=$1
  shift
  {
    echo '#!/bin/bash'
    echo 'unset LD_PRELOAD LD_LIBRARY_PATH'
    echo "disks=\$(xenstore-list /local/domain/\${@: -1}/device/vbd 2>/dev/null)"
    echo "echo $name \"\$@\" \$disks >>$host/helpers"
    printf '%s\n' "$@"
    echo 'while :; do sleep 0.1; done'
  } >"$host/$name"
  chmod +x "$host/$name"
}
helper quiet
helper ready 'sleep 0.3' 'xenstore-write "${1#--state-path=}" running'
helper dying 'exit 3'
helper stubborn 'trap "" TERM' 'xenstore-write "${1#--state-path=}" running'
helpers () { cat "$host/helpers" 2>/dev/null; }
forget () { rm -f "$host/helpers"; }
pid_of () { xenstore-read "/local/domain/$stub/image/helper-$1-pid"; }

write_stubdom_config one "stubdomain_helpers=['$host/quiet','ready=30:$host/ready','ready:$host/stubborn']" \
  "stubdomain_gate='argo/ready'" "disk=['format=raw,backendtype=qdisk,vdev=xvda,access=rw,target=/bin/true']"
serve_backends & background+=($!)

out=$(create -p 2>&1)
ok "a gate that nobody opens ends it" has "nobody opened the gate /local/domain/" "$out"
is "no domain is left" "$(ls "$host/domains")" ""
is "and no helper was started" "$(helpers)" ""

open_gate () {
  local domid
  while sleep 0.1; do
    for domid in "$host"/domains/*; do
      domid=${domid##*/}
      xenstore-exists "/local/domain/$domid/image/device-model-domid" || continue
      echo "gate of $domid" >>"$host/helpers"
      xenstore-write "/local/domain/$domid/argo/ready" 1
      return
    done
  done
}
open_gate & background+=($!)
create -p
state=/local/domain/0/device-model/$stub
is "behind it they are started in turn, before there is a disk" "$(helpers | grep -v '^quiet')" "gate of $guest
ready --state-path=$state/helper-1-state $guest $stub
stubborn --state-path=$state/helper-2-state $guest $stub"
is "beside one that need not say that it is ready" "$(helpers | grep '^quiet')" "quiet $guest $stub"
ok "which then comes" xenstore-exists "/local/domain/$stub/device/vbd/51712"
pids="$(pid_of 0) $(pid_of 1) $(pid_of 2)"
living () { local pid; for pid in $pids; do lives "$pid" && echo "$pid"; done; }
is "they run" "$(living | wc -l)" 3
destroy
is "and have ended when the domain is destroyed" "$(living)" ""
ok "which leaves no states" bash -c "! xenstore-exists $state"

forget
write_stubdom_config one "stubdomain_helpers=['$host/quiet','ready:$host/dying','$host/quiet']"
out=$(create -p 2>&1)
ok "one that dies before it is ready ends it" has "stubdomain helper $host/dying" "$out"
is "those after it are not started" "$(helpers | cut -d ' ' -f 1 | sort)" $'dying\nquiet'
wait_until bash -c "! pgrep -f '^/bin/bash $host/quiet'"
ok "and those before it are stopped" test $? -eq 0
is "no domain is left" "$(ls "$host/domains")" ""

forget
write_stubdom_config one "stubdomain_helpers=['ready=1:$host/quiet']"
out=$(create -p 2>&1)
ok "nor is one that is not ready in time waited for" has "$host/quiet" "$out"
wait_until bash -c "! pgrep -f '^/bin/bash $host/quiet'"
ok "it is stopped" test $? -eq 0

forget
write_stubdom_config one
create -p
is "without the keys there are none" "$(helpers)" ""
destroy

refused "a helper without a path" '"helper" is not an absolute path' "stubdomain_helpers=['helper']"
refused "one that is not there" '/nowhere is not executable' "stubdomain_helpers=['/nowhere']"
refused "a time that is none" 'does not begin with ready=SECONDS' "stubdomain_helpers=['ready=1s:/bin/true']"
refused "too long a one" '(1 to 600)' "stubdomain_helpers=['ready=601:/bin/true']"
refused "a gate elsewhere" '"/tool/x" is not the path' "stubdomain_gate='/tool/x'"
refused "an empty one" '"a//b" is not the path' "stubdomain_gate='a//b'"
plan

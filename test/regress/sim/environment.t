#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A bus without systemd starts the service with an empty environment.
. "$(dirname "$0")/../lib.sh"
sim_only

# paths_of NAME WRAPPER PATH: what xl is given as PATH by a service that is started so. Each service
# has an xl of its own: one that ends may still run its last.
services=0
paths_of () {
  local tool=$WORK/xl-$((++services))
  printf '#!/bin/sh\n/usr/bin/printenv PATH >>%q\nexec %q "$@"\n' "$tool.paths" "$(command -v xl)" >"$tool"
  chmod +x "$tool"
  XM_DAEMON_WRAPPER=$2 XM_DAEMON_OPTIONS="--xl $tool" daemon restart
  within "$1: xl has run" "$LIMIT" test -s "$tool.paths"
  is "$1" "$(sort -u "$tool.paths")" "$3"
}

paths_of 'without a PATH, xl has the one of an admin' 'env -u PATH' \
  /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
paths_of 'else it stays as it is' '' "$PATH"

done_testing

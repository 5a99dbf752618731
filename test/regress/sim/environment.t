#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A bus without systemd starts the service with an empty environment.
. "$(dirname "$0")/../lib.sh"
sim_only

cat >"$WORK/xl" <<TOOL
#!/bin/sh
/usr/bin/printenv PATH >>"$WORK/paths"
exec $(command -v xl) "\$@"
TOOL
chmod +x "$WORK/xl"

# paths_of NAME WRAPPER PATH: what xl is given as PATH by a service that is started so
paths_of () {
  rm -f "$WORK/paths"
  XM_DAEMON_WRAPPER=$2 XM_DAEMON_OPTIONS="--xl $WORK/xl" daemon restart
  is "$1" "$(sort -u "$WORK/paths")" "$3"
}

paths_of 'without a PATH, xl has the one of an admin' 'env -u PATH' \
  /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
paths_of 'else it stays as it is' '' "$PATH"

done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# xec --host and xec-vm --host: the service of another host, by a real sshd of the test's own.
. "$(dirname "$0")/../lib.sh"
sim_only

# --- a host to go to: this one ---
mkdir -m 700 "$WORK/ssh"
ssh-keygen -q -t ed25519 -N '' -f "$WORK/ssh/host"
ssh-keygen -q -t ed25519 -N '' -f "$WORK/ssh/user"

# The simulated host's bus is not where the bridge looks for it.
cat >"$WORK/ssh/bridge" <<BRIDGE
#!/bin/bash
[[ \$SSH_ORIGINAL_COMMAND == systemd-stdio-bridge ]] || exit 3
exec systemd-stdio-bridge --bus-path='$DBUS_SYSTEM_BUS_ADDRESS'
BRIDGE
chmod 700 "$WORK/ssh/bridge"

# A port is free until somebody takes it: then the next is tried.
serve () {
  port=$((20000 + RANDOM % 40000))
  cat >"$WORK/ssh/sshd_config" <<CONFIG
ListenAddress 127.0.0.1:$port
HostKey $WORK/ssh/host
AuthorizedKeysFile $WORK/ssh/user.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
ForceCommand $WORK/ssh/bridge
CONFIG
  # sshd wants an empty folder below /run that only its unit makes
  unshare --mount bash -c 'mount -t tmpfs none /run && mkdir -m 755 /run/sshd &&
    exec /usr/sbin/sshd -D -e -f "$1"' sshd "$WORK/ssh/sshd_config" 2>"$WORK/ssh/log" &
  sshd=$!
  watchers+=("$sshd")
  until grep -q 'Server listening' "$WORK/ssh/log"; do
    kill -0 $sshd 2>/dev/null || return 1
    sleep 0.02
  done
}
for _ in 1 2 3 4 5 6 7 8; do serve && break; done
like 'sshd listens' "$(<"$WORK/ssh/log")" "Server listening on 127.0.0.1 port $port"

# The program that xec starts is ssh itself, with the keys of the test
mkdir "$WORK/bin"
printf '[127.0.0.1]:%s %s\n' "$port" "$(cut -d' ' -f1,2 "$WORK/ssh/host.pub")" >"$WORK/ssh/known"
cat >"$WORK/bin/ssh" <<SSH
#!/bin/bash
exec /usr/bin/ssh -F none -i '$WORK/ssh/user' -o UserKnownHostsFile='$WORK/ssh/known' \
  -o BatchMode=yes -o IdentitiesOnly=yes "\$@"
SSH
chmod 755 "$WORK/bin/ssh"
PATH=$WORK/bin:$PATH
me=$(id -un)
far=$me@127.0.0.1:$port

# --- the same from there as from here ---
new_vm far
away () { env -u DBUS_SYSTEM_BUS_ADDRESS "$@"; }
prints 'list-vms' "$(xec list-vms)" away xec --host "$far" list-vms
prints 'a property of the host' "$(xec -o /host get total-mem)" away xec --host "$far" -o /host get total-mem
prints 'xec-vm lists the VMs' "$(xec-vm)" away xec-vm --host "$far"
succeeds 'a property is set' away xec-vm --host "$far" -n far set description 'from afar'
prints 'and is' 'from afar' xec-vm -n far get description
prints 'without a user' "$(xec list-vms)" away xec --host "127.0.0.1:$port" list-vms
fails 'an error of the service' '^org.freedesktop.DBus.Error.Failed: ' away xec-vm --host "$far" -n far set os plan9
fails 'a VM that is not there' "vm 'nosuch' not found" away xec-vm --host "$far" -n nosuch start
if away busctl --host "$far" --no-pager list >"$WORK/list" 2>&1; then
  like 'busctl --host sees the service there, too' "$(<"$WORK/list")" "$IFACE"
fi

# --- what does not work ---
fails 'nobody listens' "cannot connect to the system bus of $me@127.0.0.1:1: " xec --host "$me@127.0.0.1:1" list-vms
for wrong in '' -oProxyCommand=false "$me@" @host host: host:22x; do
  fails "${wrong@Q} is no host" 'is not \[USER@\]HOST\[:PORT\]' xec --host "$wrong" list-vms
done
kill $sshd
wait $sshd
fails 'a host that has gone' "cannot connect to the system bus of $far: " xec --host "$far" list-vms

done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# qmp-helper over vchan between dom0 and a real guest, with real grants and event channels:
# both of its ends, each end against Xen's vchan-socket-proxy, QEMU in the guest, libxl's own
# QMP client in dom0. Then the two side by side: throughput, latency, processor, memory.
#
# QMP_MIB, QMP_ROUNDS, QMP_CONNECTIONS: how much. QMP_STRICT: 1 makes a ratio that misses its
# target a failure.
set -uo pipefail

mib=${QMP_MIB:-4} rounds=${QMP_ROUNDS:-200} connections=${QMP_CONNECTIONS:-20}
work=$(mktemp -d) helper=''
proxy=/usr/lib/xen-4.17/bin/vchan-socket-proxy far=/usr/libexec/qmp-helper
trap 'kill $helper 2>/dev/null; xl destroy far 2>/dev/null' EXIT
fail () {
  echo "not ok: $*"
  tail -n 20 "$work"/*.log
  tail -n 20 /var/log/xen/console/guest-far.log
  exit 1
}
within () { # WHAT COMMAND...: until it succeeds
  local i what=$1
  shift
  for ((i = 0; i < 600; i++)); do "$@" 2>/dev/null && return; sleep 0.1; done
  fail "$what"
}

# --- a guest with QEMU, both kinds of end, and what they are measured with ---
root=$work/root
mkdir -p "$root"/{bin,sbin,dev,proc,sys,tmp,run,modules}
busybox=$(command -v busybox)
programs=("$far" "$proxy" /usr/libexec/xen-qemu-system-i386 "$(command -v qmp-far)")
cp "$busybox" "$root/bin/busybox"
cp "${programs[@]}" "$root/bin/"
ldd "${programs[@]}" | grep -o '/[^ ]*\.so[^ ]*' | sort -u | while read -r library; do
  mkdir -p "$root${library%/*}"
  cp -L "$library" "$root$library"
done
for module in xen-privcmd xen-evtchn xen-gntdev xen-gntalloc; do
  path=$(grep "/$module\.ko" /opt/modules) || fail "no module $module"
  cp "$path" "$root/modules/"
done
cat >"$root/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t devtmpfs dev /dev
exec </dev/console >/dev/console 2>&1
mount -t proc proc /proc
mount -t sysfs sys /sys
for module in xen-privcmd xen-evtchn xen-gntdev xen-gntalloc; do insmod "/modules/$module.ko"; done
xen-qemu-system-i386 -M none -accel qtest -nodefaults -display none \
  -qmp unix:/run/marker,server=on,wait=off -qmp unix:/run/plain,server=on,wait=off \
  -qmp unix:/run/stock,server=on,wait=off &
qmp-far serve /run/far &
for socket in marker plain stock far; do until [ -S "/run/$socket" ]; do sleep 0.2; done; done
serve="qmp-helper --mode=server"
$serve --reconnect-marker=1 0 data/marker /run/marker &
$serve 0 data/plain /run/plain &
vchan-socket-proxy --mode=server 0 data/stock /run/stock &
$serve --reconnect-marker=1 0 data/far-helper /run/far &
vchan-socket-proxy --mode=server 0 data/far-proxy /run/far &
$serve 0 data/far-mixed /run/far &
sleep 1
echo "far end up"
while :; do sleep 3600; done
INIT
chmod 755 "$root/init"
(cd "$root" && find . -mindepth 1 | busybox cpio -o -H newc) >"$work/initrd" 2>/dev/null ||
  fail "the guest's initramfs"
rm -rf "$root"
cat >"$work/far.cfg" <<CFG
name = "far"
type = "pv"
memory = 384
kernel = "/opt/xm-guest/vmlinux"
ramdisk = "$work/initrd"
extra = "console=hvc0 quiet rdinit=/init"
CFG
xl create -q -e "$work/far.cfg" || fail "xl create"
rm "$work/initrd"
domid=$(xl domid far)
socket=/var/run/xen/qmp-libxl-$domid home=/local/domain/$domid/data
up () { grep -q 'far end up' /var/log/xen/console/guest-far.log; }
within "the guest is not up" up
echo "ok: the guest is up after $SECONDS s"

start () { # NODE SOCKET OPTION...: the end in dom0, as libxl starts it
  local node=$1 socket=$2
  shift 2
  xenstore-rm "/local/domain/0/device-model/$domid/qmp-proxy-state" 2>/dev/null
  /usr/libexec/qmp-helper "--state-path=/local/domain/0/device-model/$domid/qmp-proxy-state" \
    "$@" --stats "$domid" "$home/$node" "$socket" 2>"$work/helper.log" &
  helper=$!
  is_running () {
    [[ $(xenstore-read "/local/domain/0/device-model/$domid/qmp-proxy-state") == running ]]
  }
  within "the state is not running" is_running
}
end () {
  kill -HUP $helper
  wait $helper || fail "status $? at the end"
  helper=''
  [[ ! -e $socket ]] || fail "the socket is left"
}

# --- real QEMU, libxl's client, each kind of session ---
for kind in marker plain stock; do
  for mux in '' --mux; do
    options=()
    [[ $mux ]] && options+=("$mux")
    [[ $kind == marker ]] && options+=(--reconnect-marker=1)
    start $kind "$socket" "${options[@]}"
    qmp-far connect "$socket" "$connections" >"$work/time" || fail "$kind $mux: connections"
    xl qemu-monitor-command far 'info version' >"$work/version" || fail "$kind $mux: libxl"
    grep -q '^7\.' "$work/version" || fail "$kind $mux: libxl got '$(<"$work/version")'"
    xl qemu-monitor-command far help >"$work/help" || fail "$kind $mux: a long answer"
    (($(wc -c <"$work/help") > 4096)) || fail "$kind $mux: the long answer is short"
    grep -q Seccomp:.2 /proc/$helper/status || fail "$kind $mux: no sandbox"
    end
    echo "ok: $kind $mux: a connection takes $(<"$work/time") us"
  done
done

# --- side by side with Xen's proxy ---
row () { # NAME PID
  read -r there back latency cpu resident < <(qmp-far measure "$work/s" "$2" "$mib" "$rounds") ||
    fail "$1: not measured"
  printf '%-36s %7s MiB/s there %7s back %9s us %8s ns/B %6s KiB\n' "$1" "$there" "$back" \
    "$latency" "$cpu" "$resident"
}
pair () { # NODE NAME OPTION...: our end in dom0
  local node=$1 name=$2
  shift 2
  start "$node" "$work/s" "$@"
  row "$name" $helper
  ((resident < 4096)) || fail "resident memory of $resident KiB"
  kill -HUP $helper
  wait $helper || fail "status $? at the end"
}
$proxy --state-path=/local/domain/0/device-model/"$domid"/stock-state "$domid" "$home/far-proxy" \
  "$work/s" 2>"$work/proxy.log" &
helper=$!
within "the proxy's socket" test -S "$work/s"
row "vchan-socket-proxy, both ends" $helper
theirs="$there $back $latency $cpu"
kill $helper
wait $helper 2>/dev/null
rm -f "$work/s"
pair far-proxy "qmp-helper to vchan-socket-proxy"
pair far-helper "qmp-helper, both ends" --reconnect-marker=1
awk -v theirs="$theirs" -v ours="$there $back $latency $cpu" -v strict="${QMP_STRICT:-0}" 'BEGIN {
  split (theirs, a); split (ours, b)
  printf "against vchan-socket-proxy: throughput there x%.2f back x%.2f (>= 1), latency x%.2f (<= 1), CPU x%.2f (<= 1)\n",
    b[1] / a[1], b[2] / a[2], b[3] / a[3], (a[4] > 0 ? b[4] / a[4] : 1)
  exit strict && (b[1] < a[1] || b[2] < a[2] || b[3] > a[3] || b[4] > a[4])
}' || fail "slower than vchan-socket-proxy"
pair far-mixed "the same, a vchan for each session"

# --- the end of the domain ---
start marker "$socket" --reconnect-marker=1
qmp-far connect "$socket" 1 >/dev/null || fail "the last connection"
xl destroy far
over () { ! kill -0 $helper; }
within "the helper outlives the domain" over
wait $helper || fail "status $? when the domain is gone"
[[ ! -e $socket ]] || fail "the socket outlives the domain"
echo "ok: it ends with its domain"

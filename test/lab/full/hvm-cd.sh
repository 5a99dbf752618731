#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# An HVM guest with Linux in it: its CD is changed and taken out by the service, ejected
# by the guest, changed by xl; it sleeps (S3) and is woken. The discs are files with one
# word at the beginning, which the guest obeys: `eject` and `sleep`.
set -uo pipefail

fail () {
  echo "not ok: $*"
  lab-daemon log | tail -n 40
  tail -n 30 /var/log/xen/console/guest-cd.log
  tail -n 20 /var/log/xen/qemu-dm-cd.log
  xl list -v
  exit 1
}
expect () { # WANTED GOT WHAT
  [[ $1 == "$2" ]] || fail "$3 is '$2' instead of '$1'"
  echo "ok: $3 is '$1'"
}
becomes () { # WHAT COMMAND...: in time, for a machine that has much else to do
  local what=$1 start=$SECONDS; shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < start + 400)) || fail "not: $what"
    sleep 1
  done
  echo "ok: $what ($((SECONDS - start)) s)"
}
property_is () { [[ $(xec-vm -n cd get "$1") == "$2" ]]; }
disc_is () { [[ $(grep 'guest disc: ' /var/log/xen/console/guest-cd.log | tail -n 1) == *": $1"* ]]; }
# set_cd NAME: now and then xl fails (seen once, with a guest that reads the disc all the time and
# so keeps the tray locked); then it is tried again, as a user would
set_cd () {
  local try message
  for try in {1..20}; do
    message=$(xec-vm -n cd set cd "$1" 2>&1) && return
    echo "set cd ${1@Q}, attempt $try: $message"
    [[ $message == *'"Error changing cd."' ]] || break
    sleep 1
  done
  xl cd-eject cd hdc
  fail "set cd ${1@Q}"
}
says () { grep -q -- "$1" /var/log/xen/console/guest-cd.log; }

# --- the guest ---
root=$(mktemp -d)
mkdir -p "$root"/{modules,lib64,usr/bin}
while read -r path; do cp "/opt/xm-guest/hvm$path" "$root/modules/"; done </opt/xm-guest/hvm-modules
sed 's|.*/||' /opt/xm-guest/hvm-modules >"$root/modules/order"
cp /usr/bin/eject "$root/usr/bin/"
ldd /usr/bin/eject | grep -o '/[^ ]*' | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
cp "$(command -v busybox)" "$root/busybox"
cat >"$root/init" <<'INIT'
#!/busybox sh
/busybox mkdir -p /dev /proc /sys
/busybox mount -t devtmpfs dev /dev
exec </dev/console >/dev/console 2>&1
/busybox mount -t proc proc /proc
/busybox mount -t sysfs sys /sys
while read -r module; do /busybox insmod "/modules/$module"; done </modules/order
before=
echo "guest up"
while :; do
  disc=$(/busybox dd if=/dev/sr0 bs=2048 count=1 2>/dev/null | { read -r word; echo "$word"; })
  if [ "$disc" != "$before" ]; then
    before=$disc
    echo "guest disc: ${disc:-none}"
    case $disc in
      eject) /usr/bin/eject /dev/sr0; echo "guest ejected: $?" ;;
      sleep) echo deep >/sys/power/mem_sleep; echo mem >/sys/power/state; echo "guest woken: $?" ;;
    esac
  fi
  /busybox sleep 2
done
INIT
chmod 755 "$root/init"
(cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null) >/run/hvm-initrd || fail "no initrd"
rm -rf "$root"

mkdir /run/isos
for disc in one two eject sleep null; do
  { [[ $disc == null ]] || echo "$disc"; head -c 65536 /dev/zero; } | head -c 65536 >"/run/isos/$disc.iso"
done

lab-daemon start || fail "the service does not start"
busctl --system call com.citrix.xenclient.db / com.citrix.xenclient.db write ss /xenmgr/isos /run/isos >/dev/null
path=$(xec create-vm-with-template new-vm-hvm) || fail "create-vm-with-template: $path"
xec -o "$path" set name cd
xec-vm -n cd set memory 256
xec-vm -n cd set extra-xenvm \
  "kernel='/opt/xm-guest/vmlinuz';ramdisk='/run/hvm-initrd';cmdline='console=hvc0 quiet mitigations=off nokaslr random.trust_cpu=1 tsc=reliable'"
drive=$(xec -o "$path" add-disk)
for setting in 'virt-path hdc' 'devtype cdrom' 'phys-type file' 'mode r'; do
  # shellcheck disable=SC2086 # two words
  xec -i com.citrix.xenclient.vmdisk -o "$drive" set $setting || fail "set $setting"
done
set_cd one.iso
xec-vm -n cd start || fail "start"
uuid=$(xec-vm -n cd get uuid)
domid=$(xec-vm -n cd get domid)
expect running "$(xec-vm -n cd get state)" "state after start"
becomes "the service's monitor is there" test -S "/run/xenmgr-xl/$uuid.qmp"

# --- discs ---
becomes "the guest is up" says 'guest up'
becomes "it sees the disc" disc_is one
set_cd two.iso
becomes "it sees the other disc" disc_is two
sleep 2 # the tray moved for xl: nothing may come of it
expect two.iso "$(xec-vm -n cd get cd)" "cd"
set_cd ''
becomes "it sees that there is none" disc_is none
expect '' "$(xec-vm -n cd get cd)" "cd"
set_cd eject.iso
becomes "the guest ejects the disc" says 'guest ejected: 0'
becomes "the service knows" property_is cd ''
set_cd one.iso
becomes "the next disc is there" disc_is one
expect one.iso "$(xec-vm -n cd get cd)" "cd"

# --- S3 ---
expect 0 "$(xec-vm -n cd get acpi-state)" "acpi-state"
set_cd sleep.iso
becomes "the guest sleeps" property_is acpi-state 3
expect running "$(xec-vm -n cd get state)" "state"
lab-daemon restart || fail "the service does not start again"
becomes "it sleeps still" property_is acpi-state 3
xec-vm -n cd resume || fail "resume"
expect 0 "$(xec-vm -n cd get acpi-state)" "acpi-state after resume"
becomes "the guest is awake" says 'guest woken: 0'
expect "$domid" "$(xec-vm -n cd get domid)" "domid"

xec-vm -n cd destroy || fail "destroy"
expect stopped "$(xec-vm -n cd get state)" "state after destroy"
[[ ! -e /run/xenmgr-xl/$uuid.qmp ]] || fail "the monitor's socket is still there"
xec-vm -n cd delete || fail "delete"
lab-daemon stop || fail "the service does not stop"

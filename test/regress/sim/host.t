#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The object /host of a host whose files are made here, of one whose disk is
# nearly full, and of one whose xl hangs.
. "$(dirname "$0")/../lib.sh"
sim_only

host=$WORK/host
file () { mkdir -p "$(dirname "$host/$1")"; printf '%s\n' "$2" >"$host/$1"; } # PATH TEXT

file sys/class/dmi/id/sys_vendor 'LENOVO'
file sys/class/dmi/id/product_name '20ARS19C0C'
file sys/class/dmi/id/product_serial 'PC01ABCD'
file sys/class/dmi/id/bios_version 'GJET79WW (2.29 )'
file sys/class/dmi/id/chassis_type 10
file proc/cpuinfo $'processor\t: 0\nmodel name\t: Intel(R) Core(TM) i5-4300U CPU @ 1.90GHz'
file proc/cmdline 'placeholder root=/dev/mapper/xenclient-root safe-graphics'
file proc/asound/cards ' 1 [PCH            ]: HDA-Intel - HDA Intel PCH'
file proc/asound/pcm $'01-00: ALC3232 Analog : ALC3232 Analog : playback 1 : capture 1\n01-03: HDMI 0 : HDMI 0 : playback 1'
file etc/xenclient.conf $'version = 9.0.1\nbuild = 4711\nbuild_branch = master\nrelease = stable'
file sys/class/net/eno1/address 54:ee:75:00:00:01
file sys/class/net/eno1/type 1
file sys/class/net/eno1/device/vendor 0x8086
file sys/class/net/wlp3s0/address 54:ee:75:00:00:02
file sys/class/net/wlp3s0/phy80211/name phy0
file sys/block/sda/device/type 0
file sys/block/sr0/device/type 5
file storage/isos/null.iso ''
file storage/isos/debian.iso ''
file usr/lib/xui/plugins/tabs/one.js ''

pci () { # ADDRESS CLASS VENDOR DEVICE
  file "sys/devices/pci0000:00/$1/class" "$2"
  file "sys/devices/pci0000:00/$1/vendor" "$3"
  file "sys/devices/pci0000:00/$1/device" "$4"
  mkdir -p "$host/sys/bus/pci/devices"
  ln -s "../../../devices/pci0000:00/$1" "$host/sys/bus/pci/devices/$1"
}
pci 0000:00:02.0 0x030000 0x8086 0x0412
file sys/devices/pci0000:00/0000:00:02.0/boot_vga 1
pci 0000:00:16.0 0x078000 0x8086 0x8c3a
pci 0000:00:19.0 0x020000 0x8086 0x1521
mkdir -p "$host/sys/class/drm"
ln -s ../../devices/pci0000:00/0000:00:02.0/drm/card1 "$host/sys/class/drm/card1"

usb=sys/devices/pci0000:00/0000:00:14.0/usb2/2-1
file $usb/busnum 2
file $usb/devnum 5
drive=$usb/2-1:1.0/host12/target12:0:0/12:0:0:0
file $drive/type 5
file $drive/vendor TSSTcorp
file $drive/model 'CDDVDW SE-208DB '
mkdir -p "$host/sys/bus/scsi/devices"
ln -s "../../../../$drive" "$host/sys/bus/scsi/devices/12:0:0:0"

cat >"$WORK/amixer" <<'AMIXER'
#!/bin/bash
echo "$*" >>"${0%/*}/amixer.calls"
case $4 in
  scontents | sget)
    cat <<TEXT
Simple mixer control 'Master',0
  Capabilities: pvolume pvolume-joined pswitch pswitch-joined
  Playback channels: Mono
  Limits: Playback 0 - 64
  Mono: Playback 51 [80%] [-13.00dB] [on]
TEXT
    ;;
esac
AMIXER
chmod +x "$WORK/amixer"

cat >"$XM_SIM_DIR/xenmgr-xl.conf" <<CONF
[paths]
host-root=$host
amixer=$WORK/amixer
[timeouts]
query=1
[limits]
storage-interval=1
storage-low-percent=100
CONF
daemon restart

# listing LIST: its rows as `key=value`, one dictionary a line
listing () { xec -o /host "$@" | sed -n 's/^  "\([a-z-]*\)" *= */\1=/p; s/^}$/|/p' | paste -sd ' ' | sed 's/ *| */\n/g'; }

# --- properties ---
declare -A expected=(
  [vendor]=LENOVO [model]=20ARS19C0C [serial]=PC01ABCD [bios-revision]='GJET79WW (2.29 )'
  [laptop]=true [safe-graphics]=true [amt-capable]=true [measured-boot-enabled]=false
  [physical-cpu-model]='Intel(R) Core(TM) i5-4300U CPU @ 1.90GHz'
  [eth0-mac]=54:ee:75:00:00:01 [eth0-model]='Intel Corporation I350 Gigabit Network Connection'
  [wireless-mac]=54:ee:75:00:00:02 [wireless-model]='' [playback-pcm]=00-00
)
for property in "${!expected[@]}"; do
  prints "$property" "${expected[$property]}" xec -o /host get "$property"
done
like 'physical-gpu-model' "$(xec -o /host get physical-gpu-model)" '^Intel Corporation .*Graphics'
like 'build-info' "$(xec -o /host get build-info)" '"build" += 4711.*"version" += 9.0.1'

# --- lists ---
is 'list-isos' "$(xec -o /host list-isos)" debian.iso
is 'list-ui-plugins' "$(xec -o /host list-ui-plugins tabs)" one.js
is 'list-disk-devices' "$(listing list-disk-devices | grep -o '^block-device=[^ ]*' | paste -sd ' ')" \
  'block-device=/dev/sda block-device=/dev/sr0'
like 'list-pci-devices' "$(listing list-pci-devices)" \
  'addr=0000:00:16.0 class=0x780 device-id=0x8C3A name=Intel .* vendor-id=0x8086'
like 'list-gpu-devices' "$(listing list-gpu-devices)" '^addr=0000:00:02.0 name=Intel .* placement=0'
prints 'get-displayhandler-gpu' 1 xec -o /host get-displayhandler-gpu
like 'list-gpus-for-displayhandler' "$(listing list-gpus-for-displayhandler)" '^addr=0000:00:02.0 drmcard=1 '
is 'list-playback-devices' "$(listing list-playback-devices)" \
  $'card=1 id=01-00 name=ALC3232 Analog\ncard=1 id=01-03 name=HDMI 0'
is 'list-capture-devices' "$(listing list-capture-devices)" 'card=1 id=01-00 name=ALC3232 Analog'
is 'list-sound-cards' "$(listing list-sound-cards)" 'id=1 name=HDA-Intel - HDA Intel PCH'

# --- drives: scripts take seven lines each ---
new_vm hostcd
is 'list-cd-devices' "$(listing list-cd-devices)" \
  'id=12:0:0:0 name=TSSTcorp CDDVDW SE-208DB usb-id=517 vm= vm-sticky=0'
is 'seven lines for a drive' "$(xec -o /host list-cd-devices | wc -l)" 7
like 'the second is its id' "$(xec -o /host list-cd-devices | sed -n 2p)" '"id" += 12:0:0:0'
xec -o /host assign-cd-device 12:0:0:0 1 "$U"
is 'that of a VM' "$(listing list-cd-devices)" \
  "id=12:0:0:0 name=TSSTcorp CDDVDW SE-208DB usb-id=517 vm=$U vm-sticky=1"
succeeds 'a drive without a block device is not ejected' xec -o /host eject-cd-device 12:0:0:0
file $drive/block/sr0/dev 11:0
fails 'one that is none does not open' "^$FAILED: 223:IO error: .*/dev/sr0: eject: " \
  xec -o /host eject-cd-device 12:0:0:0

# --- the mixer ---
is 'list-sound-card-controls' "$(listing list-sound-card-controls 1)" \
  'direction=P name=Master type=VS value=80% on'
prints 'get-sound-card-control' '80% on' xec -o /host get-sound-card-control 1 Master
succeeds 'set-sound-card-control' xec -o /host set-sound-card-control 1 Master '63% off'
is 'the words of its program' "$(tail -n 1 "$WORK/amixer.calls")" '-c 1 -- sset Master 63% off'

# --- signals ---
busctl --system monitor --json=short --match "type='signal',path='/host'" >"$WORK/of-host" 2>/dev/null &
watchers+=($!)
heard () { grep -q "\"member\":\"$1\"" "$WORK/of-host"; }
within 'storage_space_low, again and again' "$LIMIT" heard storage_space_low
like 'with what is free' "$(grep -m 1 storage_space_low "$WORK/of-host")" '"data":\[[0-9]+\]'
succeeds 'set-displayhandler-gpu' xec -o /host set-displayhandler-gpu 0000:00:02.0
within 'displayhandler_gpu_changed' "$LIMIT" heard displayhandler_gpu_changed
is 'a card in use is for no VM' "$(listing list-gpu-devices)" ''
xec -o /host set-license '2030-12-31 23:59:59 +0100' device hash
within 'license_changed' "$LIMIT" heard license_changed

# --- an xl that hangs, or cannot tell ---
prints 'before' "$(xl info | sed -n 's/^total_memory *: *//p')" xec -o /host get total-mem
xl-sim fault info hang
daemon restart
prints 'memory is zero when xl does not tell' 0 xec -o /host get total-mem
succeeds 'and all else is there' xec -o /host getall
like 'such as the vendor' "$out" '"vendor" += LENOVO'
xl-sim fault info off
knows () { [[ $(xec -o /host get total-mem) != 0 ]]; }
within 'until it does' "$LIMIT" knows

rm "$XM_SIM_DIR/xenmgr-xl.conf"
xec -o /host set-displayhandler-gpu ''
daemon restart

done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The simulated xl does and prints what was recorded on real Xen: the recorded
# sessions are played again, and each command's output, errors and status held
# against test/fixtures/xl. Run by `SIMHOST_NO_DAEMON=1 test/simhost/run`.
export SIMHOST_MEMORY_MIB=3071 SIMHOST_ACK_TIMEOUT=1
. "$(dirname "$0")/../../regress/lib.sh"
fixtures=$(readlink -f "$(dirname "$0")/../../fixtures/xl")

R=$XM_SIM_DIR
mkdir -p "$R/root" "$R/save" "$R/guest"
touch "$R/guest/vmlinux" "$R/guest/domu.cpio" "$R/guest/vmlinuz" "$R/root/disk.img" "$R/dev-loop0"

# config FILE NAME UUID [LINE...]: as the recorded sessions had them
config () {
  local file=$R/root/$1 name=$2 uuid=$3; shift 3
  printf '%s\n' "name=\"$name\"" "memory=128" "vcpus=1" "kernel=\"$R/guest/vmlinux\"" \
    "ramdisk=\"$R/guest/domu.cpio\"" 'extra="console=hvc0 loglevel=5 mitigations=off"' 'type="pv"' \
    ${uuid:+"uuid=\"$uuid\""} "$@" >"$file"
}

# Times, process ids and what a guest's processors do at the moment differ from run to run.
normalise () {
  sed -E -e "s#$R##g" -e 's/ +[0-9]+\.[0-9]( |$)/ TIME\1/' -e 's/ (r-----|-b----|------) / -b---- /' \
    -e 's/ (r--|-b-) / -b- /' -e 's/\[(pid )?[0-9]+\]/[PID]/' -e 's/ +[0-9]+ +(-b-|---) /  CPU \1 /' \
    -e 's/(new xl fmt info|new xl format \(info) 0x3\/0x0\/[0-9]+/\1 0x3\/0x0\/N/' \
    -e 's/mfn 0x[0-9a-f]+/mfn N/' -e '/xc: progress: Frames/d' \
    -e 's/^(g[0-9]+|Domain-0)( +[0-9]+ +)[0-9]:[0-9:]+$/\1\2UPTIME/' -e 's/  0:[0-9:]+$/ UPTIME/'
}

# same GROUP/NAME COMMAND...
same () {
  local fixture=$fixtures/$1 status; shift
  "$@" >"$WORK/out" 2>"$WORK/err"; status=$?
  is "${fixture#"$fixtures"/}: output" "$(normalise <"$WORK/out"; echo .)" "$(normalise <"$fixture.out"; echo .)"
  is "${fixture#"$fixtures"/}: errors" "$(normalise <"$WORK/err")" "$(normalise <"$fixture.err")"
  is "${fixture#"$fixtures"/}: status" "$status" "$(<"$fixture.rc")"
}

# --- a host without guests ---
G1=11111111-2222-3333-4444-555555555501
config g1.cfg g1 $G1
config g1b.cfg g1b $G1
config g2.cfg g2 11111111-2222-3333-4444-555555555502
config g3.cfg g3 11111111-2222-3333-4444-555555555503 vcpus=2
while read -r fixture words; do
  read -ra argv <<<"$words"
  same "pv1/$fixture" xl "${argv[@]}"
done <<TABLE
xl-list-dom0only list
xl-list-v-dom0 list -v
xl-list-l-dom0only list -l
xl-list-l-0 list -l 0
xl-list-l-Domain-0 list -l Domain-0
xl-list-Z list -Z
xl-list-c list -c
xl-list-n list -n
xl-vcpu-list-dom0only vcpu-list
xl-uptime-dom0only uptime
xl-domid-Domain-0 domid Domain-0
xl-domid-nonexistent domid nosuch
xl-domid-number domid 0
xl-domid-noarg domid
xl-domname-0 domname 0
xl-domname-name domname Domain-0
xl-domname-nonexistent domname 77
xl-domname-noarg domname
xl-help help
xl-noargs
xl-bogus frobnicate
help-create help create
help-list help list
help-shutdown help shutdown
help-trigger help trigger
help-bogus help bogus
help-acpi-state help acpi-state
openxt-acpi-state acpi-state 0
openxt-hibernate hibernate 0
openxt-uuid-to-domid uuid-to-domid 0
usage-badopt list --frob
usage-create create
usage-destroy destroy
usage-pause pause
usage-save save
usage-shutdown shutdown
usage-trigger trigger
usage-trigger1 trigger 0
usage-extra destroy a b c
dom0-pause-refused destroy 0
f-list -f list
t-list -t list
nx-block-attach block-attach nosuch phy:/dev/loop0,xvdb,w
nx-block-detach block-detach nosuch xvdb
nx-block-list block-list nosuch
nx-button-press button-press nosuch power
nx-cd-insert cd-insert nosuch hdc /root/x.iso
nx-config-update config-update nosuch /root/x.cfg
nx-destroy destroy nosuch
nx-destroy-id destroy 77
nx-list list nosuch
nx-list-id list 77
nx-list-l list -l nosuch
nx-list-l-id list -l 77
nx-mem-max mem-max nosuch 64
nx-mem-set mem-set nosuch 64
nx-network-attach network-attach nosuch
nx-network-detach network-detach nosuch 0
nx-network-list network-list nosuch
nx-pause pause nosuch
nx-pause-id pause 77
nx-reboot reboot nosuch
nx-rename rename nosuch new
nx-restore restore /root/nofile.save
nx-save save nosuch /root/x.save
nx-shutdown shutdown nosuch
nx-shutdown-id shutdown 77
nx-sysrq sysrq nosuch s
nx-trigger trigger nosuch power
nx-unpause unpause nosuch
nx-uptime uptime nosuch
nx-vcpu-list vcpu-list nosuch
nx-vcpu-set vcpu-set nosuch 1
TABLE
for key in nr_cpus total_memory xen_version xen_caps free_memory; do
  like "xl info: $key" "$(xl info)" $'\n'"$key +: "
done
keys () { sed 's/ *:.*//' "$1"; }
xl info >"$WORK/info"
is 'xl info: the keys, in order' "$(keys "$WORK/info")" "$(keys "$fixtures/pv1/xl-info.out")"

# --- configurations that are refused; some use up a domid ---
echo 'name="x' >"$R/root/bad.cfg"
config badtype.cfg x '' 'type="frob"'
config baduuid.cfg x not-a-uuid
config unk.cfg x '' 'disk=["bogus spec"]'
config dmv.cfg x '' 'device_model_version="frob"'
config badpower.cfg x '' 'on_poweroff="frob"'
grep -v '^name' "$R/root/g1.cfg" >"$R/root/noname.cfg"
config nokernel.cfg nokernel '' 'kernel="/nope/vmlinuz"'
config noramdisk.cfg noramdisk '' 'ramdisk="/nope/initrd"'
config big.cfg big '' memory=9999
same pv1/create-nofile xl create "$R/root/nofile.cfg"
same pv1/create-noname xl create "$R/root/noname.cfg"
same pv1/create-bad-type xl create "$R/root/badtype.cfg"
same pv1/create-bad-uuid xl create "$R/root/baduuid.cfg"
same pv1/create-bad-disk xl create "$R/root/unk.cfg"
same pv1/create-bad-dmversion xl create "$R/root/dmv.cfg"
same pv1/create-bad-on-poweroff xl create "$R/root/badpower.cfg"
same pv1/create-missing-kernel xl create "$R/root/nokernel.cfg"
same pv1/list-after-missing-kernel xl list
same pv1/create-missing-ramdisk xl create "$R/root/noramdisk.cfg"
same pv1/create-too-much-memory xl create "$R/root/big.cfg"
same pv1/create-n xl create -n "$R/root/g1.cfg"
same pv1/N-create-n xl -N create -n "$R/root/g1.cfg"
same pv1/create-d-n xl create -d -n "$R/root/g1.cfg"

# --- guests; the recorded session had used up 4 and 5 with failures of other kinds ---
echo 6 >"$SIMHOST_DIR/next-domid"
same pv1/create-g1-paused xl create -p "$R/root/g1.cfg"
same pv1/list-g1-paused xl list
same pv1/list-v-g1 xl list -v
same pv1/list-l-g1-paused xl list -l
same pv1/list-l-one-g1 xl list -l g1
same pv1/domid-g1 xl domid g1
same pv1/domname-g1 xl domname 6
same pv1/create-g1-again xl create "$R/root/g1.cfg"
same pv1/create-same-uuid xl create -p "$R/root/g1b.cfg"
same pv1/list-after-same-uuid xl list -v
same pv1/destroy-g1b xl destroy g1b
same pv1/uptime-g1-running xl uptime g1
same pv1/unpause-g1 xl unpause g1
same pv1/list-g1-just-unpaused xl list
same pv1/list-l-g1-blocked xl list -l 6
same pv1/vcpu-list-g1 xl vcpu-list g1
same pv1/unpause-g1-again xl unpause g1
same pv1/pause-g1 xl pause g1
same pv1/list-g1-paused2 xl list g1
same pv1/pause-g1-again xl pause g1
same pv1/unpause-g1-2 xl unpause 6
same pv1/list-g1-after-1-unpause-of-2-pauses xl list g1
same pv1/unpause-g1-3 xl unpause 6
same pv1/list-g1-after-2-unpauses xl list g1
echo 'on_poweroff="preserve"' >>"$R/root/g2.cfg"
same pv1/create-g2 xl create "$R/root/g2.cfg"
xl-sim guest g2 poweroff
same pv1/list-id-g2-shutdown xl list g2
same pv1/create-g3 xl create "$R/root/g3.cfg"
same pv1/list-3guests xl list
same pv1/list-v-3 xl list -v
same pv1/shutdown-shutdown-dom xl shutdown g2
same pv1/pause-shutdown-dom xl pause g2
like 'a paused domain that has shut down' "$(xl_state g2)" '^--ps--$'
same pv1/unpause-shutdown-dom xl unpause g2
same pv1/uptime-3 xl uptime
same pv1/destroy-g2 xl destroy g2
same pv1/destroy-g2-again xl destroy g2
same pv1/list-after-destroy xl list
xl destroy g1; xl destroy g3
same pv1/xl-list-dom0only xl list

# --- the second session: life cycle, memory, processors, devices ---
echo 1 >"$SIMHOST_DIR/next-domid"
config g1.cfg g1 $G1 vcpus=2 maxmem=256
config gc.cfg gc fe4e83ed-1a46-4e0f-b151-a90207e04ef8 'on_crash="preserve"'
config gs.cfg gs 1f8bcb22-30ef-4028-ba53-cec7fb49a88e
same pv2/create-g1 xl create "$R/root/g1.cfg"
same pv2/rename xl rename g1 g1new
same pv2/rename-clash xl rename g1new Domain-0
same pv2/rename-back xl rename g1new g1
same pv2/mem-set-up xl mem-set g1 192
same pv2/list-after-mem-set-up xl list g1
same pv2/mem-set-down xl mem-set g1 128
same pv2/list-after-mem-set-down xl list g1
same pv2/mem-set-garbage xl mem-set g1 abc
same pv2/mem-set-over xl mem-set g1 9999
same pv2/mem-set-suffix xl mem-set g1 160m
same pv2/mem-max-low xl mem-max g1 1
same pv2/mem-max xl mem-max g1 256
same pv2/vcpu-set-1 xl vcpu-set g1 1
same pv2/vcpu-set-3-of-2 xl vcpu-set g1 3
same pv2/vcpu-set-i-0 xl vcpu-set g1 0
same pv2/trigger-pv-nmi xl trigger g1 nmi
same pv2/trigger-pv-power xl trigger g1 power
same pv2/trigger-pv-reset xl trigger g1 reset
same pv2/trigger-pv-init xl trigger g1 init
same pv2/trigger-pv-sleep xl trigger g1 sleep
same pv2/trigger-pv-s3resume xl trigger g1 s3resume
same pv2/trigger-pv-bogus xl trigger g1 bogus
same pv2/button-power-pv xl button-press g1 power
same pv2/sysrq-pv xl sysrq g1 s
same pv2/sysrq-noarg xl sysrq g1
same pv2/list-after-triggers xl list
same pv2/vcpu-set-2 xl vcpu-set g1 2
same pv2/network-list-empty xl network-list g1
same pv2/network-attach-badkey xl network-attach g1 frob=1
same pv2/network-attach-badmac xl network-attach g1 mac=zz
same pv2/network-detach-99 xl network-detach g1 99
same pv2/network-detach-mac-nonexist xl network-detach g1 00:16:3e:aa:aa:aa
same pv2/block-list-empty xl block-list g1
same pv2/block-attach-nofile xl block-attach g1 format=raw,vdev=xvdc,access=rw,target=/root/none.img
same pv2/cd-insert-pv xl cd-insert g1 hdc "$R/root/disk.img"
same pv2/cd-eject-pv xl cd-eject g1 hdc
same pv2/config-update-nofile xl config-update g1 "$R/root/none.cfg"
same pv2/shutdown-g1 xl shutdown g1
gone () { ! xl list "$1" >/dev/null 2>&1; }
within 'its monitor cleans up' 10 gone g1
same pv2/list-after-shutdown xl list
same pv2/create-g1-2 xl create -e "$R/root/g1.cfg" # else its monitor might destroy it first
same pv2/shutdown-w-g1 xl shutdown -w g1
xl destroy g1
same pv2/list-after-shutdown-w xl list
export SIMHOST_REBOOT_DELAY_MS=100
same pv2/create-g1-3 xl create "$R/root/g1.cfg"
same pv2/domid-before-reboot xl domid g1
same pv2/reboot-g1 xl reboot g1
rebooted () { [[ $(xl domid g1 2>/dev/null) == 4 ]]; }
within 'its monitor starts it again' 10 rebooted
same pv2/domid-after-reboot xl domid g1
xl mem-set g1 160
same pv2/list-after-reboot xl list -v
same pv2/save-baddir xl save g1 /nope/x.save
same pv2/save xl save g1 "$R/root/g1.save"
same pv2/list-after-save xl list
same pv2/restore-garbage xl restore "$R/root/g1.cfg"
same pv2/restore xl restore "$R/root/g1.save"
same pv2/domid-after-restore xl domid g1
xl pause g1
same pv2/shutdown-paused xl shutdown g1
like 'it is still paused' "$(xl_state g1)" '^--p---$'
xl unpause g1
within 'the pending request is carried out' 10 gone g1

# --- reasons, without a monitor ---
xl-sim policy gc crash-after 50
echo 7 >"$SIMHOST_DIR/next-domid"
same pv2/create-gc xl create "$R/root/gc.cfg"
crashed () { [[ $(xl_state gc) == ---sc- ]]; }
within 'it crashes and is preserved' 10 crashed
same pv2/list-crashed-preserve xl list -v
same pv2/list-l-crashed bash -c 'xl list -l gc | sed "s/mitigations=off/& selfcrash/"'
same pv2/destroy-gc xl destroy gc
xl-sim policy gs poweroff-after 50
echo 9 >"$SIMHOST_DIR/next-domid"
same pv2/create-e-gs xl create -e "$R/root/gs.cfg"
off () { [[ $(xl_state gs) == ---s-- ]]; }
within 'it powers off and remains' 10 off
same pv2/list-gs-e-after-poweroff xl list -v
same pv2/destroy-gs xl destroy gs
same pv2/create-F xl create -F "$R/root/gs.cfg"
same pv2/list-final xl list

# --- the third session: disks, NICs, saving without an end ---
echo 1 >"$SIMHOST_DIR/next-domid"
config g1.cfg g1 $G1 "disk=['phy:$R/dev-loop0,xvda,w']" "vif=['mac=00:16:3e:00:00:0a,bridge=xenbr0']"
devices () { normalise | sed 's#/dev-loop0#/dev/loop0#'; }
same pv3/create-g1-disk-vif xl create "$R/root/g1.cfg"
is 'pv3/list-l-g1-disk-vif' "$(xl list -l g1 | devices)" "$(<"$fixtures/pv3/list-l-g1-disk-vif.out")"
columns () { awk '{ print $1, $2, $4, $NF }'; } # event channels and rings vary
is 'pv3/block-list' "$(xl block-list g1 | columns)" "$(columns <"$fixtures/pv3/block-list.out")"
same pv3/network-list xl network-list g1
same pv3/network-attach xl network-attach g1 mac=00:16:3e:00:00:01 bridge=xenbr0
is 'pv3/network-list-2' "$(xl network-list g1 | awk '{ print $1, $3, $8 }')" \
  "$(awk '{ print $1, $3, $8 }' "$fixtures/pv3/network-list-2.out")"
same pv3/network-attach-dup-mac xl network-attach g1 mac=00:16:3e:00:00:01 bridge=xenbr0
same pv3/network-detach-devid xl network-detach g1 1
same pv3/network-detach-again xl network-detach g1 1
same pv3/network-detach-mac xl network-detach g1 00:16:3e:00:00:01
same pv3/network-list-4 xl network-list g1
same pv3/network-attach-N xl -N network-attach g1 mac=00:16:3e:00:00:02 bridge=xenbr0
same pv3/block-attach-file xl block-attach g1 "format=raw,vdev=xvdb,access=rw,target=$R/root/disk.img"
is 'pv3/block-list-2' "$(xl block-list g1 | columns)" "$(columns <"$fixtures/pv3/block-list-2.out")"
same pv3/block-detach xl block-detach g1 xvdb
same pv3/block-attach-N xl -N block-attach g1 phy:/dev/loop0,xvdd,r
xl destroy g1
echo 2 >"$SIMHOST_DIR/next-domid"
config g1.cfg g1 $G1
xl create -q "$R/root/g1.cfg"
same pv3/save-c xl save -c g1 "$R/save/g1.save2"
same pv3/list-after-save-c bash -c 'xl list -v | sed "s/^\(Domain-0 .*\)  768 /\1 1536 /"'
same pv3/save-p xl save -p g1 "$R/save/g1.save3"
like 'it is paused' "$(xl_state g1)" '^--p---$'
same pv3/restore-clash xl restore "$R/save/g1.save3"
same pv3/unpause-after-save-p xl unpause g1
same pv3/shutdown-after-save-c-p xl shutdown g1
down () { [[ $(xl_state g1) == ---s-- ]]; }
within 'no monitor is left for it' 10 down
xl destroy g1
echo 4 >"$SIMHOST_DIR/next-domid"
same pv3/restore-p xl restore -p "$R/save/g1.save3"
same pv3/restore-e-clash xl restore -e "$R/save/g1.save3"
xl destroy g1
same pv3/save-paused-setup xl restore -p "$R/save/g1.save3"
same pv3/save-paused xl save g1 "$R/save/g1.save4"
xl destroy g1
head -c -100 "$R/save/g1.save3" >"$R/save/trunc"
same pv3/restore-truncated xl restore "$R/save/trunc"

# --- creates at once, and killed midway ---
echo 2 >"$SIMHOST_DIR/next-domid"
config a.cfg a ''
config b.cfg b ''
xl create -q -p "$R/root/a.cfg" & one=$!
within 'the first has begun' 10 bash -c '[[ $(<"$SIMHOST_DIR/next-domid") == 3 ]]'
xl create -q -p "$R/root/b.cfg"; wait $one
same kill-and-parallel/list-after-parallel-create xl list
xl destroy a; xl destroy b
config g1.cfg g1 ''
echo 6 >"$SIMHOST_DIR/next-domid"
xl-sim fault create hang 1
xl create -q -p "$R/root/g1.cfg" & one=$!
named () { [[ $(xl domid g1 2>/dev/null) == 6 ]]; }
within 'a create hangs midway' 10 named
kill -TERM $one; wait $one 2>/dev/null
same kill-and-parallel/list-after-kill-TERM-0.25 xl list
same kill-and-parallel/list-l-after-kill-TERM-0.25 xl list -l
same kill-and-parallel/create-after-kill-TERM-0.25 xl create -p "$R/root/g1.cfg"
xl destroy 6
same kill-and-parallel/list3-after-kill-TERM-0.25 xl list

# --- xenstore ---
UUID=3a38b82e-2bde-49ea-a368-8980c2bd2b28
echo 1 >"$SIMHOST_DIR/next-domid"
config g1.cfg g1 $UUID
xl create -q -p -e "$R/root/g1.cfg"
nodes () { sed -E -e "s#$R##" -e '/start_time|ring-ref|\/tty|console\/type/d' | sort; }
xenstore-ls -f -p | nodes >"$WORK/nodes"
is 'the nodes of a domain, with their owners' \
  "$(nodes <"$fixtures/kill-and-parallel/xenstore-ls-cxenstored.out" | diff "$WORK/nodes" -)" ''
xl destroy g1
is 'none is left' "$(xenstore-ls -f | grep -E '^/(libxl|vm|local/domain)/[1-9]|/backend/[a-z]*/[0-9]')" ''

# --- HVM ---
config h2.cfg h2 '' 'type="hvm"' 'device_model_override="/nope/qemu"'
echo 4 >"$SIMHOST_DIR/next-domid"
sed -i '/^type="pv"/d' "$R/root/h2.cfg"
same hvm/create-h2-dm-missing xl create "$R/root/h2.cfg"
config h4.cfg h4 '' 'type="hvm"' 'device_model_version="qemu-xen"' 'device_model_stubdomain_override=1'
echo 6 >"$SIMHOST_DIR/next-domid"
sed -i '/^type="pv"/d' "$R/root/h4.cfg"
same hvm/create-h4-stubdom-qemuxen xl create "$R/root/h4.cfg"
config h1.cfg h1 22222222-2222-3333-4444-555555555501 'type="hvm"' memory=192 "disk=['format=raw,vdev=hdc,devtype=cdrom,access=ro,target=']"
sed -i '/^type="pv"/d' "$R/root/h1.cfg"
echo 1 >"$SIMHOST_DIR/next-domid"
same hvm/create-h1 xl create -p "$R/root/h1.cfg"
same hvm/list-h1-paused bash -c 'xl list -v | sed "s/^\(Domain-0 .*\)  768 /\1 1280 /"'
xl unpause h1
same hvm/trigger-nmi-h1 xl trigger h1 nmi
same hvm/trigger-init-h1 xl trigger h1 init
same hvm/trigger-reset-h1 xl trigger h1 reset
same hvm/trigger-power-h1 xl trigger h1 power
same hvm/trigger-sleep-h1 xl trigger h1 sleep
same hvm/trigger-s3resume-h1 xl trigger h1 s3resume
same hvm/qmp-info-status xl qemu-monitor-command h1 'info status'
same hvm/cd-insert-none xl cd-insert h1 hdc /root/none.iso
succeeds 'cd-insert' xl cd-insert h1 hdc "$R/root/disk.img"
like 'it is in the configuration' "$(xl list -l h1)" "\"pdev_path\": \"$R/root/disk.img\""
xl-sim policy h1 acpi
xl trigger h1 sleep
like 'asleep' "$(xl_state h1)" '^------$'
like 'asleep, by the monitor' "$(xl qemu-monitor-command h1 'info status')" '^VM status: paused \(suspended\)'
same hvm/s3resume xl trigger h1 s3resume
like 'awake' "$(xl_state h1)" '^-b----$'
xl-sim policy h1 no-pv-drivers
xl destroy h1
xl create -q -e "$R/root/h1.cfg"
fails 'shutdown without PV drivers' 'external graceful shutdown not possible' xl shutdown h1
succeeds 'shutdown -F' xl shutdown -F h1
like 'is off' "$(xl_state h1)" '^---s--$'
xl destroy h1

# libxl's target is without the memory of the display, which is what xl is told and tells otherwise
config h5.cfg h5 '' 'type="hvm"' memory=128 videoram=16
sed -i '/^type="pv"/d' "$R/root/h5.cfg"
xl create -q -p -e "$R/root/h5.cfg"
h5=/local/domain/$(xl domid h5)/memory
memory () { echo "$(xenstore-read "$h5/target") $(xl list -l h5 | sed -n 's/.*"target_memkb": \([0-9]*\).*/\1/p')"; }
is 'memory beside that of the display' "$(memory)" "$((112 * 1024)) $((128 * 1024))"
is 'that of the display' "$(xenstore-read "$h5/videoram")" $((16 * 1024))
xl mem-set h5 100
is 'less memory' "$(memory)" "$((84 * 1024)) $((100 * 1024))"
fails 'less than the display has' 'cannot set domid' xl mem-set h5 15
xl destroy h5

done_testing

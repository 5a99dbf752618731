#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A guest whose QEMU is in a stubdomain: what the service hears of it by qmp-helper, which a libxl
# that is played here shares with it. Of the way into the stubdomain a socket is left.
. "$(dirname "$0")/../lib.sh"
sim_only

root=$WORK/root socket=''
mkdir -p "$root/var/run/xen"
: >"$WORK/kernel"
: >"$WORK/ramdisk"
printf '[paths]\nhost-root=%s\nstubdomain-kernel=%s\nstubdomain-ramdisk=%s\n' "$root" "$WORK/kernel" \
  "$WORK/ramdisk" >"$XM_SIM_DIR/xenmgr-xl.conf"
trap 'rm -f "$XM_SIM_DIR/xenmgr-xl.conf"; clean_up' EXIT
daemon restart || diag 'the daemon does not restart'

has_acpi () { [[ $(xec-vm -n stub get acpi-state) == "$1" ]]; }
sleeps () { xl-sim guest stub sleep; has_acpi 3; }
serve () { # OPTION...: as libxl starts its proxy; returns when clients may come
  local domid
  domid=$(xec-vm -n stub get domid)
  socket=$root/var/run/xen/qmp-libxl-$domid
  "$XM_BUILD/qmp-helper/qmp-helper" --no-sandbox "--socket=$socket" --unix-type=stream \
    "--peer=$SIMHOST_DIR/qemu/$domid.qmp" "$@" 2>"$WORK/helper" &
  helper=$!
  watchers+=("$helper")
  within 'qmp-helper serves' "$LIMIT" test -S "$socket"
}
end () { kill -HUP $helper; wait $helper; }

new_vm stub new-vm-hvm
xec -o "$VM" set memory 128
prints 'set stubdom' '' xec -o "$VM" set stubdom true
prints 'start' '' xec-vm -n stub start
is 'QEMU gets no monitor of its own' "$(grep -c '^device_model_args_hvm' "$XM_SIM_DIR/run/$U.cfg")" 0
QMP_HELPER_MUX=1 serve
within 'the service hears QEMU' "$LIMIT" sleeps
xl-sim guest stub wake
within 'the guest wakes up' "$LIMIT" has_acpi 0
succeeds 'libxl has room beside it' "$XM_BUILD/test/bench/qmp-far" connect "$socket" 3
xl-sim guest stub sleep
within 'it is still heard' "$LIMIT" has_acpi 3
prints 'resume' '' xec-vm -n stub resume
prints 'it is awake' 0 xec-vm -n stub get acpi-state

# The helper ends and comes again.
end
is 'it ended well' $? 0
serve --mux
within 'the service hears QEMU again' "$LIMIT" sleeps
xl-sim guest stub wake
within 'the guest wakes up' "$LIMIT" has_acpi 0
prints 'destroy' '' xec-vm -n stub destroy
end

# A helper that serves one client at a time is libxl's alone.
prints 'start' '' xec-vm -n stub start
serve --stats
succeeds 'libxl is not kept waiting' "$XM_BUILD/test/bench/qmp-far" connect "$socket" 3
prints 'the VM runs' running xec-vm -n stub get state
prints 'destroy' '' xec-vm -n stub destroy
end
like 'nobody else came' "$(<"$WORK/helper")" ' sessions=3 '

# xl.cfg: stock xl gets what it knows.
line () { sed -n "s/^$1=//p" "$XM_SIM_DIR/run/$U.cfg"; }
configure () { # LINE...: of group [paths]
  printf '%s\n' '[paths]' "host-root=$root" "stubdomain-kernel=$WORK/kernel" "stubdomain-ramdisk=$WORK/ramdisk" \
    "$@" >"$XM_SIM_DIR/xenmgr-xl.conf"
  daemon restart || diag 'the daemon does not restart'
}
is "the ramdisk is named" "$(line stubdomain_ramdisk)" "'$WORK/ramdisk'"
is 'with a small one, xl decides on the memory' "$(line stubdomain_memory)" ''
is 'and on the proxy' "$(line stubdomain_qmp_proxy)" ''

# One with the patches is told who carries QMP; and what a large ramdisk takes is not left to xl.
real=$(command -v xl)
mkdir "$WORK/bin"
cat >"$WORK/bin/xl" <<XL
#!/bin/bash
[[ \$1 == help ]] || exec '$real' "\$@"
'$real' help
printf ' %s   patched\n' acpi-state uuid-to-domid sleep
XL
chmod +x "$WORK/bin/xl"
PATH=$WORK/bin:$PATH
head -c 60M /dev/zero | gzip -c >"$WORK/ramdisk"
configure "qmp-helper=$XM_BUILD/qmp-helper/qmp-helper"
prints 'start' '' xec-vm -n stub start
is 'the proxy is named' "$(line stubdomain_qmp_proxy)" "'$XM_BUILD/qmp-helper/qmp-helper'"
is 'over a vchan, as it is' "$(line stubdomain_qmp_transport)" ''
is 'the ramdisk has room' "$(line stubdomain_memory)" 240
prints 'destroy' '' xec-vm -n stub destroy
configure "qmp-helper=$XM_BUILD/qmp-helper/qmp-helper" '[stubdomain]' qmp-transport=argo
prints 'start' '' xec-vm -n stub start
is 'another way is named' "$(line stubdomain_qmp_transport)" "'argo'"
prints 'destroy' '' xec-vm -n stub destroy
configure "qmp-helper=$WORK/none"
prints 'start' '' xec-vm -n stub start
is 'without qmp-helper it is left to xl' "$(line stubdomain_qmp_proxy)" ''
prints 'destroy' '' xec-vm -n stub destroy

done_testing

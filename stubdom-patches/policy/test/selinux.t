#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The SELinux modules, linked into all of Debian's policy: what they allow, and what they do not.
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tests=0 failures=0

ok () { # DESCRIPTION COMMAND...
  local what=$1 status=ok
  shift
  tests=$((tests + 1))
  "$@" || { status='not ok' failures=$((failures + 1)); }
  echo "$status $tests - $what"
}
build () { "$here/../selinux/build" "$@" >"$work/log" 2>&1 || { sed 's/^/# /' "$work/log" | tail -n 20; return 1; }; }

ok "the modules build, and link with Debian's" build --whole "$work/out"
[[ -s $work/out/policy ]] || { echo "1..$tests"; exit 1; }

cat >"$work/questions" <<'QUESTIONS'
libxl starts qmp-helper in its domain | becomes | xm_t qmp_helper_exec_t qmp_helper_t
so does systemd | becomes | init_t qmp_helper_exec_t qmp_helper_t
libxl connects to it | may | xm_t qmp_helper_t unix_stream_socket connectto
and ends it | may | xm_t qmp_helper_t process signal
and removes its sockets | may | xm_t qmp_helper_runtime_t sock_file unlink
it makes these sockets in /run/xen | creates | qmp_helper_t xend_runtime_t sock_file qmp_helper_runtime_t
and their locks | creates | qmp_helper_t xend_runtime_t file qmp_helper_runtime_t
it uses the driver of Argo | may | qmp_helper_t argo_device_t chr_file ioctl
and grants and event channels, for vchans | may | qmp_helper_t xen_device_t chr_file ioctl
with the other end's memory | may | qmp_helper_t xen_device_t chr_file map
it tells systemd that it serves | may | qmp_helper_t init_t unix_dgram_socket sendto
and xenstore | may | qmp_helper_t xenstored_t unix_stream_socket connectto
it becomes another user, and nothing else | only | qmp_helper_t qmp_helper_t capability setgid setuid setpcap
it connects to no network | may not | qmp_helper_t port_type tcp_socket name_connect
it serves none | may not | qmp_helper_t port_type tcp_socket name_bind
it makes no network sockets | may not | qmp_helper_t qmp_helper_t tcp_socket create
it changes no configuration | may not | qmp_helper_t etc_t file write
it changes no programs | may not | qmp_helper_t bin_t file write
it runs none | may not | qmp_helper_t bin_t file execute_no_trans
and no shell | may not | qmp_helper_t shell_exec_t file execute
it reads no passwords | may not | qmp_helper_t shadow_t file read
no guest's disks | may not | qmp_helper_t xen_image_t file read
no VM's configuration | may not | qmp_helper_t xenmgr_xl_var_lib_t file read
no disks of the host | may not | qmp_helper_t fixed_disk_device_t blk_file read
no memory | may not | qmp_helper_t memory_device_t chr_file read
it looks into no other process | may not | qmp_helper_t xm_t process ptrace
users do not use the driver of Argo | may not | user_t argo_device_t chr_file write
nor connect to qmp-helper | may not | user_t qmp_helper_t unix_stream_socket connectto
the bus starts the service in its domain | becomes | system_dbusd_t xenmgr_xl_exec_t xenmgr_xl_t
so does systemd | becomes | init_t xenmgr_xl_exec_t xenmgr_xl_t
it runs xl in xl's | becomes | xenmgr_xl_t xm_exec_t xm_t
it has its name on the bus | may | xenmgr_xl_t system_dbusd_t dbus acquire_svc
it keeps its store | may | xenmgr_xl_t xenmgr_xl_var_lib_t file rename
xl reads the configurations that it makes | may | xm_t xenmgr_xl_runtime_t file read
it talks to qmp-helper | may | xenmgr_xl_t qmp_helper_t unix_stream_socket connectto
it does not change its key file | may not | xenmgr_xl_t xenmgr_xl_conf_t file write
nor its program | may not | xenmgr_xl_t xenmgr_xl_exec_t file write
it reads no passwords | may not | xenmgr_xl_t shadow_t file read
it loads no modules itself | may not | xenmgr_xl_t xenmgr_xl_t capability sys_module
it serves no network | may not | xenmgr_xl_t port_type tcp_socket name_bind
users do not change the store | may not | user_t xenmgr_xl_var_lib_t file write
QUESTIONS
"$here/ask" "$work/out/policy" $((tests + 1)) <"$work/questions" || failures=$((failures + 1))
tests=$((tests + $(wc -l <"$work/questions")))

refused () { # RULE: no policy with it can be made
  cat >"$work/more.te" <<MORE
policy_module(more, 1.0.0)
gen_require(\`
	type qmp_helper_t, xenmgr_xl_t, xenmgr_xl_conf_t;
')
$1
MORE
  rm -rf "$work/refused"
  if "$here/../selinux/build" --link --more "$work/more.te" "$work/refused" >"$work/log" 2>&1; then return 1; fi
  grep -q neverallow "$work/log" && [[ ! -e $work/refused/policy ]]
}
ok "refused: qmp-helper with executable memory" refused 'allow qmp_helper_t self:process execmem;'
ok "refused: a service that changes its key file" refused 'allow xenmgr_xl_t xenmgr_xl_conf_t:file write;'
echo "1..$tests"
((failures == 0))

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# On a Xen with XSM and Argo, in dom0: the policy is loaded and in force.
set -uo pipefail

failed=0
is () { # NAME GOT EXPECTED
  if [[ $2 == "$3" ]]; then
    echo "ok: $1"
  else
    echo "not ok: $1: got ${2@Q}, expected ${3@Q}"
    failed=1
  fi
}
label () { xl list -Z "$1" | awk 'NR == 2 { print $NF }'; }
begin () { # NAME [TYPE]: a guest, paused
  cat >"/run/$1.cfg" <<CFG
name = "$1"
type = "pv"
memory = 128
kernel = "/opt/xm-guest/vmlinux"
ramdisk = "/opt/xm-guest/initrd"
cmdline = "console=hvc0 quiet"
CFG
  [[ -z ${2-} ]] || echo "seclabel = \"system_u:system_r:$2\"" >>"/run/$1.cfg"
  xl create -q -e -p "/run/$1.cfg"
}

is 'the policy is in force' "$(xl getenforce)" Enforcing
is 'dom0 has its label' "$(label 0)" system_u:system_r:dom0_t
begin guest
xl unpause guest
is 'so has a guest' "$(label guest)" system_u:system_r:domU_t
lab-guest-console --wait 'guest up' guest >/dev/null
is 'which comes up' $? 0
begin model dm_dom_t
is 'and a device model' "$(label model)" system_u:system_r:dm_dom_t

# --- Argo: between dom0 and device models only ---
guest=$(xl domid guest) model=$(xl domid model)
is 'dom0 may speak to a device model' "$(argo-send "$model")" ECONNREFUSED
is 'but not to a guest' "$(argo-send "$guest")" EACCES
is 'which is logged' "$(xl dmesg | grep -c "XSM REJECTED 0 -> $guest")" 1
xl setenforce 0
is 'it is the policy that refuses' "$(argo-send "$guest")" ECONNREFUSED
xl setenforce 1
is 'and again' "$(argo-send "$guest")" EACCES

# --- what Xen's own policy forbids ---
/usr/lib/xen-4.17/bin/flask-set-bool prot_doms_locked 1
is 'a domain that is locked is not made' "$(begin locked prot_domU_t >/dev/null 2>&1; echo $?)" 3
is 'nor is any left' "$(xl domid locked 2>/dev/null)" ''
/usr/lib/xen-4.17/bin/flask-set-bool prot_doms_locked 0
is 'unlocked, it is' "$(begin locked prot_domU_t 2>&1)" ''
is 'with its label' "$(label locked)" system_u:system_r:prot_domU_t

xl destroy guest
xl destroy model
xl destroy locked
exit $failed

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# On a Xen with XSM and Argo, in dom0: the policy is loaded and in force.
export XM_TARGET=lab XM_GUEST_KERNEL=/opt/xm-guest/vmlinux XM_GUEST_RAMDISK=/opt/xm-guest/initrd
export XM_GUEST_CMDLINE="console=hvc0 quiet"
. /opt/xm-test/regress/lib.sh

label () { xl list -Z "$1" | awk 'NR == 2 { print $NF }'; }
begin () { # NAME [TYPE]: a guest, paused
  guest_config "$1" "$(</proc/sys/kernel/random/uuid)" >"$WORK/$1.cfg"
  [[ -z ${2-} ]] || echo "seclabel = \"system_u:system_r:$2\"" >>"$WORK/$1.cfg"
  xl create -q -e -p "$WORK/$1.cfg"
}

is 'the policy is in force' "$(xl getenforce)" Enforcing
is 'dom0 has its label' "$(label 0)" system_u:system_r:dom0_t
begin guest
xl unpause guest
is 'so has a guest' "$(label guest)" system_u:system_r:domU_t
guest_up guest
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

done_testing

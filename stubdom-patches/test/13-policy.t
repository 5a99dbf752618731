#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The XSM policy with and without the module stubdom_argo, compiled as for a real hypervisor.
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
policy=$STUBDOM_TREE/tools/flask/policy

compile () { # NAME [WORD=STATE...] [-- RULE]: with modules switched, and a rule more
  local name=$1 conf=$host/$1.conf switch
  shift
  mkdir -p "$host/$name"
  cp "$policy/modules/modules.conf" "$conf"
  while (($#)) && [[ $1 != -- ]]; do
    switch=${1%%=*}
    grep -q "^$switch = " "$conf" || return 1
    sed -i "s/^$switch = .*/$switch = ${1#*=}/" "$conf"
    shift
  done
  cp -r "$policy/modules" "$host/$name/"
  if (($#)); then printf '%s\n' "$2" >>"$host/$name/modules/domU.te"; fi
  make -C "$policy" MOD_CONF="$conf" MODDIR="$host/$name/modules" FLASK_BUILD_DIR="$host/$name" \
    >"$host/$name/log" 2>&1 && compgen -G "$host/$name/xenpolicy-*" >/dev/null
}
rules () { grep -c "$2" "$host/$1/policy.conf"; } # NAME TEXT

ok "the policy as delivered compiles" compile default
is "and lets everybody use Argo" "$(rules default 'allow domain_type xen_t:argo')" 1

ok "the strict one compiles" compile strict argo_any=off stubdom_argo=on
is "without the general rules" "$(rules strict 'allow domain_type xen_t:argo { enable')" 0
ok "its binary is a policy" bash -c "test \$(stat -c %s $host/strict/xenpolicy-*) -gt 5000"

refused () { ! compile "$@" && grep -qi 'neverallow' "$host/$1/log"; }
ok "both together are refused" refused both stubdom_argo=on
ok "so is a guest that may send to dom0" refused send argo_any=off stubdom_argo=on -- 'allow domU_t dom0_t:argo send;'
ok "a guest that may use Argo at all" refused enable argo_any=off stubdom_argo=on -- 'allow domU_t xen_t:argo enable;'
ok "dom0 listening to everybody" refused any argo_any=off stubdom_argo=on -- 'allow dom0_t xen_t:argo register_any_source;'
ok "dom0 talking to a guest" refused out argo_any=off stubdom_argo=on -- 'allow dom0_t domU_t:argo send;'
ok "without the module that last one is none of its business" compile loose argo_any=off -- 'allow dom0_t domU_t:argo send;'
plan

#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The XSM policy that xsm/build makes: what is in it, and what it refuses to be made of.
set -uo pipefail
xsm=$(dirname "$(readlink -f "$0")")/../xsm
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
is () { # DESCRIPTION GOT EXPECTED
  ok "$1" test "$2" = "$3"
  [[ $2 == "$3" ]] || diff <(echo "$3") <(echo "$2") | sed 's/^/#   /'
}
build () { "$xsm/build" ${XEN_SOURCE:+--source "$XEN_SOURCE"} "$@" >"$work/log" 2>&1; }
rules () { # ARGUMENT... of sesearch: the rules of the policy, sorted
  sesearch --allow "$@" "$work/strict/xenpolicy" | grep . | sort
}

ok "the policy compiles" build "$work/strict"
is "for the hypervisor" "$(seinfo "$work/strict/xenpolicy" | sed -n 's/^Target Policy: *//p')" xen

is "dom0 and device models may use Argo" "$(rules -c argo -p enable | cut -d' ' -f1-3)" \
  'allow dm_dom_t xen_t:argo'$'\n''allow dom0_t xen_t:argo'
is "with each other" "$(rules -c argo -p send)" \
  'allow dm_dom_t dom0_t:argo { register_single_source send };'$'\n''allow dom0_t dm_dom_t:argo { register_single_source send };'
is "and listen to nobody else" "$(rules -c argo -p register_any_source)" ''
is "the guest's devices are emulated by its own device model and dom0" \
  "$(rules -c hvm -p dm | awk '{ print $2 }' | sort -u)" 'dm_dom_t'$'\n''dom0_t'
is "which maps this guest's memory only" \
  "$(rules -s dm_dom_t -c mmu -p map_write | awk '{ print $3 }' | grep -v dm_dom_t_self)" domU_t_target:mmu

ok "as delivered, everybody may use Argo" build --as-delivered "$work/delivered"
is "as delivered, indeed" "$(sesearch --allow -c argo -p register_any_source "$work/delivered/xenpolicy" | grep -c domain_type)" 1

refused () { # RULE: a policy with it is not made, because of a neverallow
  echo "$1" >"$work/more.te"
  rm -rf "$work/refused"
  if build --more "$work/more.te" "$work/refused"; then return 1; fi
  grep -qi neverallow "$work/log" && [[ ! -e $work/refused/xenpolicy ]]
}
while IFS='|' read -r what rule; do
  ok "refused: $what" refused "$rule"
done <<'RULES'
a guest that uses Argo|allow domU_t xen_t:argo enable;
a guest that sends to dom0|allow domU_t dom0_t:argo send;
dom0 that sends to a guest|allow dom0_t domU_t:argo send;
a device model that listens to a guest|allow dm_dom_t domU_t:argo register_single_source;
a device model that listens to its own guest|allow dm_dom_t domU_t_target:argo register_single_source;
dom0 that listens to everybody|allow dom0_t xen_t:argo register_any_source;
a device model of another guest|allow dm_dom_t domU_t:hvm dm;
a device model that maps another guest's memory|allow dm_dom_t domU_t:mmu map_read;
a device model that maps dom0's memory|allow dm_dom_t dom0_t:mmu map_write;
a guest that emulates devices|allow domU_t domU_t_target:hvm dm;
a device model that makes itself another's|allow dm_dom_t domU_t:domain2 set_as_target;
a device model that destroys its guest|allow dm_dom_t domU_t_target:domain destroy;
a device model that shuts other guests down|allow dm_dom_t domU_t:domain shutdown;
a device model that loads a policy|allow dm_dom_t security_t:security load_policy;
a guest that switches the policy off|allow domU_t security_t:security setenforce;
a device model with unassigned I/O memory|allow dm_dom_t iomem_t:resource use;
RULES

harmless () { echo 'allow dom0_t domU_t:domain2 gettsc;' >"$work/more.te"; build --more "$work/more.te" "$work/harmless"; }
ok "a rule that breaks none is taken" harmless
wrong () { echo 'allow nobody_t domU_t:domain2 gettsc;' >"$work/more.te"; ! build --more "$work/more.te" "$work/wrong"; }
ok "one that is nonsense is not" wrong
echo "1..$tests"
((failures == 0))

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The Ansible example of docs/fleet.md, by the real ansible-playbook, on the simulated host.
. "$(dirname "$0")/../regress/lib.sh"
sim_only

export HOME=$WORK ANSIBLE_HOME=$WORK/ansible ANSIBLE_NOCOLOR=1 LC_ALL=C.UTF-8
example=$XM_SOURCE/docs/examples/ansible
succeeds 'the playbook and its inventory are understood' \
  ansible-playbook -i "$example/hosts.yml" --syntax-check "$example/site.yml"
succeeds 'the inventory has its hosts' ansible-inventory -i "$example/hosts.yml" --graph xen
like 'both' "$out" 'xen1\.example\.org.*xen2\.example\.org'

cat >"$WORK/hosts.yml" <<'HOSTS'
xen:
  hosts:
    loopback:
      ansible_connection: local
      ansible_python_interpreter: /usr/bin/python3
      xen_vms:
        - name: web
          properties: {memory: 512, start-on-boot: true, description: the site}
        - name: it's mail
          template: new-vm-pvh
HOSTS
playbook () { ansible-playbook -i "$WORK/hosts.yml" "$example/site.yml" --tags vms "$@" </dev/null; }
result_of () { sed -n 's/^loopback *: *//p' <<<"$out"; }

succeeds '--check' playbook --check
is 'makes nothing' "$(xec list-vms)" ''
succeeds 'a run' playbook
for vm in $(xec list-vms); do adopt "$vm"; done
is 'makes the VMs' "$(xec-vm | grep -cE "\| (web|it's mail) ")" 2
prints 'with numbers' 512 xec-vm -n web get memory
prints 'booleans' true xec-vm -n web get start-on-boot
prints 'and texts' 'the site' xec-vm -n web get description
prints 'of its template' pvh xec-vm -n "it's mail" get virt-type
succeeds 'another run' playbook
like 'changes nothing' "$(result_of)" 'changed=0 .*failed=0'
xec-vm -n web set memory 256
xec-vm -n web set vcpus 3
succeeds 'after a change by hand' playbook
like 'one thing is to be done' "$(result_of)" 'changed=1 '
prints 'what the inventory says holds' 512 xec-vm -n web get memory
prints 'and what it does not say stays' 3 xec-vm -n web get vcpus

# --- what docs/fleet.md shows for Salt ---
prints 'a VM of that name' 0 bash -c 'xec-vm -q -n web get uuid >/dev/null; echo $?'
prints 'or not' 1 bash -c 'xec-vm -q -n nosuch get uuid >/dev/null 2>&1; echo $?'

done_testing

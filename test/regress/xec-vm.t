#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# xec-vm: choosing a VM, the table of all.
. "$(dirname "$0")/lib.sh"

new_vm zebra; zebra=$U
new_guest runner; runner=$U
header=' ID  | Name               | UUID                                 | State     '
line='-----+--------------------+--------------------------------------+--------'

succeeds 'xec-vm' xec-vm
is 'its header' "$(sed -n 1p <<<"$out")" "$header"
is 'the dashes' "$(sed -n 2p <<<"$out")" "$line"
is 'a stopped VM has no ID' "$(grep zebra <<<"$out")" "$(printf ' %3s | %-18s | %-36s | %-10s' '' zebra "$zebra" stopped)"
prints 'xec-vm -q prints the same' "$out" xec-vm -q

succeeds 'start' xec-vm -n runner start
domid=$(xec-vm -n runner get domid)
succeeds 'with a running VM' xec-vm
is 'it comes first' "$(sed -n 3p <<<"$out")" "$(printf ' %3s | %-18s | %-36s | %-10s' "$domid" runner "$runner" running)"
is 'the stopped one last' "$(tail -n 1 <<<"$out" | cut -d '|' -f 1)" '     '

# --- with what the VMs use ---
prints 'not by default' "$out" xec-vm
seconds='[0-9]+\.[0-9]'
succeeds 'xec-vm --long' xec-vm --long
is 'the columns after those' "$(sed -n 1p <<<"$out")" "$header | Memory  | VCPUs | CPU time "
like 'a running VM' "$(sed -n 3p <<<"$out")" "runner +\| $runner \| running    \|     128 \|     1 \| +$seconds\$"
like 'a stopped VM has used nothing' "$(grep zebra <<<"$out")" '[|] stopped    [|] +[0-9]+ [|] +[0-9]+ [|] +$'
prints '-l prints the same columns' "$(sed -n 1p <<<"$out")" bash -c 'xec-vm -l | head -n 1'
like 'list-cpu-times' "$(xec list-cpu-times)" "\"$(path_of "$runner")\" += $seconds"

succeeds 'existence test' xec-vm -n zebra
fails 'of none' '' xec-vm -n nosuch
fails 'a command for none' "^xec-vm: vm 'nosuch' not found" xec-vm -n nosuch start
prints '-n' "$zebra" xec-vm -n zebra get uuid
prints '-u' zebra xec-vm -u "$zebra" get name
prints '-o' zebra xec-vm -o "$(path_of "$zebra")" get name
prints '--domid' runner xec-vm --domid "$domid" get name
prints '-d' "$runner" xec-vm -d "$domid" get uuid
prints '-g' zebra xec-vm -u "$zebra" -g name
succeeds '--list-methods' xec-vm -q --list-methods
xec-vm -n runner destroy

done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Diagnostics: files from guests, status reports.
. "$(dirname "$0")/lib.sh"
DIAG=$IFACE.diag
diag_call () { xec -s $IFACE -o / -i $DIAG "$@"; }
db () { xec -s com.citrix.xenclient.db -o / "$@"; }

busctl --system monitor --json=short --match "type='signal',interface='$DIAG'" \
  >"$WORK/requests" 2>"$WORK/requests.err" </dev/null &
watchers+=($!)
within 'requests are listened to' "$LIMIT" grep -q Monitoring "$WORK/requests.err"
requests () { grep -c '"gather_request".*"data":\["'"$1"'"\]' "$WORK/requests"; } # MODE
asked () { (($(requests "$1") > 0)); }

# --- no guest runs ---
fails 'gather when nobody asked' "^$FAILED: 216:Currently not gathering diagnostic information\$" \
  diag_call gather file 00
succeeds 'save' diag_call save quiet
like 'it prints a directory' "$out" '^/.+'
dir=$out
is 'which is empty' "$(ls -A "$dir")" ''
is 'and root'"'"'s alone' "$(stat -c %a "$dir")" 700
is 'nobody was asked' "$(requests quiet)" 0

# --- a guest with tools ---
new_guest diag
succeeds 'set type' xec-vm -u "$U" set type svm
succeeds 'set pv-addons' xec-vm -u "$U" set pv-addons true
succeeds 'start' xec-vm -u "$U" start
had=$(xec get xc-diag-timeout)
succeeds 'time enough' xec set xc-diag-timeout 600
diag_call save "mode 1" >"$WORK/saved" 2>&1 &
saving=$!
within 'the guest is asked' "$LIMIT" asked 'mode 1'
fails 'one at a time' "^$FAILED: diagnostic information is being gathered already" diag_call save x
fails 'a name that leads elsewhere' "^$FAILED: bad file name\$" diag_call gather ../file 00
fails 'no hexadecimal' "^$FAILED: unexpected char: 'x'\$" diag_call gather file x0
fails 'half a byte' "^$FAILED: malformed bytes string\$" diag_call gather file 000
succeeds 'others are served meanwhile' xec list-vms
is 'it waits' "$(<"$WORK/saved")" ''
succeeds 'gather' diag_call gather guest.txt 68656c6c6f0a
wait $saving
is 'save ends well' $? 0
dir=$(<"$WORK/saved")
is 'with the file in the directory' "$(cat "$dir/guest.txt")" hello

# --- nobody waits for it ---
diag_call save left >"$WORK/left" 2>&1 &
saving=$!
within 'the guest is asked again' "$LIMIT" asked left
kill $saving
wait $saving 2>/dev/null
not_gathering () { [[ $(diag_call gather late 00) == *216:* ]]; }
within 'who left has ended it' "$LIMIT" not_gathering

# --- it takes no longer than it may ---
succeeds 'no time' xec set xc-diag-timeout 0
succeeds 'save without an answer' diag_call save silent
is 'the directory is empty' "$(ls -A "$out")" ''
succeeds 'the time-out as it was' xec set xc-diag-timeout "$had"
[[ $had == 180 ]] && db rm /xenmgr/xc-diag-timeout

# --- a report ---
succeeds 'a key that is secret' db write "/vm/$U/user-password" 'Ge heim'
succeeds 'create-status-report' diag_call create-status-report true false 'it "fails"' 'a<b' 'try it' ''
report=$out
like 'it prints a path' "$report" '^/.*\.tar\.gz$'
is 'for root alone' "$(stat -c %a "$(dirname "$report")")" 700
mkdir "$WORK/report"
succeeds 'it is a tarball' tar -xzf "$report" -C "$WORK/report" --strip-components=1
like 'with what the user says' "$(<"$WORK/report/user-report.xml")" '<summary>it &quot;fails&quot;</summary>'
like 'the VMs' "$(<"$WORK/report/service.txt")" "$U domid [0-9]+, running"
like 'what xl says of them' "$(<"$WORK/report/xl-list.txt")" 'Domain-0'
like 'and of the host' "$(<"$WORK/report/xl-info.txt")" 'total_memory|xen_'
like 'the store' "$(<"$WORK/report/store.json")" '"name": "diag"'
unlike 'but no secret' "$(<"$WORK/report/store.json")" 'Ge heim'
is 'nothing is left beside it' "$(ls "$(dirname "$report")")" "$(basename "$report")"
for _ in 1 2 3; do diag_call create-status-report false false '' '' '' '' >/dev/null; done
is 'old ones go' "$(ls "$report" 2>/dev/null)" ''
is 'a few stay' "$(find "$(dirname "$(dirname "$report")")" -name '*.tar.gz' | wc -l)" 3

# --- what there is no more ---
network='243:Network issue detected, please check your internet connection'
fails 'taas-agree-terms' "^$FAILED: $network\$" diag_call taas-agree-terms u p 1
fails 'taas-authenticate-credentials' "^$FAILED: $network\$" diag_call taas-authenticate-credentials u p
fails 'taas-upload' "^$FAILED: $network\$" diag_call taas-upload u p 1 /f

# --- the screen that asks for a report ---
fails 'nobody shows it' "^$FAILED: no graphics fallback vm" diag_call status-report-screen true
succeeds 'the VM may' db write "/vm/$U/provides-graphics-fallback" true
succeeds 'show' diag_call status-report-screen true
domid=$(xec-vm -u "$U" get domid)
is 'the guest is told' "$(xenstore-read "/local/domain/$domid/report/state")" 1
succeeds 'hide' diag_call status-report-screen false
is 'again' "$(xenstore-read "/local/domain/$domid/report/state")" 0
succeeds 'destroy' xec-vm -u "$U" destroy
fails 'it does not run' "^$FAILED: no graphics fallback domain" diag_call status-report-screen true

done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Hooks: programs and calls around the creation, the start and the deletion of a VM.
. "$(dirname "$0")/lib.sh"

run_dir=${XM_SIM_DIR:+$XM_SIM_DIR/run}
run_dir=${run_dir:-/run/xenmgr-xl}
log=$WORK/log # what hooks leave behind
: >"$log"
mkfifo "$WORK/go"

# hook NAME TEXT: a program for the service to run; it finds $WORK and $log
hook () {
  printf '#!/bin/bash\nWORK=%q log=%q run_dir=%q\n%s\n' "$WORK" "$log" "$run_dir" "$2" >"$WORK/$1"
  chmod 755 "$WORK/$1"
}
hook note 'echo "${0##*/} $*" >>"$log"'
hook fail 'echo "${0##*/} $*" >>"$log"; exit 1'
hook wait 'echo $$ >"$WORK/pid"; echo "${0##*/} $*" >>"$log"; read -r word <"$WORK/go"'
failed () { echo "$FAILED: 223:IO error: event-script: $WORK/$1 FAILED\\."; }
logged () { grep -qxF -- "$1" "$log"; }
set_hook () { xec -o "$(path_of "$1")" set "$2" "$3"; } # UUID PROPERTY VALUE

new_guest hooks
watch_signals

# --- creating ---
create () { # UUID HOOK
  xec create-vm-with-template-and-json new-vm-pv "{\"uuid\":\"$1\",\"slot\":\"0\",\"run-post-create\":\"$2\"}"
}
hook post 'echo "post $*" >>"$log"; xec -o "/vm/${1//-/_}" get uuid >>"$log"'
new=$(cat /proc/sys/kernel/random/uuid)
made+=("$new")
succeeds 'create with a hook' create "$new" "$WORK/post"
is 'it gets the uuid, and finds the VM' "$(<"$log")" "post $new"$'\n'"$new"
signal_comes 'vm_created' vm_created "$new"
forget_signals
new=$(cat /proc/sys/kernel/random/uuid)
made+=("$new")
fails 'create with a hook that fails' "^$(failed fail)\$" create "$new" "$WORK/fail"
prints 'the VM stays' "$new" xec -o "$(path_of "$new")" get uuid
sync_signals
is 'nobody is told of it' "$(signals vm_created "$new")" ''

# --- before the boot ---
: >"$log"
hook boot 'ls "$run_dir/$1.cfg" >>"$log"; xec-vm -u "$1" get domid >>"$log"'
set_hook "$U" run-pre-boot "$WORK/boot;$WORK/note"
succeeds 'start' xec-vm -u "$U" start
is 'before the boot: the configuration, and no domain yet' "$(<"$log")" "$run_dir/$U.cfg
-1
note $U"
xec-vm -u "$U" destroy

: >"$log"
set_hook "$U" run-pre-boot "$WORK/note ; $WORK/fail ; $WORK/note"
fails 'a failed hook fails the start' "^$(failed fail)\$" xec-vm -u "$U" start
is 'the first that fails ends it' "$(<"$log")" "note $U
fail $U"
prints 'the VM is off' stopped xec-vm -u "$U" get state
set_hook "$U" run-pre-boot /no/such/program
fails 'a program that is not there' 'event-script: /no/such/program FAILED\.' xec-vm -u "$U" start
set_hook "$U" run-pre-boot "$WORK/note \$(touch $WORK/shell)"
fails 'no shell reads it' 'FAILED\.' xec-vm -u "$U" start
is 'nor does what it says' "$(ls "$WORK/shell" 2>/dev/null)" ''

# --- while one runs ---
: >"$log"
set_hook "$U" run-pre-boot "$WORK/wait"
xec-vm -u "$U" start >"$WORK/start" 2>&1 &
start=$!
within 'the hook runs' "$LIMIT" logged "wait $U"
succeeds 'the service answers' xec list-vms
succeeds 'the VM answers, too' xec-vm -u "$U" get name
fails 'it is not to be deleted' '204:Cannot remove running VM' xec-vm -u "$U" delete
succeeds 'destroy overtakes the hook' xec-vm -u "$U" destroy
wait $start
is 'the start fails' "$?" 1
like 'and says why' "$(<"$WORK/start")" 'overtaken by destroy'
gone () { [[ ! -e /proc/$(<"$WORK/pid") ]]; }
within 'the program is gone' "$LIMIT" gone
prints 'the VM is off' stopped xec-vm -u "$U" get state
set_hook "$U" run-pre-boot ''

# --- instead of the start ---
: >"$log"
set_hook "$U" run-insteadof-start "$WORK/note"
succeeds 'start' xec-vm -u "$U" start
is 'the hook ran' "$(<"$log")" "note $U"
prints 'the VM did not' stopped xec-vm -u "$U" get state
set_hook "$U" run-insteadof-start "$WORK/fail"
fails 'its failure is that of start' "^$(failed fail)\$" xec-vm -u "$U" start
hook own 'xec -o "/vm/${1//-/_}" start-internal && echo "own $*" >>"$log"'
set_hook "$U" run-insteadof-start "$WORK/own"
succeeds 'a hook that starts the VM by itself' xec-vm -u "$U" start
prints 'it runs' running xec-vm -u "$U" get state
is 'the hook was told so' "$(tail -n 1 "$log")" "own $U"
guest_up hooks
set_hook "$U" run-insteadof-start "$WORK/note"
: >"$log"
guest_do hooks reboot
within 'a reboot is a start, too' "$LIMIT" logged "note $U"
state_becomes 'and left to the hook' "$U" stopped
set_hook "$U" run-insteadof-start ''

# --- calls ---
DB=com.citrix.xenclient.db
db () { xec -s $DB -o / "$@"; }
db write "/$U" there
set_hook "$U" run-pre-boot "rpc:destination=$DB,interface=$DB,member=rm"
succeeds 'a call as hook' xec-vm -u "$U" start
prints 'it got the uuid' false db exists "/$U"
xec-vm -u "$U" destroy
set_hook "$U" run-pre-boot "rpc:destination=$DB,interface=$DB;rpc: objpath=/ , destination='$DB', interface=$DB, member=nothing"
fails 'a call that fails' 'UnknownMethod' xec-vm -u "$U" start
set_hook "$U" run-pre-boot "rpc:destination=com.example.nobody,interface=a.b,member=c"
fails 'a service that is not there' 'ServiceUnknown' xec-vm -u "$U" start
set_hook "$U" run-pre-boot "rpc:destination=$DB,interface=$DB,member=rm,vm=$U"
fails 'a bus of a VM that is off' "required VM $U is not running" xec-vm -u "$U" start
set_hook "$U" run-pre-boot ''

# --- deleting ---
: >"$log"
set_hook "$U" run-pre-delete "$WORK/fail"
fails 'a hook that refuses' "^$(failed fail)\$" xec-vm -u "$U" delete
prints 'the VM is still there' hooks xec-vm -u "$U" get name
succeeds 'start' xec-vm -u "$U" start
: >"$log"
fails 'a VM that runs' '204:Cannot remove running VM' xec-vm -u "$U" delete
is 'no hook is asked then' "$(<"$log")" ''
xec-vm -u "$U" destroy
set_hook "$U" run-pre-delete "$WORK/note"
succeeds 'a hook that does not' xec-vm -u "$U" delete
is 'it ran' "$(<"$log")" "note $U"
unlike 'the VM is gone' "$(xec list-vms)" "$VM"

done_testing

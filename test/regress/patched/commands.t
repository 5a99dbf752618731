#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# OpenXT's subcommands of xl, on real domains.
. "$(dirname "$0")/../lib.sh"

uuid=$(</proc/sys/kernel/random/uuid)
guest_config talker "$uuid" >"$WORK/cfg"
no_driver='PV control interface not available'
if [[ $GUEST == hvm ]]; then
  acpi=0 no_sleep=$no_driver no_hibernate=$no_driver # Linux has no S3 or S4 on request
else
  acpi=-1 no_sleep='only HVM guests know the request s3' no_hibernate='only HVM guests know the request hibernate'
fi

# ends NAME STATUS REGEX COMMAND...: its status, and what it says
ends () {
  local name=$1 status=$2 regex=$3 got; shift 3
  out=$("$@" 2>&1); got=$?
  is "$name" $got "$status"
  like "$name: what it says" "$out" "$regex"
}
is_off () { [[ $(xl_state talker) == *s* ]]; } # nobody has removed it

for command in uuid-to-domid acpi-state sleep hibernate; do
  like "help has $command" "$(xl help)" "$command"
done
prints 'a uuid that nobody has' -1 xl uuid-to-domid "$uuid"
fails 'what is no uuid' '"12345" is not a UUID' xl uuid-to-domid 12345
prints 'the ACPI state of nobody' -1 xl acpi-state 4711

# --- a guest with drivers ---
xl create -q -e "$WORK/cfg"
domid=$(xl domid talker)
prints 'the domid of a uuid' "$domid" xl uuid-to-domid "$uuid"
prints 'in capitals' "$domid" xl uuid-to-domid "${uuid^^}"
guest_up talker
prints 'its ACPI state' $acpi xl acpi-state "$domid"
prints 'by name' $acpi xl acpi-state talker
ends 'sleep' 1 "$no_sleep" xl sleep talker
ends 'hibernate' 255 "$no_hibernate" xl hibernate talker
prints 'it has not noticed' "$domid" xl domid talker
succeeds 'shutdown -c with drivers' xl shutdown -c -w talker
succeeds 'is an ordinary one' is_off
xl destroy talker
prints 'its uuid has gone' -1 xl uuid-to-domid "$uuid"

# --- one without drivers: it stays in its firmware ---
if [[ $GUEST == hvm ]]; then
  sed '/^\(kernel\|ramdisk\|cmdline\) /d' "$WORK/cfg" >"$WORK/bare"
  xl create -q -e "$WORK/bare"
  ends 'shutdown of a guest without drivers' 1 "$no_driver" xl shutdown talker
  ends 'reboot' 1 "$no_driver" xl reboot talker
  fails 'leaves no flag' '' xenstore-exists "/state/$uuid/reboot"
  prints 'it has not noticed' "$(xl domid talker)" xl uuid-to-domid "$uuid"
  succeeds 'shutdown -c' xl shutdown -c -w talker
  succeeds 'is a power-off' is_off
  xl destroy talker

  # --- S3 ---
  sed -i 's/^cmdline = "/&xmtest.sleep_after=1 /' "$WORK/cfg"
  xl create -q -e "$WORK/cfg"
  asleep () { [[ $(xl acpi-state talker) == 3 ]]; }
  awake () { [[ $(xl acpi-state talker) == 0 ]]; }
  within 'a guest that goes to sleep' "$LIMIT" asleep
  succeeds 'is woken' xl trigger talker s3resume
  within 'and is awake' "$LIMIT" awake

  # --- sleep and hibernate with a stand-in for Windows' drivers ---
  control=/local/domain/$(xl domid talker)/control
  drivers () { # takes one request
    until [[ $(xenstore-read "$control/shutdown") ]]; do sleep 0.2; done
    xenstore-read "$control/shutdown" >"$WORK/asked"
    xenstore-write "$control/shutdown" ''
  }
  xenstore-write "$control/feature-s3" 1 "$control/feature-s4" 1
  xenstore-write "$control/shutdown" ''
  for request in sleep=s3 hibernate=hibernate; do
    drivers & driver=$!
    succeeds "${request%=*}" xl "${request%=*}" talker
    wait $driver
    is 'asks for' "$(<"$WORK/asked")" "${request#*=}"
  done
  xl destroy talker
fi

done_testing

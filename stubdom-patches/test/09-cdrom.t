#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# xl cd-insert and cd-eject for a guest with a Linux stubdomain.
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname "$0")/lib.sh"
make_host
serve_backends & background+=($!)
echo first >"$host/first.iso"
echo second >"$host/second.iso"

# What the stubdomain's system does with each disk that appears: an fdset for it.
devid=5632 sets=0
offer () { # the number of the next set
  xenstore-exists "/local/domain/$stub/device/vbd/$devid/state" || return
  echo "[{\"fdset-id\": 1, \"fds\": [{\"fd\": 9, \"opaque\": \"save\"}]},
    {\"fdset-id\": $1, \"fds\": [{\"fd\": 10, \"opaque\": \"stub-devid:$devid\"}]}]" >"$host/fdsets"
}
medium () { xenstore-read "/local/domain/0/backend/qdisk/$1/$devid/params"; } # DOMID
forget () { rm -f "$host"/qmp-*.log; }
recorded () { xl list -l one 2>/dev/null | grep pdev_path; }

write_stubdom_config one "disk=['format=raw,vdev=hdc,access=ro,devtype=cdrom,target=$host/first.iso']"
create -p
is "the stubdomain has the drive's medium as a disk" "$(medium "$stub")" "aio:$host/first.iso"
forget

# The new disk's set comes when the disk is there, and that takes a moment.
wait_until_new () { wait_until offer_new; }
offer_new () { [[ $(medium "$stub" 2>/dev/null) == *second.iso ]] && offer 7; }
wait_until_new & background+=($!)
xl cd-insert one hdc "$host/second.iso" 2>"$host/err"
is "cd-insert succeeds" $? 0
is "the device model lets go of the old one and takes the new one" \
  "$(commands "$guest" | grep -v query-fdsets)" 'query-version {}
eject {"id": "ide-5632"}
blockdev-change-medium {"filename": "/dev/fdset/7", "format": "host_device", "id": "ide-5632"}'
is "the stubdomain's disk is another one" "$(medium "$stub")" "aio:$host/second.iso"
is "so is the guest's" "$(medium "$guest")" "aio:$host/second.iso"
ok "and what is recorded" has second.iso "$(recorded)"

forget
xl cd-eject one hdc 2>"$host/err"
is "cd-eject succeeds" $? 0
is "its descriptor is taken from the device model" "$(commands "$guest" | grep -v query-fdsets)" 'query-version {}
eject {"id": "ide-5632"}
remove-fd {"fdset-id": 7}'
ok "and the disk from the stubdomain" bash -c "! xenstore-exists /local/domain/$stub/device/vbd/$devid"
is "the guest's drive is empty" "$(medium "$guest")" ""
ok "another set is left alone" has '"fdset-id": 1' "$(cat "$host/fdsets")"

forget
first_again () { [[ $(medium "$stub" 2>/dev/null) == *first.iso ]] && offer 8; }
wait_until first_again & background+=($!)
xl cd-insert one hdc "$host/first.iso" 2>"$host/err"
is "into the empty drive one is inserted" $? 0
ok "from its set" has '/dev/fdset/8' "$(commands "$guest")"

forget
out=$(xl cd-insert one hdc "$host/second.iso" 2>&1)
ok "a stubdomain that never opens the disk" test $? -ne 0
ok "is named" has "the stubdomain has not opened the new medium of hdc" "$out"
is "after ten looks" "$(commands "$guest" | grep -c query-fdsets)" $((2 + 10))
destroy
plan

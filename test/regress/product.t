#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Product properties of an appliance, and the OVF environment that brings them into the guest.
. "$(dirname "$0")/lib.sh"
PRODUCT=$VM_IFACE.product

# The CD lies at a fixed place of the host; the simulated one has a folder of its own for that.
root=
if [[ $XM_TARGET == sim ]]; then
  root=$WORK/root
  printf '[paths]\nhost-root=%s\n' "$root" >"$XM_SIM_DIR/xenmgr-xl.conf"
  daemon restart
  trap 'clean_up; rm -f "$XM_SIM_DIR/xenmgr-xl.conf"; daemon restart' EXIT
fi

new_guest product
db () { xec -s com.citrix.xenclient.db -o / "$@"; }
db inject "/vm/$U/productproperty" '{
  "net.port.1": {"key":"port","class":"net","instance":"1","type":"uint16","description":"where",
                 "userconfigurable":"true","password":"false","value":"80"},
  "motto": {"key":"motto","value":"<a> & \"b\""}}'
list () { xec -o "$VM" -i "$PRODUCT" list-product-properties | sed -n 's/^ *"\([a-z-]*\)" *= \(.*\)$/\1=\2/p'; }
get () { xec -o "$VM" -i "$PRODUCT" get-product-property "$1"; }
set_value () { xec -o "$VM" -i "$PRODUCT" set-product-property "$1" "$2"; }

# --- properties ---
prints 'two properties' 'id=net.port.1
type=uint16
key=port
class=net
instance=1
label=
description=where
user-configurable=true
password=false
id=motto
type=String
key=motto
class=
instance=
label=
description=
user-configurable=false
password=false' list
prints 'a value' 80 get net.port.1
prints 'none' '' get none
succeeds 'set it' set_value net.port.1 65535
for value in 65536 -1 '' 1x; do
  fails "no port: '$value'" "value '$value' is invalid for product property" set_value net.port.1 "$value"
done
fails 'a property that is not there' 'no product property with id none' set_value none x
prints 'the value is kept' 65535 get net.port.1
daemon restart
prints 'over a restart' 65535 get net.port.1

# --- the environment ---
xml=$(xec -o "$VM" -i "$PRODUCT" get-ovf-env-xml)
like 'the document is of this VM' "$xml" "<Environment xmlns=\"http://schemas.dmtf.org/ovf/environment/1\".* oe:id=\"$U\""
like 'it has the port' "$xml" '<Property oe:key="net.port.1" oe:value="65535"/>'
like 'and the motto, as XML' "$xml" 'oe:value="&lt;a&gt; &amp; &quot;b&quot;"'

# --- the CD ---
iso=$root/var/lib/ovf/$U-env.iso
on_cd () { grep -aqF -- "$1" "$iso"; }
succeeds 'start without a CD' xec-vm -u "$U" start
is 'there is none' "$(ls "$iso" 2>/dev/null)" ''
xec-vm -u "$U" destroy
xec -o "$VM" set ovf-transport-iso true
succeeds 'start with it' xec-vm -u "$U" start
is 'it is a CD' "$(dd if="$iso" bs=1 skip=32769 count=5 2>/dev/null)" CD001
succeeds 'with the document' on_cd 'oe:key="net.port.1" oe:value="65535"'
succeeds 'under its name' on_cd 'ovf-env.xml'
is 'for root alone' "$(stat -c %a "$iso")" 600
like 'the guest has it' "$(xl list -l "$(xec-vm -u "$U" get domid)")" "\"pdev_path\": \"$iso\""
set_value net.port.1 81
xec-vm -u "$U" destroy
is 'with the domain it goes' "$(ls "$iso" 2>/dev/null)" ''
succeeds 'start again' xec-vm -u "$U" start
succeeds 'the new one has the new value' on_cd 'oe:key="net.port.1" oe:value="81"'
guest_up product
guest_do product poweroff
state_becomes 'a guest that ends by itself' "$U" stopped
is 'takes it along' "$(ls "$iso" 2>/dev/null)" ''
xec -o "$VM" set run-pre-boot /bin/false
fails 'a start that fails' '/bin/false FAILED' xec-vm -u "$U" start
is 'leaves none' "$(ls "$iso" 2>/dev/null)" ''

done_testing

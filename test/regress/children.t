#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Child service VMs, and the properties that concern several VMs.
. "$(dirname "$0")/lib.sh"
UNRESTRICTED=$VM_IFACE.unrestricted

new_guest parent
parent=$VM parent_uuid=$U

# A service whose templates are ours.
templates=$WORK/templates
mkdir "$templates"
case $XM_TARGET in
  sim) XM_TEMPLATES=$templates daemon restart ;;
  *) XM_DAEMON_OPTIONS="${XM_DAEMON_OPTIONS-} --templates $templates" daemon restart ;;
esac
trap 'clean_up; daemon restart' EXIT
create () { xec -o "$parent" create-child-service-vm "$1"; }
vms () { xec list-vms | sort; }

# --- templates ---
prints 'no templates' '' xec list-child-service-vm-templates
cat >"$templates/child-net" <<'JSON'
{"type":"ndvm","name":"net","config":{"virt-type":"pv"},"run-post-create":"/bin/false",
 "parent-override":{"realm":"${PARENT_UUID}","sync-uuid":"${UUID}",
                    "config":{"memory":"96","nic":{"0":{"id":"0","backend-uuid":"${UUID}"}}}}}
JSON
cp "$templates/child-net" "$templates/child-other"
prints 'two' $'net\nother' xec list-child-service-vm-templates

# --- a child ---
watch_signals
succeeds 'create' create net
adopt "$out"
signal_comes 'vm_created' vm_created "$U"
signal_comes 'the parent has changed' vm_config_changed "$parent_uuid"
prints 'its type' ndvm xec -o "$VM" get type
prints 'it has no slot' 0 xec -o "$VM" get slot
prints "the parent's uuid" "$parent_uuid" xec -o "$parent" get realm
prints "the child's uuid" "$U" xec -o "$parent" get sync-uuid
prints 'the override wins' 96 xec -o "$parent" get memory
prints 'what it does not name stays' parent xec -o "$parent" get name
prints 'a NIC of the parent' "$parent/nic/0" xec -o "$parent" list-nics
prints 'with the child as backend' "$U" xec -o "$parent/nic/0" get backend-uuid
daemon_kept=$U

# --- what fails leaves nothing ---
before=$(vms)
fails 'no such template' '223:IO error: .*child-none: openFile: does not exist' create none
fails 'not upwards' 'does not name a template' create ../child-net
echo '{' >"$templates/child-bad"
fails 'no JSON' 'malformed JSON file' create bad
echo "{\"uuid\":\"$daemon_kept\"}" >"$templates/child-taken"
fails 'a uuid that is taken' 'there is a vm with uuid' create taken
is 'no VM more' "$(vms)" "$before"

# --- policy ---
config () { xec -i $IFACE.config "$@"; }
prints 'creation is allowed' true config get vm-creation-allowed
succeeds 'forbid it' config set vm-creation-allowed false
prints 'it is forbidden' false config get vm-creation-allowed
fails 'no child then' '220:Action suppressed by active policy settings' create net
fails 'no other VM' '220:Action suppressed by active policy settings' xec create-vm-with-template child-net
succeeds 'allow it' config set vm-creation-allowed true
succeeds 'forbid deletion' config set vm-deletion-allowed false
fails 'no deletion then' '220:Action suppressed by active policy settings' xec -o "$VM" delete
succeeds 'allow it' config set vm-deletion-allowed true
is 'no VM more or less' "$(vms)" "$before"

# --- native experience ---
adopt "$(create other)"
other=$VM
xec -o "$other" set type svm
succeeds 'one VM' xec -o "$parent" set native-experience true
prints 'starts on boot' true xec -o "$parent" get start-on-boot
prints 'without switcher' false xec -o "$parent" get show-switcher
succeeds 'then another' xec -o "$other" set native-experience true
prints 'the first no more' false xec -o "$parent" get native-experience
prints 'the other does' true xec -o "$other" get native-experience
prints 'it is not to be started' false xec -o "$other" get autostart-pending

# --- the stubdomain: libxl names it in xenstore ---
stub_is () { [[ $(xec -o "$parent" -i "$UNRESTRICTED" get stub_domid) == "$1" ]]; }
name_stub () { xenstore-write -- "/local/domain/$domid/image/device-model-domid" "$1"; }
succeeds 'a VM that is off has none' stub_is -1
fails 'its backend is the child, which is off' '232:' xec -o "$parent" start
xec -o "$parent/nic/0" delete
succeeds 'start' xec -o "$parent" start
domid=$(xec -o "$parent" get domid)
succeeds 'nor has a PV guest' stub_is -1
name_stub 9
within 'the one that xenstore names' "$LIMIT" stub_is 9
for text in 40000 0 -1 9x ''; do
  name_stub "$text"
  within "no domain: '$text'" "$LIMIT" stub_is -1
  name_stub 9
  within 'the right one again' "$LIMIT" stub_is 9
done
xec -o "$parent" destroy
succeeds 'it goes with the domain' stub_is -1

done_testing

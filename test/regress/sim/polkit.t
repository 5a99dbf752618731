#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Who may call the service: root alone, or whom the real polkitd lets.
. "$(dirname "$0")/../lib.sh"
sim_only

chmod 711 "$XM_SIM_DIR"
as_nobody () { setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"; }
S=com.citrix.xenclient.xenmgr
call () { # OBJECT INTERFACE.METHOD [ARGUMENT...]: by somebody who is not root
  local object=$1 method=$2
  shift 2
  as_nobody gdbus call --system --timeout=60 --dest $S --object-path "$object" --method "$method" "$@" 2>&1
}
get () { call "$1" org.freedesktop.DBus.Properties.Get "$2" "$3"; }
set_text () { call "$1" org.freedesktop.DBus.Properties.Set "$2" "$3" "<'$4'>"; }

# --- the bus policy: root alone ---
new_guest guarded
like 'the bus itself can be called' "$(as_nobody busctl --system call org.freedesktop.DBus / org.freedesktop.DBus GetId 2>&1)" '^s '
for name in $S com.citrix.xenclient.db; do
  like "$name cannot be called" "$(as_nobody busctl --system call $name / org.freedesktop.DBus.Introspectable Introspect 2>&1)" \
    'Access denied|AccessDenied|not allowed'
  like 'nor owned' "$(as_nobody busctl --system call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus RequestName su $name 0 2>&1)" \
    'Access denied|AccessDenied|not allowed'
done
unique=$(busctl --system call org.freedesktop.DBus / org.freedesktop.DBus GetNameOwner s $S | cut -d'"' -f2)
like 'not by its unique name either' "$(as_nobody gdbus call --system --dest "$unique" --object-path / --method $S.list_vms 2>&1)" 'Access denied|AccessDenied|not allowed'

# --- polkit without a polkitd ---
cp "$XM_SOURCE/docs/examples/xenmgr-xl-polkit.conf" "$XM_SIM_DIR/bus-more.conf"
printf '[access]\npolkit=true\n' >"$XM_SIM_DIR/xenmgr-xl.conf"
daemon restart
busctl --system call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus ReloadConfig
like 'nobody is let in without polkit' "$(call / $S.list_vms)" 'list_vms needs com.citrix.xenclient.xenmgr.read: polkit cannot be asked'
like 'not to a property' "$(get "$VM" $VM_IFACE name)" 'Get com.citrix.xenclient.xenmgr.vm.name needs com.citrix.xenclient.xenmgr.read'
like 'not to introspect' "$(call / org.freedesktop.DBus.Introspectable.Introspect)" 'polkit cannot be asked'
like 'nor where the VMs are' "$(call /vm org.freedesktop.DBus.Introspectable.Introspect)" 'polkit cannot be asked'
succeeds 'root needs no polkit' xec list-vms
like 'and sees the VM' "$out" "$VM"

as_nobody gdbus monitor --system --dest $S >"$WORK/heard" 2>&1 &
watchers+=($!)
within 'anybody can listen' "$LIMIT" grep -q 'is owned by' "$WORK/heard"
heard () { xec -o "$VM" set description "heard $RANDOM" && grep -q 'PropertiesChanged (' "$WORK/heard"; }
within 'and hears of changes' "$LIMIT" heard
like 'but no values' "$(grep -m 1 'PropertiesChanged (' "$WORK/heard")" "vm', @a\\{sv\\} \\{\\}, \\['description'\\]\\)\$"

# --- a real polkitd, with rules and actions of the test's own ---
mkdir -p "$WORK/rules" "$WORK/actions"
cp "$XM_SOURCE/dbus-xml/com.citrix.xenclient.xenmgr.policy" "$WORK/actions"
chmod -R a+rX "$WORK"
cat >"$WORK/rules/50-test.rules" <<'RULES'
polkit.addRule (function (action, subject) {
  var prefix = "com.citrix.xenclient.xenmgr.";
  if (subject.user != "nobody" || action.id.indexOf (prefix) != 0)
    return polkit.Result.NOT_HANDLED;
  if (action.id == prefix + "read")
    return polkit.Result.YES;
  if (action.id == prefix + "operate" && action.lookup ("member") == prefix + "vm.start")
    return polkit.Result.YES;
  if (action.id == prefix + "configure" &&
      action.lookup ("member") == "Set " + prefix + "vm.description")
    return polkit.Result.YES;
  if (action.id == prefix + "operate")
    return polkit.Result.NO;
  return polkit.Result.NOT_HANDLED;
});
RULES
chmod a+r "$WORK/rules/50-test.rules"
unshare --mount --propagation private bash -c '
  mount --bind "$1/rules" /etc/polkit-1/rules.d && mount --bind "$1/actions" /usr/share/polkit-1/actions &&
  exec /usr/lib/polkit-1/polkitd --no-debug' polkitd "$WORK" >"$WORK/polkitd.log" 2>&1 &
polkitd=$!
watchers+=("$polkitd")
polkit_up () { busctl --system call org.freedesktop.DBus / org.freedesktop.DBus NameHasOwner s org.freedesktop.PolicyKit1 | grep -q true; }
within 'polkitd is there' "$LIMIT" polkit_up || diag "$(<"$WORK/polkitd.log")"

like 'a list' "$(call / $S.list_vms)" "$VM"
like 'a property' "$(get "$VM" $VM_IFACE name)" "^\\(<'guarded'>,\\)"
like 'all properties' "$(call "$VM" org.freedesktop.DBus.Properties.GetAll $VM_IFACE)" "'name': <'guarded'>"
like 'introspection' "$(call "$VM" org.freedesktop.DBus.Introspectable.Introspect)" 'interface name='
like 'a property that there is not' "$(get "$VM" $VM_IFACE nosuch)" 'No such property|InvalidArgs'
is 'a start, by a rule that sees the member' "$(call "$VM" $VM_IFACE.start)" '()'
prints 'has happened' running xec-vm -n guarded get state
like 'what the rule forbids' "$(call "$VM" $VM_IFACE.destroy)" 'vm.destroy needs com.citrix.xenclient.xenmgr.operate: not authorized by polkit'
prints 'has not' running xec-vm -n guarded get state
is 'a setting, by a rule that sees the property' "$(set_text "$VM" $VM_IFACE description 'by nobody')" '()'
prints 'is made' 'by nobody' xec-vm -n guarded get description
like 'another takes a password' "$(set_text "$VM" $VM_IFACE name stolen)" 'needs com.citrix.xenclient.xenmgr.configure'
prints 'and is not made' guarded xec -o "$VM" get name
like 'so do deletions' "$(call "$VM" $VM_IFACE.delete)" 'needs com.citrix.xenclient.xenmgr.configure'
like 'the host' "$(call /host $S.host.reboot)" 'needs com.citrix.xenclient.xenmgr.host'
like 'the database' "$(call / com.citrix.xenclient.db.dump /)" 'needs com.citrix.xenclient.xenmgr.host'
like 'and what goes past the policies' "$(call / $S.unrestricted.unrestricted_delete_vm "$U")" 'needs com.citrix.xenclient.xenmgr.host'
succeeds 'root is not asked' xec-vm -n guarded destroy
# many at once, each with an answer
for ((i = 0; i < 20; i++)); do call / $S.list_vms >"$WORK/out.$i" & callers[i]=$!; done
wait "${callers[@]}"
is 'twenty callers at once' "$(cat "$WORK"/out.* | grep -c "$VM")" 20

# --- polkitd ends ---
kill "$polkitd"; wait "$polkitd" 2>/dev/null
polkit_gone () { ! polkit_up; }
within 'polkitd has gone' "$LIMIT" polkit_gone
like 'nobody is let in' "$(call / $S.list_vms)" 'polkit cannot be asked'
succeeds 'but root' xec list-vms
printf '[access]\npolkit=perhaps\n' >"$XM_SIM_DIR/xenmgr-xl.conf"
daemon restart 2>/dev/null
is 'a switch that is none' $? 1
like 'is named' "$(tail -n 1 "$XM_SIM_DIR/daemon.log")" '\[access\] polkit'
rm "$XM_SIM_DIR/xenmgr-xl.conf" "$XM_SIM_DIR/daemon.pid"
daemon start

done_testing

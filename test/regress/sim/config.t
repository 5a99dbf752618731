#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The settings that are files of the host, what may be run when they are set, and status reports
# made by the host's own tool.
. "$(dirname "$0")/../lib.sh"
sim_only

root=$XM_SIM_DIR/root
mkdir -p "$root/etc"
cat >"$WORK/tool" <<'TOOL'
#!/bin/bash
echo "$*" >>"${0%/*}/calls"
[[ ! -e ${0%/*}/refuse ]] || exit 1
TOOL
chmod +x "$WORK/tool"
calls () { cat "$WORK/calls" 2>/dev/null | paste -sd ,; }

# configure LINE...: the group [commands] of the key file
configure () {
  printf '%s\n' '[paths]' "host-root=$root" '[commands]' "$@" >"$XM_SIM_DIR/xenmgr-xl.conf"
}
configure
succeeds 'the service starts with a host of its own' daemon restart
watch_signals

# --- flags: stored, and nothing is run ---
flags=(
  "enable-ssh config/etc/ssh/sshd_not_to_be_run"
  "enable-argo-ssh config/etc/ssh/argo_not_to_be_run"
  "enable-dom0-networking config/system/dom0-networking-disabled"
)
for row in "${flags[@]}"; do
  read -r name file <<<"$row"
  prints "$name at first" true xec get "$name"
  succeeds "set $name false" xec set "$name" false
  is 'the flag is there' "$(stat -c %F "$root/$file")" 'regular empty file'
  prints 'and read' false xec get "$name"
done
succeeds 'the service starts again' daemon restart
for row in "${flags[@]}"; do
  read -r name file <<<"$row"
  prints "$name is still set" false xec get "$name"
  succeeds "set $name true" xec set "$name" true
  is 'the flag is gone' "$(ls "$root/$file" 2>/dev/null)" ''
  prints 'and that is read' true xec get "$name"
done
is 'nothing was run' "$(calls)" ''
sync_signals
is 'and nobody told' "$(signals config_changed)" ''

# --- language ---
prints 'language at first' en-us xec -g language
fails 'another' "^$FAILED: 236:Unsupported language\$" xec set language de-de
printf '%s\n' 'supported-languages="en-us de-de"' 'secondary-gpu-pt=false' >"$root/etc/caps.default"
prints 'supported-languages of the host' $'en-us\nde-de' xec get supported-languages
prints 'secondary-gpu-pt of the host' false xec get secondary-gpu-pt
prints 'what it does not say' true xec get configurable-save-changes-across-reboots
# the command line of OpenXT's language-sync
dbus-monitor --system --profile "type='signal',interface='$IFACE',member='language_changed'" >"$WORK/monitor" 2>&1 &
watchers+=($!)
within 'dbus-monitor listens' "$LIMIT" grep -q NameLost "$WORK/monitor" # a monitor has no name
forget_signals
succeeds 'now it may be set' xec set language de-de
sync_signals
is_told () { grep -qE "^sig[[:blank:]].*[[:blank:]]${IFACE}[[:blank:]]+language_changed\$" "$WORK/monitor"; }
within 'dbus-monitor prints a line' "$LIMIT" is_told || diag "$(<"$WORK/monitor")"
is 'config_changed' "$(signals config_changed)" '[]'
is 'language_changed' "$(signals language_changed)" '[]'
prints 'and is' de-de xec -g language
is 'in its file' "$(<"$root/config/language.conf")" "LANGUAGE='de-de'"
succeeds 'the service starts again' daemon restart
prints 'language is still set' de-de xec get language

# --- with commands ---
configure "ssh-on=$WORK/tool enable 'the daemon'" "ssh-off=$WORK/tool disable" \
  "networking-off=$WORK/tool down"
kill -HUP "$(daemon pid)"
sshd_told () { rm -f "$WORK/calls"; xec set enable-ssh false && [[ -e $WORK/calls ]]; }
within 'the key file is read again' "$LIMIT" sshd_told
is 'with the words of the key file' "$(calls)" disable
rm "$WORK/calls"
succeeds 'and on' xec set enable-ssh true
is 'likewise' "$(calls)" 'enable the daemon'
touch "$WORK/refuse"
fails 'a command that fails' \
  "^$FAILED: 223:IO error: command: \".*tool disable\" FAILED\.\$" xec set enable-ssh false
prints 'the flag stays as set' false xec get enable-ssh
rm "$WORK/refuse" "$WORK/calls"
succeeds 'networking off' xec set enable-dom0-networking false
succeeds 'and on, for which there is no command' xec set enable-dom0-networking true
is 'one was run' "$(calls)" down

# --- a key file that is wrong ---
configure 'ssh-on="open'
fails 'words that do not end' '\[commands\] ssh-on: ' "$XM_DAEMON" --config "$XM_SIM_DIR/xenmgr-xl.conf"
configure 'ssh-off=' "status-report=$WORK/status-tool 'one word'"
cat >"$WORK/status-tool" <<'TOOL'
#!/bin/bash
cp "$XM_USER_REPORT" "${0%/*}/user-report"
printf '%s\n' "$@" >"${0%/*}/words"
echo /somewhere/report.tar.gz
TOOL
chmod +x "$WORK/status-tool"
succeeds 'an empty one is none' daemon restart
rm "$WORK/calls"
succeeds 'set enable-ssh' xec set enable-ssh false
is 'nothing is run' "$(calls)" ''

# --- status reports of the host's own ---
prints 'create-status-report' /somewhere/report.tar.gz \
  xec -i $IFACE.diag create-status-report false true summary description steps ticket
is 'its words' "$(paste -sd , "$WORK/words")" \
  'one word,--no-screenshots,--vm-diagnostics,--quiet,--print-tarball'
like 'what the user says' "$(<"$WORK/user-report")" '<ticket>ticket</ticket>'

done_testing

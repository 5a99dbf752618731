#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The settings of the host on object /: what each is at first, setting it, who
# is told, and that it is still set when the service has started again.
. "$(dirname "$0")/lib.sh"
CONFIG=$IFACE.config
UI=$CONFIG.ui
db () { xec -s com.citrix.xenclient.db -o / "$@"; }
get () { xec -o / -i "$1" get "$2"; }

# What the host had before is put back, in the order it was found in.
before=()
put_back () {
  local row interface name value
  for row in "${before[@]}"; do
    IFS=$'\t' read -r interface name value <<<"$row"
    xec -o / -i "$interface" set "$name" "$value" >/dev/null 2>&1
  done
  for key in "${fresh[@]}"; do db rm "$key" >/dev/null 2>&1; done
  clean_up
}
fresh=()
trap put_back EXIT

watch_signals

# interface, property, key in the store (- for none), default, another value, its text in the
# store (- for the value itself), config_changed or not
rows=(
  "$CONFIG argo-firewall /xenmgr/argo-firewall true false - silent"
  "$CONFIG argo-hosts-file /xenmgr/argo-hosts-file true false - told"
  "$CONFIG autolock-cd-drives /xenmgr/autolock-cd-drives true false - silent"
  "$CONFIG autostart /xenmgr/autostart true false - told"
  "$CONFIG connect-remote-desktop-allowed /xenmgr/uiConnectRemoteDesktopAllowed true false - told"
  "$CONFIG dom0-mem-target-mib /dom0-mem-target-mib 256 300 - silent"
  "$CONFIG iso-path /xenmgr/isos /storage/isos /tmp - told"
  "$CONFIG measure-fail-action /xenmgr/measure-fail-action forced-shutdown idle-shutdown - told"
  "$CONFIG ota-upgrades-allowed /ota-upgrades-disallowed true false true told"
  "$CONFIG platform-crypto-key-dirs /xenmgr/platform-crypto-key-dirs /config/platform-crypto-keys /a,/b - told"
  "$CONFIG pvm-autostart-delay /xenmgr/pvm-autostart-delay 0 -5 - told"
  "$CONFIG svm-autostart-delay /xenmgr/svm-autostart-delay 0 1 - told"
  "$CONFIG vm-creation-allowed /vm-create-disallowed true false true told"
  "$CONFIG vm-deletion-allowed /vm-delete-disallowed true false true told"
  "$CONFIG xc-diag-timeout /xenmgr/xc-diag-timeout 180 2 - told"
  "$UI modify-advanced-vm-settings /xenmgr/uiModifyAdvancedVmSettings true false - told"
  "$UI modify-services /xenmgr/uiModifyServices true false - told"
  "$UI modify-settings /xenmgr/uiModifySettings true false - told"
  "$UI modify-usb-settings /xenmgr/uiModifyUsbSettings true false - told"
  "$UI pointer-trail-timeout /xenmgr/pointerTrailTimeout 0 1250 1.250 told"
  "$UI show-mboot-warning /xenmgr/showMbootWarning true false - told"
  "$UI show-msg-on-no-disk /xenmgr/showMsgOnNoDisk true false - told"
  "$UI show-msg-on-vm-start /xenmgr/showMsgOnVmStart true false - told"
  "$UI show-msg-on-vm-start-tools-warning /xenmgr/showMsgOnVmStartToolsWarning true false - told"
  "$UI show-tools-warning /xenmgr/showToolsWarning true false - told"
  "$UI switcher-enabled /switcher/enabled true false - silent"
  "$UI switcher-keyboard-follows-mouse /switcher/keyboard_follows_mouse false true - silent"
  "$UI switcher-resistance /switcher/resistance 10 11 - silent"
  "$UI switcher-self-switch-enabled /switcher/self-switch-disabled false true false silent"
  "$UI switcher-status-report-enabled /switcher/status-report-enabled true false - silent"
  "$UI view-type /xenmgr/viewType '' large - told"
  "$UI wallpaper /xenmgr/wallpaper images/wallpapers/s9.png images/wallpaper/s6.png - told"
)

# --- all of them: what they are at first, and another value ---
for row in "${rows[@]}"; do
  read -r interface name key default value text tells <<<"$row"
  [[ $(db exists "$key") == false ]] && fresh+=("$key") ||
    before+=("$interface"$'\t'"$name"$'\t'"$(get "$interface" "$name")")
  db rm "$key"
  eval "default=$default"
  prints "$name at first" "$default" get "$interface" "$name"
  forget_signals
  succeeds "set $name" xec -o / -i "$interface" set "$name" "$value"
  is 'it prints nothing' "$out" ''
  prints "$name is set" "$value" get "$interface" "$name"
  prints 'in the store' "${text/#-/$value}" db read "$key"
  sync_signals
  [[ $tells == told ]] && wanted=1 || wanted=0
  is "config_changed: $wanted" "$(signals config_changed | wc -l)" $wanted
done

# --- those without a key of their own ---
prints 'use-networking-domain' true get $CONFIG use-networking-domain
fails 'which cannot be set' 'DBus.Error' xec -o / -i $CONFIG set use-networking-domain false
prints 'idle-time-threshold' 0 get $UI idle-time-threshold
succeeds 'set idle-time-threshold' xec set idle-time-threshold 7
prints 'without effect' 0 get $UI idle-time-threshold
for name in bypass-sha1sum-checks guest-only-networking; do
  prints "$name at first" false get $CONFIG $name
  fails "set $name" 'DBus.Error' xec -o / -i $CONFIG set $name true
  fresh+=("/xenmgr/$name")
  db write "/xenmgr/$name" true
  prints "$name by way of the store" true get $CONFIG $name
  db rm "/xenmgr/$name"
done
for name in secondary-gpu-pt configurable-save-changes-across-reboots; do
  like "$name comes from the host" "$(get $CONFIG $name)" '^(true|false)$'
  fails "set $name" 'DBus.Error' xec -o / -i $CONFIG set $name true
done
succeeds 'supported-languages' get $UI supported-languages
fails 'an unknown language' "^$FAILED: 236:Unsupported language\$" xec set language tlh
succeeds 'xec -g language' xec -g language

# --- what is no value ---
key=/xenmgr/svm-autostart-delay
db write $key soon
fails 'a number that is none' "^$FAILED: Prelude.read: no parse: soon while reading $key\$" \
  get $CONFIG svm-autostart-delay
succeeds 'getall leaves it out' xec -i $CONFIG getall
unlike 'and only it' "$out" 'svm-autostart-delay'
like 'the others are there' "$out" 'xc-diag-timeout'
succeeds 'setting it mends it' xec set svm-autostart-delay 1
fails 'a word for a number' '' xec set svm-autostart-delay soon
succeeds 'an unknown word' xec set measure-fail-action explode
prints 'is stored as nothing' nothing xec get measure-fail-action
xec set measure-fail-action idle-shutdown

# --- what a setting does ---
new='{"slot":"0"}'
fails 'no VM is created' "^$FAILED: 220:Action suppressed by active policy settings\$" \
  xec create-vm-with-template-and-json new-vm-pv "$new"
succeeds 'the unrestricted interface does' xec -i $IFACE.unrestricted \
  unrestricted-create-vm-with-template-and-json new-vm-pv "$new"
adopt "$out"
fails 'and none deleted' "^$FAILED: 220:" xec -o "$VM" delete

# --- after a restart of the service ---
succeeds 'the service starts again' daemon restart
for row in "${rows[@]}"; do
  read -r interface name _ _ value _ <<<"$row"
  prints "$name is still set" "$value" get "$interface" "$name"
done
prints 'autostart follows' false xec get autostart
xec set vm-creation-allowed true
xec set vm-deletion-allowed true
prints 'true leaves no key' false db exists /vm-create-disallowed
succeeds 'VMs can be deleted again' xec -o "$VM" delete

succeeds 'getall of the object' xec getall
unlike 'without an error' "$out" 'DBus.Error'

done_testing

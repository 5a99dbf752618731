#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A guest in an admin's domain ends by itself: where an xl watches over the domain, that removes it;
# where none does, nobody
. "$(dirname "$0")/../lib.sh"

recorded_guest inner
guest_config inner "$U" >"$WORK/inner.cfg"
does () { if [[ $XM_TARGET == sim ]]; then xl-sim guest inner "$1"; else guest_do inner "$1"; fi; }
gone () { ! xl list inner >/dev/null 2>&1; }

# What xl removes at once may never have been seen ended.
while IFS=: read -r options event states left; do
  # no guest in the lab can be made to do these
  [[ $XM_TARGET == lab && $event =~ ^(watchdog|suspend)$ ]] && continue
  # shellcheck disable=SC2086 # words on purpose
  xl create -q $options "$WORK/inner.cfg"
  passes "xl create $options" 'creating running'
  guest_up inner
  does "$event"
  passes "$event" "$states"
  if [[ $left == left ]]; then
    like "$event: the domain is left alone" "$(xl_state inner)" s
    xl destroy inner
    passes "$event: until somebody removes it" stopped
  elif [[ $event == reboot ]]; then
    xec-vm -n inner destroy
    passes "$event: destroy" stopped
  else
    within "$event: no domain is left" "$LIMIT" gone
  fi
  prints "$event: domid" -1 xec-vm -n inner get domid
  prints "$event: acpi-state" 5 xec-vm -n inner get acpi-state
done <<'TABLE'
-e:poweroff:stopping:left
-e:reboot:rebooting:left
-e:crash:stopping:left
-e:watchdog:stopping:left
-e:suspend:suspended:left
:poweroff:(stopping )?stopped:
:reboot:(rebooting )?stopped creating running:
:crash:(stopping )?stopped:
:watchdog:(stopping )?stopped:
:suspend:suspended:left
TABLE

done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Members that are not implemented yet say so by their name, and spoil nothing.
. "$(dirname "$0")/lib.sh"

new_vm unsupported
NOT=org.freedesktop.DBus.Error.NotSupported

# Nothing here depends on Xen: under emulation a sample has to do.
step=1
[[ $XM_TARGET == lab ]] && step=12
n=0
skipped () { ((n++ % step)); }

# Every method without arguments that only reports, on every object: an answer
# or NotSupported with its name. (Methods that act are left alone.)
count=0
for object in / /host "$VM"; do
  for method in $(xec -q -o "$object" --list-methods | grep -E '^(list|get|read|retrieve|auth-required)'); do
    skipped && continue
    out=$(xec -o "$object" "$method" 2>&1)
    if [[ $out == "$NOT"* ]]; then
      ((++count))
      like "$object $method names itself" "$out" "${method//-/_}"
    else
      unlike "$object $method is known to the service" "$out" 'org.freedesktop.DBus.Error.(UnknownMethod|NoReply|Disconnected)'
    fi
  done
done
echo "# methods that only report and are not supported yet: $count"

# Every property can be asked for.
count=0
for object in / /host "$VM"; do
  for property in $(xec -q -o "$object" --list-properties); do
    skipped && continue
    out=$(xec -o "$object" get "$property" 2>&1)
    if [[ $out == "$NOT"* ]]; then
      ((++count))
      like "$object $property names itself" "$out" "$property"
    else
      unlike "$object $property answers" "$out" 'org.freedesktop.DBus.Error'
    fi
  done
done
echo "# properties that are not supported yet: $count"

for object in / /host "$VM"; do
  succeeds "getall of $object" xec -o "$object" getall
  unlike "without an error in it" "$out" 'DBus.Error'
done

done_testing

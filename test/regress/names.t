#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Names, paths and command lines of any content: they arrive intact in Xen, or
# are refused by name; they never become another line of the configuration.
. "$(dirname "$0")/lib.sh"

new_guest plain
plain=$U

# configuration NAME-OF-DOMAIN KEY: a text of the configuration that xl has of a running domain
domid () { xec-vm -u "$plain" get domid; }
text_of () { # KEY
  xl list -l "$(domid)" 2>/dev/null |
    perl -MJSON::PP -0777 -ne '
      my ($key) = @ARGV ? $ARGV[0] : $ENV{KEY};
      my $c = decode_json($_)->[0]{config};
      my $v = exists $c->{c_info}{$key} ? $c->{c_info}{$key} : $c->{b_info}{$key};
      binmode STDOUT, ":utf8"; print $v // ""'
}

# start_with WHAT PROPERTY KEY VALUE: the value arrives, or start names the property
start_with () {
  local what=$1 property=$2 key=$3 value=$4 got
  if ! out=$(xec -o "$(path_of "$plain")" set "$property" "$value" 2>&1); then
    like "$what in $property is refused when it is set" "$out" "$property"
    return
  fi
  is "$what in $property is stored" "$(xec -o "$(path_of "$plain")" get "$property"; echo .)" "$value"$'\n.'
  if ! out=$(xec-vm -u "$plain" start 2>&1); then
    like "$what in $property is refused at start" "$out" "$property"
  else
    got=$(KEY=$key text_of; echo .)
    is "$what in $property arrives intact" "$got" "$value."
    is "memory is what it was" "$(KEY=max_memkb text_of)" 131072
    is "vcpus are what they were" "$(KEY=max_vcpus text_of)" 1
    xec-vm -u "$plain" destroy
  fi
  is "no domain is left of $what in $property" "$(xl list | wc -l)" "$domains"
}

domains=$(xl list | wc -l)
values=(
  'a blank'        'two words'
  'a single quote' "it's"
  'a double quote' 'say "hi"'
  'both quotes'    "it's \"both\""
  'a bracket'      "x]"
  'a comma'        'a,b'
  'a comment sign' 'a#b'
  'a backslash'    'a\b\\n'
  'non-ASCII'      'Grüße, 世界'
  'an equals sign' 'memory=4096'
  'a whole list'   "'],disk=['phy:/dev/null,xvda,w"
  'a semicolon'    'a;memory=4096'
)
newlines=(
  'a line end'     $'a\nmemory=4096'
  'quote and line end' $'a\'\nmemory=4096\nvcpus=\'3'
  'carriage return' $'a\rb'
  'a tab'          $'a\tb'
)
# Every value is a start, and under emulation 30 of them take minutes: there the hardest
# ones have to do. The simulated host tries all, and asks the real xl to read them.
if [[ $XM_TARGET == lab ]]; then
  values=('much at once' "it's \"both\" 世界'],disk=['phy:/dev/null,xvda,w")
  newlines=('quote and line end' $'a\'\nmemory=4096\nvcpus=\'3')
fi
for ((i = 0; i < ${#values[@]}; i += 2)); do
  start_with "${values[i]}" cmd-line cmdline "${values[i + 1]}"
done
for ((i = 0; i < ${#newlines[@]}; i += 2)); do
  start_with "${newlines[i]}" cmd-line cmdline "${newlines[i + 1]}"
done
xec -o "$(path_of "$plain")" set cmd-line "${XM_GUEST_CMDLINE-}"
for ((i = 0; i < ${#values[@]}; i += 2)); do
  start_with "${values[i]}" name name "${values[i + 1]}"
done
for ((i = 0; i < ${#newlines[@]}; i += 2)); do
  start_with "${newlines[i]}" name name "${newlines[i + 1]}"
done
[[ $XM_TARGET == lab ]] || start_with 'a number' name name 4711

# --- paths ---
odd="$WORK/it's, a [kernel]"
cp "$XM_GUEST_KERNEL" "$odd"
xec -o "$(path_of "$plain")" set name plain
start_with 'an odd path' kernel kernel "$odd"
xec -o "$(path_of "$plain")" set kernel "$XM_GUEST_KERNEL"

# --- names that are no names of files or of domains ---
xec -o "$(path_of "$plain")" set name '../../etc/passwd'
succeeds 'a name with slashes starts' xec-vm -u "$plain" start
prints 'and is found' "$plain" xec-vm -n '../../etc/passwd' get uuid
xec-vm -u "$plain" destroy
xec -o "$(path_of "$plain")" set name ''
fails 'an empty name is refused' "name" xec-vm -u "$plain" start

done_testing

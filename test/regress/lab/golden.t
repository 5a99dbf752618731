#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What xl on Xen reads in the xl.cfg of every kind of VM; see test/golden/xl-cfg/README.
. "$(dirname "$0")/../lib.sh"

GOLDEN=$(readlink -f "$(dirname "$0")/../../golden/xl-cfg")

# One line per value of the JSON on standard input, path and value, without those that xl says of
# every domain.
values () {
  perl -MJSON::PP -e '
    my $json = JSON::PP->new->allow_nonref->latin1;
    sub leaves {
      my ($path, $value) = @_;
      if (ref $value eq "HASH") {
        leaves (length $path ? "$path.$_" : $_, $value->{$_}) for keys %$value;
      } elsif (ref $value eq "ARRAY") {
        leaves ("$path\[$_]", $value->[$_]) for 0 .. $#$value;
      } else {
        print "$path ", $json->encode ($value), "\n";
      }
    }
    local $/;
    leaves ("", JSON::PP->new->latin1->decode (<STDIN>));' |
    LC_ALL=C sort | grep -vE '^(c_info\.(uuid|run_hotplug_scripts)|b_info\.claim_mode|on_reboot|on_soft_reset) '
}

for config in "$GOLDEN"/*.cfg; do
  name=$(basename "$config" .cfg)
  is "$name" "$(xl -N create "$config" 2>"$WORK/err" | values)" "$(<"${config%.cfg}.want")"
done
((tests >= 30))
result $? 'there are enough of them'
done_testing

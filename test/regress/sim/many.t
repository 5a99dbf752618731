#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Many VMs at once; test/bench/many by hand has ten times as many.
. "$(dirname "$0")/../lib.sh"
sim_only

"$XM_SOURCE/test/bench/many" 1000 >"$WORK/many" 2>&1
is 'a thousand VMs are served, listed, read again and removed' $? 0
diag "$(cat "$WORK/many")"
done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Nothing grows while a VM starts and ends: a hundred times here, 10 000 times by test/soak/run.
. "$(dirname "$0")/../lib.sh"
sim_only

export SIMHOST_CREATE_STEP_MS=0
"$XM_BUILD/test/soak/soak-cycles" 100 >"$WORK/soak" 2>&1
is 'a hundred lives of a VM' $? 0
diag "$(<"$WORK/soak")"
done_testing

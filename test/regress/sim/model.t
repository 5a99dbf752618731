#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A walk over what can happen to VMs, compared with a model: test/model says how to walk further.
# Always the same way; other seeds, and several things at once, are walked by hand.
. "$(dirname "$0")/../lib.sh"
sim_only

export SIMHOST_REBOOT_DELAY_MS=30 SIMHOST_CREATE_STEP_MS=0 SIMHOST_SAVE_MS=0 SIMHOST_ACK_TIMEOUT=5
"$XM_BUILD/test/model/model-walk" --steps 1000 --seconds 12 --seed 7 >"$WORK/walk"
is 'the service and the model agree' $? 0 || diag "$(tail -n 60 "$WORK/walk")"
diag "$(grep '^seed' "$WORK/walk" | tail -n 1)"
done_testing

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The daemon is killed at random instants while VMs start, stop and reboot: XM_KILLS times (20),
# from the seed XM_SEED (1). test/clients/kill-client does it and prints the TAP.
exec "$XM_BUILD/test/clients/kill-client" "${XM_KILLS:-20}" "${XM_SEED:-1}" 2>&1

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Many clients at once, while VMs start and stop: test/clients/concurrent-client makes the calls
# and prints the TAP.
exec "$XM_BUILD/test/clients/concurrent-client" 2>&1

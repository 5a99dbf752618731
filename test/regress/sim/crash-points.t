#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The daemon dies, or its disk is full or broken, at each change of a file in a VM's life: 36 of
# these here, all with XM_CRASH_POINTS=all. test/clients/crash-client does it and prints the TAP.
points=${XM_CRASH_POINTS:-36}
exec "$XM_BUILD/test/clients/crash-client" ${points/all/} 2>&1

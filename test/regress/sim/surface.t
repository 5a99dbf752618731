#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every member of the interfaces of VMs, disks and NICs: too many calls for a script, so
# test/clients/surface-client makes them and prints the TAP.
exec "$XM_BUILD/test/clients/surface-client" 2>&1

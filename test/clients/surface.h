/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client.h"

/* Columns of test/fixtures/surface.tsv. */
enum { SERVICE, OBJECT, INTERFACE, KIND, MEMBER, IN_ARGS, OUT_ARGS, SIGNATURE, ACCESS };

/** surface_rows: (transfer none): its rows for VMs, disks and NICs. */
GPtrArray *surface_rows (void);

/** surface_test_properties: all properties of a VM, a disk and two NICs: default, new value,
 * restart of the daemon, policy. */
void surface_test_properties (void);

/** surface_test_methods: all methods, with good and bad arguments. */
void surface_test_methods (void);

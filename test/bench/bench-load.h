/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bench-peer.h"

/**
 * bench_load: makes one call over and over, for the VMs in turn.
 * @in_flight: how many wait for their answer at any time
 * @seconds: how long new ones are made
 *
 * An error reply is an error: a refusal is quick, and must not count as speed.
 * Returns: answered calls per second, or a negative number with @error set
 */
double
bench_load (const BenchPeer *peer,
            GDBusConnection *connection,
            BenchCall call,
            guint in_flight,
            double seconds,
            GError **error);

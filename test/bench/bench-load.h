/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bench-peer.h"

/**
 * BenchResult: what a peer managed, and what it took.
 * @rate: answered calls per second
 * @rate_per_cpu: answered calls per second of its processor time, which other
 *   processes of the machine do not change much; 0 without such figures
 */
typedef struct {
  double rate;
  double rate_per_cpu;
} BenchResult;

/**
 * bench_load: makes one call over and over, for the VMs in turn.
 * @in_flight: how many wait for their answer at any time
 * @seconds: how long new ones are made
 *
 * An error reply is an error: a refusal is quick, and must not count as speed.
 */
gboolean bench_load (const BenchPeer *peer,
                     GDBusConnection *connection,
                     BenchCall call,
                     guint in_flight,
                     double seconds,
                     BenchResult *result,
                     GError **error);

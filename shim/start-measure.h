/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/start.h"

G_BEGIN_DECLS

/**
 * xm_start_measure: for a VM with measured=true: stores the SHA-1 sum of disk 0 if it has none
 * yet, then compares each disk that has a sum with it, unless /xenmgr/bypass-sha1sum-checks is
 * true. A difference ends the start (XM_ERROR_NOT_STARTED) after xm_start_measure_failed(). Disks
 * other than phy, file, vhd and aio cannot be measured: XM_ERROR_PLAIN.
 *
 * The sums are made on a thread that tells in the log every few seconds how far it is, and the bus
 * more often (progress.h).
 */
void xm_start_measure (XmStart *start, GTask *task);

/**
 * xm_start_measure_failed: what the host does about a VM whose disks are not what they were:
 * /xenmgr/measure-fail-action, by default forced-shutdown, in the background. Where the key file
 * does not allow that, the log says so.
 */
void xm_start_measure_failed (XmVm *vm);

G_END_DECLS

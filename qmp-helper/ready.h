/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "qmp-helper/options.h"
#include "qmp-helper/xenstore.h"

/*
 * Telling whoever started the helper that clients may come: systemd, libxl
 * through a node in xenstore, anybody through a descriptor that is closed.
 */

/** qh_ready_prepare: opens what qh_ready_tell needs, before the sandbox. false: the reason is told.
 */
bool qh_ready_prepare (const QhOptions *options, QhXenstore *xenstore);

/** qh_ready_tell: false: the reason is told. */
bool qh_ready_tell (const QhOptions *options, QhXenstore *xenstore);

/** qh_ready_undo: at the end. */
void qh_ready_undo (const QhOptions *options, QhXenstore *xenstore);

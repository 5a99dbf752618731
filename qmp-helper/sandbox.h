/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "qmp-helper/transport.h"

/**
 * qh_sandbox_enter: becomes another user if asked for, gives up all capabilities and the way to new
 * ones, and all system calls but those that serving takes; of ioctl, only the transport's own
 * requests. What is forbidden fails with EPERM.
 *
 * Returns: false when that is not possible; the reason is told.
 */
bool qh_sandbox_enter (const QhOptions *options, const QhTransport *transport);

/** qh_sandbox_test: tries what is forbidden and writes what came of it. Returns: an exit status. */
int qh_sandbox_test (const QhTransport *transport);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * xm_watchdog_start: while the default main context turns, the service manager hears of it, twice
 * in the time after which it would take the service for hung (WatchdogSec= of the unit,
 * sd_watchdog_enabled(3)). The programs that the service runs do not learn of the watchdog: its
 * variables leave the environment, so no other thread may run yet.
 *
 * Returns: the id of a GSource, 0 when nobody watches
 */
guint xm_watchdog_start (void);

G_END_DECLS

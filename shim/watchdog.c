/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/watchdog.h"

#include <systemd/sd-daemon.h>

#define TURNS_PER_PERIOD 2

static gboolean
feed (gpointer user_data)
{
  sd_notify (0, "WATCHDOG=1");
  return G_SOURCE_CONTINUE;
}

guint
xm_watchdog_start (void)
{
  guint64 period; /* microseconds */
  if (sd_watchdog_enabled (TRUE, &period) <= 0)
    return 0;
  return g_timeout_add ((guint)MIN (period / 1000 / TURNS_PER_PERIOD, G_MAXUINT), feed, NULL);
}

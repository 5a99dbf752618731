/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmp-helper/stats.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "qmp-helper/log.h"

QhStats qh_stats;

#define ROW(field)                                                                                 \
  {                                                                                                \
#field, offsetof(QhStats, field)                                                               \
  }

static const struct {
  const char *name;
  size_t at;
} rows[] = {
  ROW (sessions),      ROW (refused),       ROW (stalled),      ROW (fds),
  ROW (to_peer),       ROW (to_client),     ROW (dropped),      ROW (datagrams_in),
  ROW (datagrams_out), ROW (foreign),       ROW (oversized),    ROW (blocked),
  ROW (lost),          ROW (accept_errors), ROW (bad_messages), ROW (messages),
};

void
qh_stats_write (void)
{
  char line[480];
  size_t len = 0;
  for (size_t i = 0; i < sizeof rows / sizeof *rows && len < sizeof line; i++) {
    const uint64_t *value = (const uint64_t *)((const char *)&qh_stats + rows[i].at);
    len += (size_t)snprintf (line + len, sizeof line - len, " %s=%" PRIu64, rows[i].name, *value);
  }
  qh_log (QH_LOG_ERROR, "statistics:%s", line);
}

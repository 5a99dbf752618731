/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xlwrap/xl-runner.h"

G_BEGIN_DECLS

/** XlUptime: one line of `xl uptime`. */
typedef struct {
  guint domid;
  char *name;      /* as printed; invalid UTF-8 replaced by U+FFFD */
  guint64 seconds; /* since its creation, restore or reboot; of dom0, since boot */
} XlUptime;

void xl_uptime_free (XlUptime *uptime);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XlUptime, xl_uptime_free)

/**
 * xl_uptime_parse:
 * @text: output of `xl uptime`, times as `3:04:05` or `2 days,  3:04:05`
 *
 * Returns: (transfer full) (element-type XlUptime): in the order printed, or
 * %NULL with XL_ERROR_PARSE naming the line that cannot be understood.
 */
GPtrArray *xl_uptime_parse (const char *text, gssize len, GError **error);

/** xl_uptime_async: `xl uptime` of all domains, parsed. */
void xl_uptime_async (XlRunner *runner,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data);

/** xl_uptime_finish:
 *
 * A domain whose start time xl cannot find is left out, as in xl's own output.
 *
 * Returns: (transfer full) (element-type XlUptime): as xl_uptime_parse().
 */
GPtrArray *xl_uptime_finish (XlRunner *runner, GAsyncResult *result, GError **error);

G_END_DECLS

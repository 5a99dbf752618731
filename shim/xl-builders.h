/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/*
 * Processes of xl that build a domain and are not children of the service:
 * those of a former life of it, and an admin's. A process that `xl create`
 * leaves behind, to watch the domain, leads a session of its own and is none.
 */

/**
 * xm_xl_builders_wait_async: waits until none of those that there are builds any more.
 * @config_path: (nullable): of the service's xl.cfg: those that build from it; they are killed
 *   when the time is over or @cancellable is cancelled. NULL: those of others, which are left alone
 * @seconds: at most
 */
void xm_xl_builders_wait_async (XmService *service,
                                const char *config_path,
                                guint seconds,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);

/** xm_xl_builders_wait_finish: Returns: whether there were any. */
gboolean xm_xl_builders_wait_finish (GAsyncResult *result);

G_END_DECLS

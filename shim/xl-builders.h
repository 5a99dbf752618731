/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/*
 * Processes of xl that build or save a domain and are not children of the service:
 * those of a former life of it, and an admin's. A process that `xl create`
 * leaves behind, to watch the domain, leads a session of its own and is none.
 */

/**
 * xm_xl_builders_wait_async: waits until none of those that there are builds or saves any more.
 * @file: (nullable): the service's xl.cfg, or the file that a domain is saved to: those that have
 *   it on their command line; they are killed when the time is over or @cancellable is cancelled.
 *   NULL: those of others that build, which are left alone
 * @seconds: at most
 */
void xm_xl_builders_wait_async (XmService *service,
                                const char *file,
                                guint seconds,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);

/** xm_xl_builders_wait_finish: Returns: whether there were any. */
gboolean xm_xl_builders_wait_finish (GAsyncResult *result);

/**
 * xm_xl_builders_find: (transfer full) (element-type utf8): process ids of those, children of the
 * service or not, that have @file on their command line. Reads /proc: not for the main loop.
 */
GPtrArray *xm_xl_builders_find (const char *file);

/**
 * xm_xl_rebuilder_continue_async: has the process that watches the VM's domain make it again: with
 * `domain_state_path` in xl.conf, OpenXT's xl waits for SIGUSR1 after it has written `rebooted`.
 * It is the `xl create` or `restore` of this user that leads a session, catches that signal and has
 * a file with the VM's uuid on its command line, or in its name.
 */
void
xm_xl_rebuilder_continue_async (const char *uuid, GAsyncReadyCallback callback, gpointer user_data);

/** xm_xl_rebuilder_continue_finish: Returns: whether there was one. */
gboolean xm_xl_rebuilder_continue_finish (GAsyncResult *result);

G_END_DECLS

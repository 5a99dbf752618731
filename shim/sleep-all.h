/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * What the VMs do before the host sleeps or hibernates: each as its `s3-mode`
 * or `s4-mode` says. `pv`: it sleeps or hibernates, too. `restart`: it is shut
 * down, and after a sleep of the host started again. `ignore`: nothing.
 * `snapshot` fails: nobody can do that.
 *
 * Users' VMs go first, all at once. Before a sleep, the other VMs whose mode is
 * `restart` follow: service VMs that the users' depend on.
 */

typedef enum { XM_SLEEP_S3, XM_SLEEP_S4 } XmSleepKind;

/** XmSleepers: the VMs that sleep or were shut down for the host's sake. */
typedef struct _XmSleepers XmSleepers;
void xm_sleepers_free (XmSleepers *sleepers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XmSleepers, xm_sleepers_free)

/** xm_sleep_all_async: ends when all of them do, or one has failed and the rest have ended. */
void xm_sleep_all_async (XmService *service,
                         XmSleepKind kind,
                         GAsyncReadyCallback callback,
                         gpointer user_data);

/**
 * xm_sleep_all_finish:
 * @sleepers: (out) (transfer full): also after a failure
 *
 * Errors: that of the first VM that does not; XM_ERROR_SLEEP_TIMEOUT for one that was asked to
 * sleep and does not within [timeouts] agent.
 */
gboolean xm_sleep_all_finish (GAsyncResult *result, XmSleepers **sleepers, GError **error);

/** xm_sleepers_add: @vm is to be woken as well; it sleeps already. */
void xm_sleepers_add (XmSleepers *sleepers, XmVm *vm);

/**
 * xm_sleepers_wake_async: starts those that were shut down, service VMs first, and resumes those
 * that sleep. What fails is logged. Ends, without an error, in xm_sleepers_wake_finish().
 * @sleepers: (transfer full)
 */
void
xm_sleepers_wake_async (XmSleepers *sleepers, GAsyncReadyCallback callback, gpointer user_data);
void xm_sleepers_wake_finish (GAsyncResult *result);

G_END_DECLS

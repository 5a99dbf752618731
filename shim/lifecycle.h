/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * The life of a VM's domain. Operations on one VM run one after the other;
 * `destroy` overtakes: it cancels what runs and fails what waits. Between
 * operations the VM follows the picture of the domains (xm_lifecycle_observe).
 *
 * Domains that the service started belong to it: started with `xl create -e`,
 * they stay in Xen after their end until the service has read the reason,
 * destroyed them and, for a reboot, started the VM anew. Which domain belongs
 * to it is kept in `<run-dir>/<uuid>.domid`, so that a restart of the service
 * loses nothing. Other domains are only watched.
 */

typedef enum {
  XM_OPERATION_START,          /* or what its run-insteadof-start says */
  XM_OPERATION_START_INTERNAL, /* in any case */
  XM_OPERATION_SHUTDOWN,
  XM_OPERATION_REBOOT,
  XM_OPERATION_DESTROY,
  XM_OPERATION_PAUSE,
  XM_OPERATION_UNPAUSE,
  XM_OPERATION_SLEEP,
  XM_OPERATION_RESUME,
  XM_OPERATION_HIBERNATE,
  XM_OPERATION_SWITCH,
  XM_OPERATION_SUSPEND_TO_FILE,  /* with a file */
  XM_OPERATION_RESUME_FROM_FILE, /* with a file */
  XM_OPERATION_RECOVER,          /* what the service was doing when it ended */
} XmOperationKind;

XmLifecycle *xm_lifecycle_new (XmVm *vm);
void xm_lifecycle_free (XmLifecycle *lifecycle);

/**
 * xm_lifecycle_run_async:
 *
 * Start ends when the domain runs (at once when the VM runs already), shutdown and destroy when it
 * is gone, reboot when the guest has acknowledged, pause and unpause when Xen shows it. While what
 * run-insteadof-start says is done, other operations go on: it may well be these that it wants.
 */
void xm_lifecycle_run_async (XmVm *vm,
                             XmOperationKind kind,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean xm_lifecycle_run_finish (GAsyncResult *result, GError **error);

/**
 * xm_lifecycle_run_on_file_async: the same for the operations that need a file; also ends in
 * xm_lifecycle_run_finish(). Suspend ends when the domain is gone, resume when one runs again.
 * @file: absolute path of the saved state
 */
void xm_lifecycle_run_on_file_async (XmVm *vm,
                                     XmOperationKind kind,
                                     const char *file,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);

/** xm_lifecycle_is_busy: whether an operation is in progress or waits. */
gboolean xm_lifecycle_is_busy (const XmVm *vm);

/** xm_lifecycle_is_known: whether the VM was ever seen in a picture of the domains: what changes
 * from now on is news. */
gboolean xm_lifecycle_is_known (const XmVm *vm);

/** xm_lifecycle_observe: brings the VM in line with the picture of the domains. */
void xm_lifecycle_observe (XmVm *vm);

/** xm_lifecycle_cancel_all: cancels the operation in progress and fails those that wait. */
void xm_lifecycle_cancel_all (XmVm *vm);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/*
 * Files from guests: one collection at a time asks for them (`gather_request`),
 * takes what comes (`gather`), and ends when as many have come as users' VMs with
 * guest tools run, or at the end of xc-diag-timeout. What guests send is bounded.
 */
typedef struct _XmDiagGather XmDiagGather;

#define XM_DIAG_MAX_FILES 256
/* Bytes of all files of a collection; on the bus a message has 128 MiB at most. */
#define XM_DIAG_MAX_BYTES (64 * 1024 * 1024)

XmDiagGather *xm_diag_gather_new (XmService *service);

/** xm_diag_gather_free: a collection in progress ends as cancelled. */
void xm_diag_gather_free (XmDiagGather *gather);

/**
 * xm_diag_collect_async:
 * @mode: what `gather_request` says
 * @cancellable: (nullable): ends the collection and removes its files
 */
void xm_diag_collect_async (XmService *service,
                            const char *mode,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);

/** xm_diag_collect_finish: (transfer full): the directory of the files, empty when no user's VM
 * runs. */
char *xm_diag_collect_finish (GAsyncResult *result, GError **error);

/** xm_diag_take_async: one file of the collection in progress; without one 216. @data: hexadecimal;
 * kept alive by @owner */
void xm_diag_take_async (XmService *service,
                         const char *name,
                         const char *data,
                         GVariant *owner,
                         GAsyncReadyCallback callback,
                         gpointer user_data);
gboolean xm_diag_take_finish (GAsyncResult *result, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/** XmDiagRequest: what create_status_report asks for. */
typedef struct {
  gboolean screenshots, guest_info;
  const char *summary, *description, *repro_steps, *ticket;
} XmDiagRequest;

/** Bytes that each of the texts may have. */
#define XM_DIAG_MAX_TEXT 65536

/**
 * xm_diag_report_async: makes a status report, one at a time.
 *
 * With [commands] status-report in the key file that program makes it, as OpenXT's status-tool
 * does; it finds the user's words in the file that $XM_USER_REPORT names. Otherwise it is a
 * tarball in the directory of diagnostic files: the user's words, the VMs and their states, the
 * store without what is secret (redact.h), what xl says of host and domains, the unit's last log
 * lines and, if wanted, files from guests (diag-gather.h). What cannot be had is told in its place.
 */
void xm_diag_report_async (XmService *service,
                           const XmDiagRequest *request,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);

/** xm_diag_report_finish: (transfer full): path of the report. */
char *xm_diag_report_finish (GAsyncResult *result, GError **error);

G_END_DECLS

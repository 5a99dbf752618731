/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"
#include "xlwrap/xl-info.h"

G_BEGIN_DECLS

/**
 * XmHostInfo: what `xl info` says of the host, as last heard. One `xl info` serves all who ask at
 * the same time, and those of the next seconds while the domains have as much memory as then.
 * Where xl cannot tell, that counts as an answer, too: nothing is known, or what was known stays.
 */
typedef struct _XmHostInfo XmHostInfo;

XmHostInfo *xm_host_info_new (XmService *service);

/** xm_host_info_free: whoever waits is told at once. */
void xm_host_info_free (XmHostInfo *info);

/** xm_host_info_get: (transfer none) (nullable): as last heard; %NULL when never. */
const XlInfo *xm_host_info_get (const XmHostInfo *info);

/** xm_host_info_is_fresh: whether it need not be asked for now. */
gboolean xm_host_info_is_fresh (const XmHostInfo *info);

/** xm_host_info_refresh: asks xl; @done is called once with @user_data when it has answered, or
 * has not in the time that the settings give to queries. */
void xm_host_info_refresh (XmHostInfo *info, void (*done) (gpointer user_data), gpointer user_data);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/host-properties.h"

G_BEGIN_DECLS

/*
 * Property ui-ready: whether the user interface has come up since the host was booted; kept in
 * xenstore, /xenmgr/ui-ready, which others read, too, and which lives as long as the host is up.
 */

/** xm_host_ui_recover: takes over what xenstore says from before the service's start. */
void xm_host_ui_recover (XmService *service);

GVariant *xm_host_get_ui_ready (XmService *service, const XmHostProperty *row);
void xm_host_set_ui_ready (XmService *service,
                           const XmHostProperty *row,
                           GVariant *value,
                           GDBusMethodInvocation *invocation);

G_END_DECLS

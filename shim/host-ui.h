/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/host-properties.h"
#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * The user interface of the host, on the screen that OpenXT's input daemon gives to one VM or
 * another. Where there is no such daemon, nobody is asked or told.
 *
 * Property ui-ready: whether the user interface has come up since the host was booted; kept in
 * xenstore, /xenmgr/ui-ready, which others read, too, and which lives as long as the host is up.
 * When it does come up and no domain has the screen, the graphics fallback gets it.
 */

/** xm_host_ui_begin: takes over what xenstore says from before the service's start; has users log
 * in where the input daemon says that they do at boot. */
void xm_host_ui_begin (XmService *service);

/** xm_host_ui_find_fallback: (transfer none) (nullable): the VM that shows what no other does, one
 * that runs. Errors: XM_ERROR_PLAIN: there is none, or it does not run. */
XmVm *xm_host_ui_find_fallback (XmService *service, GError **error);

GVariant *xm_host_get_ui_ready (XmService *service, const XmHostProperty *row);
void xm_host_set_ui_ready (XmService *service,
                           const XmHostProperty *row,
                           GVariant *value,
                           GDBusMethodInvocation *invocation);

G_END_DECLS

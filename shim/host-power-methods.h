/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/bus-object.h"

G_BEGIN_DECLS

/* The methods of /host about power; the owner is the XmService. */

/** xm_host_power_method: `shutdown`, `shutdown_idle`, `reboot`, `sleep` and `hibernate`. */
void xm_host_power_method (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation);

/** xm_host_powersettings_methods: those of com.citrix.xenclient.xenmgr.powersettings. */
extern const XmMethod xm_host_powersettings_methods[];

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/*
 * Methods of /host that list names in a directory, which may be on a share that
 * does not answer: on a thread of its own. A directory that is not there is
 * empty. And list_disk_devices, from sysfs.
 */

void xm_host_list_isos (gpointer service, GVariant *parameters, GDBusMethodInvocation *invocation);
void
xm_host_list_ui_plugins (gpointer service, GVariant *parameters, GDBusMethodInvocation *invocation);
void xm_host_list_disk_devices (gpointer service,
                                GVariant *parameters,
                                GDBusMethodInvocation *invocation);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/* Steps of the installation that are left to the first boot: each is a file of the host that is
 * there until it is done. */

/** xm_host_installer_has_work: whether one is left. VMs do not start with the host then. */
gboolean xm_host_installer_has_work (const XmService *service);

/** xm_host_installer_methods: those of com.citrix.xenclient.xenmgr.installer; the owner is the
 * XmService. */
extern const XmMethod xm_host_installer_methods[];

G_END_DECLS

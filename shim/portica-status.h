/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/**
 * xm_portica_status_follow: follows `/xc_tools/porticaStatus/<uuid>/installed` and `enabled` in
 * xenstore, where OpenXT's seamless windows tell of a guest, and keeps them as the VM's
 * `portica-installed` and `portica-enabled`, until the service ends. A node that is not there, or
 * holds neither `true yes 1` nor `false no 0`, changes nothing. What changes often is looked at
 * four times a second at most. To be called when the VMs are on the bus.
 */
void xm_portica_status_follow (XmService *service);

G_END_DECLS

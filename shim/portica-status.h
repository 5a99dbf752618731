/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/** XmPorticaStatus: see xm_portica_status_new(). */
typedef struct _XmPorticaStatus XmPorticaStatus;

/**
 * xm_portica_status_new: follows `/xc_tools/porticaStatus/<uuid>/installed` and `enabled` in
 * xenstore, where OpenXT's seamless windows tell of a guest, and keeps them as the VM's
 * `portica-installed` and `portica-enabled`. A node that is not there, or holds neither
 * `true yes 1` nor `false no 0`, changes nothing. What changes often is looked at four times a
 * second at most. To be called when the VMs are on the bus.
 */
XmPorticaStatus *xm_portica_status_new (XmService *service);
void xm_portica_status_free (XmPorticaStatus *self);

G_END_DECLS

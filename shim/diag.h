/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/bus-object.h"

G_BEGIN_DECLS

/*
 * Interface com.citrix.xenclient.xenmgr.diag of object `/`: diagnostic files for
 * support. A caller that leaves the bus ends what it asked for.
 */

/** xm_diag_methods: of the interface; their owner is the XmService. */
extern const XmMethod xm_diag_methods[];

G_END_DECLS

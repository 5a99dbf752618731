/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/bus-object.h"

G_BEGIN_DECLS

/*
 * Interface com.citrix.xenclient.xenmgr.guestreq of object `/`: what guests ask
 * for. Which guest that is nobody may say of itself; see bus-caller.h.
 */

/** xm_guest_request_methods: of the interface; their owner is the XmService. */
extern const XmMethod xm_guest_request_methods[];

G_END_DECLS

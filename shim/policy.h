/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/bus-object.h"

G_BEGIN_DECLS

/*
 * Interface com.citrix.xenclient.policy of object `/`: what a VM is denied, as
 * words in one text. Each word is one of its `policies` in the store, set to false.
 */

/** xm_policy_methods: of the interface; their owner is the XmService. */
extern const XmMethod xm_policy_methods[];

G_END_DECLS

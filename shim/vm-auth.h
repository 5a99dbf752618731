/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * VMs whose files are in the encrypted storage of one user of the host, named
 * by `crypto-user`.
 */

/** xm_vm_is_locked: whether that storage, /config/sec/s-<user>, is not mounted; %FALSE without a
 * user. */
gboolean xm_vm_is_locked (const XmVm *vm);

/** xm_vm_auth_methods: of interface com.citrix.xenclient.xenmgr.vm.auth. */
extern const XmMethod xm_vm_auth_methods[];

G_END_DECLS

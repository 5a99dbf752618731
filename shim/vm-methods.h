/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/** xm_vm_kind_new: the objects /vm/<uuid>. Owner: the XmVm. */
XmObjectKind *xm_vm_kind_new (void);

/** xm_vm_delete: deletes the VM and answers @invocation. @unrestricted: without the policy check.
 */
void xm_vm_delete (XmVm *vm, gboolean unrestricted, GDBusMethodInvocation *invocation);

G_END_DECLS

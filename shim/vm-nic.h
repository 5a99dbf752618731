/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm-record.h"

G_BEGIN_DECLS

/** xm_vm_nic_kind_new: the objects /vm/<uuid>/nic/<id>. Owner: the XmVmDevice. */
XmObjectKind *xm_vm_nic_kind_new (void);

/** xm_vm_nic_record: (nullable): the row of @property, for the reference. */
const XmRecordRow *xm_vm_nic_record (const char *property);

/* Methods of the VM's interface. Owner: the XmVm. */
void xm_vm_add_nic (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation);
void xm_vm_list_nics (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation);

G_END_DECLS

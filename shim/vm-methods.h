/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/** xm_vm_kind_new: the objects /vm/<uuid>. Owner: the XmVm. */
XmObjectKind *xm_vm_kind_new (void);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/start.h"

G_BEGIN_DECLS

/**
 * xm_vm_nic_specs: (transfer full) (array zero-terminated=1): elements of `vif=[...]`, enabled NICs
 * by id that the VM's network policies allow, in the form that the xl at hand reads. A value that
 * cannot stand in one is refused with an error that names the property.
 */
char **xm_vm_nic_specs (XmVm *vm, const XmStart *start, gboolean hvm, GError **error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/start.h"

G_BEGIN_DECLS

/**
 * xm_vm_nic_specs: (transfer full) (array zero-terminated=1): elements of `vif=[...]`, enabled NICs
 * by id that the VM's network policies allow.
 */
char **xm_vm_nic_specs (XmVm *vm, const XmStart *start, gboolean hvm, GError **error);

/**
 * xm_nic_generate_mac: (transfer full): the MAC of a NIC that has none set, made of its id and the
 * uuid as the original makes it.
 */
char *xm_nic_generate_mac (guint nic_id, const char *uuid);

G_END_DECLS

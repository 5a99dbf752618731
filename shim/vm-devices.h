/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm-config.h"

G_BEGIN_DECLS

/** xm_vm_config_need: @path must exist at start; @disk is the id for the error text, -1 for none.
 */
void xm_vm_config_need (XmVmConfig *config, const char *path, int disk);

/**
 * xm_vm_disk_specs: (transfer full) (array zero-terminated=1): elements of `disk=[...]`, enabled
 * disks by id, in the form that stock xl 4.17 accepts. The image of every disk, enabled or not,
 * becomes a needed file.
 */
char **xm_vm_disk_specs (XmVm *vm, XmVmConfig *config, gboolean hvm, GError **error);

/**
 * xm_vm_nic_specs: (transfer full) (array zero-terminated=1): elements of `vif=[...]`, enabled NICs
 * by id that the VM's network policies allow.
 */
char **xm_vm_nic_specs (XmVm *vm, gboolean hvm, GError **error);

/**
 * xm_nic_generate_mac: (transfer full): the MAC of a NIC that has none set, made of its id and the
 * uuid as the original makes it.
 */
char *xm_nic_generate_mac (guint nic_id, const char *uuid);

G_END_DECLS

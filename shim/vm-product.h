/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * What an appliance wants to be told: the product properties that came with its
 * OVF package, below `productproperty/<id>` of the VM. An id is text:
 * `[class.]key[.instance]`.
 */

/** xm_vm_product_methods: of interface com.citrix.xenclient.xenmgr.vm.product. */
extern const XmMethod xm_vm_product_methods[];

/** xm_vm_product_ids: (transfer full) (array zero-terminated=1): in the store's order. */
char **xm_vm_product_ids (const XmVm *vm);

/** xm_vm_product_read: text at @key of property @id, @fallback when it is unset. Valid until the
 * store changes. */
const char *
xm_vm_product_read (const XmVm *vm, const char *id, const char *key, const char *fallback);

G_END_DECLS

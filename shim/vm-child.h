/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * xm_vm_create_child_service_vm: method `create_child_service_vm`: a new VM from template
 * `child-<tag>`, which serves this one. The template's `parent-override` changes the parent: it is
 * merged over its node in the store, `${PARENT_UUID}` and `${UUID}` in its texts standing for the
 * parent's uuid and the child's. Both happen, or neither.
 */
void xm_vm_create_child_service_vm (gpointer vm,
                                    GVariant *parameters,
                                    GDBusMethodInvocation *invocation);

G_END_DECLS

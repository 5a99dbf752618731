/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/start.h"
#include "shim/vm-properties.h"

G_BEGIN_DECLS

/*
 * The VMs that a VM needs: those that serve its NICs, those that serve theirs,
 * and so on.
 */

/**
 * xm_vm_dependencies: (transfer full) (element-type XmVm): each once, a VM after all that it needs
 * itself; holds references. Disabled NICs count. `errors in dependency graph; check for cycles`
 * when a VM needs itself.
 */
GPtrArray *xm_vm_dependencies (const XmVm *vm, GError **error);

/** xm_vm_get_dependencies: getter of the property: object paths. What the network daemon says
 * counts as of its latest answers. */
GVariant *xm_vm_get_dependencies (const XmVm *vm, const XmVmProperty *row, GError **error);

/**
 * xm_start_dependencies: start step: with `track-dependencies`, starts the dependencies that do not
 * run, one after the other. XM_ERROR_NOT_STARTED when one does not run afterwards; why is logged.
 */
void xm_start_dependencies (XmStart *start, GTask *task);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * The files that the service keeps in its run directory for each VM,
 * `<uuid>.<kind>`, and what is left of them.
 */

/** xm_run_files_remove: of a VM that is deleted. */
void xm_run_files_remove (const XmVm *vm);

/** xm_run_files_tidy: for when the service begins: half-written files, and those of VMs that are in
 * the store no more. */
void xm_run_files_tidy (XmService *service);

G_END_DECLS

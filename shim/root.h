/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/** xm_root_kind_new: object `/`: the VMs as a set, and the configuration database. Owner: the
 * XmService. */
XmObjectKind *xm_root_kind_new (void);

G_END_DECLS

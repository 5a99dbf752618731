/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/** xm_host_kind_new: object `/host`: hardware, devices and power of the host. Owner: the XmService.
 */
XmObjectKind *xm_host_kind_new (void);

G_END_DECLS

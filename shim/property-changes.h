/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/**
 * xm_property_changes_stored: tells PropertiesChanged of all that @path of the store, which was
 * written or removed, or below which something was, makes another value: properties of VMs, their
 * disks and NICs, of the host and of `/`. Whoever wrote it.
 */
void xm_property_changes_stored (XmService *service, const char *path);

G_END_DECLS

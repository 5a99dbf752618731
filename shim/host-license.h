/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/**
 * xm_host_set_license: method set_license: keeps the license in xenstore, /xenmgr/license, for who
 * reads it there, and emits `license_changed`. Nothing depends on it: the hash of the original is
 * made with a secret of its vendor, and a host always counts as licensed.
 */
void
xm_host_set_license (gpointer service, GVariant *parameters, GDBusMethodInvocation *invocation);

G_END_DECLS

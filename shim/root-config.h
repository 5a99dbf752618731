/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/*
 * Interface com.citrix.xenclient.xenmgr.config of object `/`: settings of the
 * host, one row each. Setting one emits `config_changed`, a new value or not.
 */

gconstpointer xm_root_config_lookup (const char *name);
GVariant *xm_root_config_get (gpointer service, gconstpointer row, GError **error);
void xm_root_config_set (gpointer service,
                         const char *interface,
                         gconstpointer row,
                         GVariant *value,
                         GDBusMethodInvocation *invocation);

G_END_DECLS

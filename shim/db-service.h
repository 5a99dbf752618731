/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/store.h"

G_BEGIN_DECLS

/**
 * xm_db_handle: serves one call of com.citrix.xenclient.db from @store.
 * @method: a method of the interface
 * @parameters: already of the method's type
 * @invocation: (transfer full): answered when it returns TRUE, for changes after they are on disk
 *
 * All callers see the whole tree: a stock message bus cannot tell which domain a caller is in.
 *
 * Returns: %FALSE for an unknown method; @invocation is then untouched.
 */
gboolean xm_db_handle (XmStore *store,
                       const char *method,
                       GVariant *parameters,
                       GDBusMethodInvocation *invocation);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/**
 * xm_db_call: the methods of com.citrix.xenclient.db; the owner is the XmService.
 *
 * What the caller sees is the whole tree from dom0, and from another domain what is below
 * /dom-store/<uuid of that domain>, with paths that begin there. A domain whose uuid is not known
 * sees nothing: `failed to resolve domid <n> to uuid`. On a bus that knows no domains all are in
 * dom0; that is asked once.
 */
void xm_db_call (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation);

G_END_DECLS

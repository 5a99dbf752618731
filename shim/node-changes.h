/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/*
 * Changes of xenstore that are put together one by one and made together: an
 * array of XlXenstoreChange that owns its texts.
 */

/** xm_node_changes_new: (transfer full) (element-type XlXenstoreChange). */
GArray *xm_node_changes_new (void);

/** xm_node_changes_add: the arguments are those of XlXenstoreChange, (transfer full) each. */
void xm_node_changes_add (GArray *changes, char *path, char *value, char *permissions);

/** xm_node_changes_make: makes them, if there are any; a failure is logged. */
void xm_node_changes_make (XmService *service, const GArray *changes);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xlwrap/xl-xenstore.h"

struct xs_handle;

G_BEGIN_DECLS

/**
 * XlXenstoreLink: a connection for requests. The calls below block until
 * xenstored answers and set @broken when the connection is of no more use.
 */
typedef struct {
  struct xs_handle *handle;
  gboolean broken;
} XlXenstoreLink;

/** xl_xenstore_call_read: Returns: (transfer full): the node's text; XL_ERROR_NOT_FOUND when there
 * is no such node. */
char *xl_xenstore_call_read (XlXenstoreLink *link, const char *path, GError **error);

/** xl_xenstore_call_list: Returns: (transfer full) (array zero-terminated=1): names of the node's
 * children. */
char **xl_xenstore_call_list (XlXenstoreLink *link, const char *path, GError **error);

/** xl_xenstore_call_apply: all changes in one transaction, tried again while others interfere. */
gboolean xl_xenstore_call_apply (XlXenstoreLink *link,
                                 const XlXenstoreChange *changes,
                                 gsize n_changes,
                                 GError **error);

/** xl_xenstore_check_change: what can be refused without asking xenstored: size, path, permissions.
 */
gboolean xl_xenstore_check_change (const XlXenstoreChange *change, GError **error);

G_END_DECLS

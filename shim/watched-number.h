/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xlwrap/xl-xenstore.h"

G_BEGIN_DECLS

/** XmWatchedNumber: the number that a node of xenstore holds, as it changes. Reading it waits for
 * nothing. */
typedef struct _XmWatchedNumber XmWatchedNumber;

/**
 * xm_watched_number_new:
 * @path: the node
 * @minimum, @maximum: what the number may be
 * @absent: what it is while the node is missing, unread, or holds anything else
 */
XmWatchedNumber *xm_watched_number_new (XlXenstore *xenstore,
                                        const char *path,
                                        gint64 minimum,
                                        gint64 maximum,
                                        gint64 absent);
void xm_watched_number_free (XmWatchedNumber *number);

gint64 xm_watched_number_get (const XmWatchedNumber *number);

/** xm_watched_number_on_change: has @func called with @user_data whenever the number is another. */
void xm_watched_number_on_change (XmWatchedNumber *number,
                                  void (*func) (gpointer user_data),
                                  gpointer user_data);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** XmHostWaiters: who waits for one thing that is under way. Zero it before. */
typedef struct {
  GArray *waiting;
} XmHostWaiters;

/** xm_host_waiters_add: has @done called with @user_data at the next xm_host_waiters_tell(). */
void
xm_host_waiters_add (XmHostWaiters *waiters, void (*done) (gpointer user_data), gpointer user_data);

/** xm_host_waiters_tell: calls and forgets all. */
void xm_host_waiters_tell (XmHostWaiters *waiters);

G_END_DECLS

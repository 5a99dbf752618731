/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-waiters.h"

typedef struct {
  void (*done) (gpointer user_data);
  gpointer user_data;
} Waiter;

void
xm_host_waiters_add (XmHostWaiters *waiters, void (*done) (gpointer user_data), gpointer user_data)
{
  Waiter waiter = { done, user_data };
  if (waiters->waiting == NULL)
    waiters->waiting = g_array_new (FALSE, FALSE, sizeof waiter);
  g_array_append_val (waiters->waiting, waiter);
}

void
xm_host_waiters_tell (XmHostWaiters *waiters)
{
  /* Whoever is told may wait again at once, or end the service. */
  g_autoptr (GArray) waiting = g_steal_pointer (&waiters->waiting);
  for (guint i = 0; waiting != NULL && i < waiting->len; i++) {
    const Waiter *waiter = &g_array_index (waiting, Waiter, i);
    waiter->done (waiter->user_data);
  }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-info.h"

#include "shim/host-waiters.h"

#define MAX_AGE (5 * G_USEC_PER_SEC)

struct _XmHostInfo {
  XmService *service;
  XlInfo *last;
  gint64 asked_at;           /* monotonic; of the answer that is there */
  guint64 memory;            /* of all domains then, MiB */
  GCancellable *cancellable; /* not NULL while xl is asked */
  XmHostWaiters waiters;
};

/* What the domains have: when it changes, so has what is free. */
static guint64
domains_memory (const XmHostInfo *info)
{
  const GPtrArray *domains = xm_domains_get_all (info->service->domains);
  guint64 sum = 0;
  for (guint i = 0; i < domains->len; i++)
    sum += ((const XlDomain *)domains->pdata[i])->memory;
  return sum;
}

static void
on_info (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  XlInfo *fresh = xl_info_finish (XL_RUNNER (source), result, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return; /* the XmHostInfo is gone */
  XmHostInfo *info = user_data;
  if (fresh != NULL) {
    xl_info_free (info->last);
    info->last = fresh;
  } else {
    g_message ("of the host's memory and processors nothing new is known: %s", error->message);
  }
  g_clear_object (&info->cancellable);
  xm_host_waiters_tell (&info->waiters);
}

/* -- public ------------------------------------------------------------------------ */

XmHostInfo *
xm_host_info_new (XmService *service)
{
  XmHostInfo *info = g_new0 (XmHostInfo, 1);
  info->service = service;
  return info;
}

void
xm_host_info_free (XmHostInfo *info)
{
  if (info->cancellable != NULL)
    g_cancellable_cancel (info->cancellable);
  g_clear_object (&info->cancellable);
  xm_host_waiters_tell (&info->waiters);
  xl_info_free (info->last);
  g_free (info);
}

const XlInfo *
xm_host_info_get (const XmHostInfo *info)
{
  return info->last;
}

gboolean
xm_host_info_is_fresh (const XmHostInfo *info)
{
  return info->asked_at != 0 && info->cancellable == NULL &&
         g_get_monotonic_time () - info->asked_at < MAX_AGE &&
         domains_memory (info) == info->memory;
}

void
xm_host_info_refresh (XmHostInfo *info, void (*done) (gpointer user_data), gpointer user_data)
{
  xm_host_waiters_add (&info->waiters, done, user_data);
  if (info->cancellable != NULL)
    return;
  info->cancellable = g_cancellable_new ();
  info->asked_at = g_get_monotonic_time ();
  info->memory = domains_memory (info);
  xl_info_async (info->service->runner, info->cancellable, on_info, info);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/node-changes.h"
#include "shim/text.h"
#include "shim/vm-nodes.h"

#define LAST_DOMID 0x7FEF

/* -- what an earlier service left -------------------------------------------------- */

static gboolean
domain_exists (XmService *service, guint64 domid)
{
  const GPtrArray *all = xm_domains_get_all (service->domains);
  for (guint i = 0; i < all->len; i++) {
    if (((const XlDomain *)all->pdata[i])->domid == domid)
      return TRUE;
  }
  return FALSE;
}

/* Whether @text names a domain that is no more. */
static gboolean
is_gone (XmService *service, const char *text, guint64 *domid)
{
  return text != NULL && g_ascii_string_to_unsigned (text, 10, 1, LAST_DOMID, domid, NULL) &&
         !domain_exists (service, *domid);
}

static void
on_old_domid (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmService *service = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = xl_xenstore_read_finish (XL_XENSTORE (source), result, &error);
  g_autoptr (GArray) changes = xm_node_changes_new ();
  guint64 domid;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) /* the service may be gone */
    return;
  if (!is_gone (service, text, &domid))
    return;
  xm_node_changes_add (changes,
                       g_strdup_printf ("/local/domain/0/backend/argo/%" G_GUINT64_FORMAT, domid),
                       NULL, NULL);
  xm_node_changes_make (service, changes);
}

static void
on_old_backend (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmService *service = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = xl_xenstore_read_finish (XL_XENSTORE (source), result, &error);
  g_autoptr (GArray) changes = xm_node_changes_new ();
  guint64 domid;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (!is_gone (service, text, &domid) || service->network_backend != 0)
    return;
  xm_node_changes_add (changes, g_strdup ("/local/domain/0/backend-domid"), NULL, NULL);
  xm_node_changes_make (service, changes);
}

static void
on_shown (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmService *service = user_data;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) uuids = xl_xenstore_list_finish (XL_XENSTORE (source), result, &error);
  g_autoptr (GArray) changes = xm_node_changes_new ();
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  for (char **uuid = uuids; uuid != NULL && *uuid != NULL; uuid++) {
    const XmVm *vm = xm_vm_lookup (service, *uuid);
    if (!xm_uuid_is_valid (*uuid) || (vm != NULL && vm->nodes != NULL))
      continue;
    g_autofree char *node = g_strdup_printf ("/xenmgr/vms/%s/domid", *uuid);
    xl_xenstore_read_async (service->xenstore, node, NULL, on_old_domid, service);
    xm_node_changes_add (changes, g_strconcat ("/xenmgr/vms/", *uuid, NULL), NULL, NULL);
  }
  xm_node_changes_make (service,
                        changes); /* xenstored takes requests in order: the domids are read first */
}

void
xm_vm_nodes_recover (XmService *service)
{
  xl_xenstore_list_async (service->xenstore, "/xenmgr/vms", NULL, on_shown, service);
  xl_xenstore_read_async (service->xenstore, "/local/domain/0/backend-domid", NULL, on_old_backend,
                          service);
}

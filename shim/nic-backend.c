/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/nic-backend.h"

#include "shim/error.h"
#include "shim/network-daemon.h"
#include "shim/nic-record.h"
#include "shim/vm-device.h"
#include "shim/vm-set.h"

/* -- who serves it ----------------------------------------------------------------- */

static XmVm *
find_by_name (XmService *service, const char *name)
{
  g_autoptr (GPtrArray) vms = xm_vm_set_list (service);
  for (guint i = 0; i < vms->len; i++) {
    if (g_strcmp0 (xm_vm_read (vms->pdata[i], "name"), name) == 0)
      return vms->pdata[i];
  }
  return NULL;
}

/* Every GetAll of a VM with NICs asks, so the answer is kept until the store changes. */
static XmVm *
find_default (XmService *service)
{
  if (service->default_backend_known)
    return service->default_backend;
  g_autoptr (GPtrArray) vms = xm_vm_set_list (service);
  service->default_backend = NULL;
  for (guint i = 0; i < vms->len && service->default_backend == NULL; i++) {
    if (xm_vm_read_boolean (vms->pdata[i], "provides-default-network-backend", FALSE))
      service->default_backend = vms->pdata[i];
  }
  service->default_backend_known = TRUE;
  return service->default_backend;
}

static const char *
named (const XmVm *vm, guint id, const char *key)
{
  const char *text = xm_vm_device_read (vm, "nic", id, key);
  return text != NULL && *text != '\0' ? text : NULL;
}

XmVm *
xm_nic_backend (const XmVm *vm, guint id, gboolean *is_explicit)
{
  XmService *service = vm->service;
  const char *uuid = named (vm, id, "backend-uuid");
  const char *name = named (vm, id, "backend-name");
  if (is_explicit != NULL)
    *is_explicit = uuid != NULL || name != NULL;
  if (uuid != NULL)
    return xm_vm_lookup (service, uuid);
  if (name != NULL)
    return find_by_name (service, name);

  if (service->network_daemon != NULL)
    uuid = xm_network_daemon_backend (service->network_daemon, xm_nic_network (vm, id));
  XmVm *backend = uuid != NULL ? xm_vm_lookup (service, uuid) : NULL;
  if (backend == NULL)
    backend = find_default (service);
  return backend != vm ? backend : NULL;
}

gboolean
xm_nic_backend_domid (const XmVm *vm, guint id, int *domid, GError **error)
{
  gboolean is_explicit;
  const XmVm *backend = xm_nic_backend (vm, id, &is_explicit);
  *domid = backend != NULL ? backend->domid : -1;
  if (*domid >= 0 || !is_explicit)
    return TRUE;
  xm_error_set (error, XM_ERROR_NO_BACKEND);
  return FALSE;
}

gboolean
xm_nic_is_given (const XmVm *vm, guint id)
{
  const char *policy = xm_network_is_wireless (xm_nic_network (vm, id))
                           ? "policies/wireless-networking"
                           : "policies/wired-networking";
  return xm_vm_device_read_boolean (vm, "nic", id, "enable", TRUE) &&
         xm_vm_read_boolean (vm, policy, TRUE);
}

GHashTable *
xm_nic_networks_in_use (XmService *service)
{
  GHashTable *networks = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer vm;
  g_hash_table_iter_init (&iter, service->vms);
  while (g_hash_table_iter_next (&iter, NULL, &vm)) {
    g_autoptr (GArray) ids = xm_vm_list_ids (vm, "config/nic");
    for (guint i = 0; i < ids->len; i++) {
      guint id = g_array_index (ids, guint, i);
      if (named (vm, id, "backend-uuid") == NULL && named (vm, id, "backend-name") == NULL)
        g_hash_table_add (networks, g_strdup (xm_nic_network (vm, id)));
    }
  }
  return networks;
}

/* -- at start ---------------------------------------------------------------------- */

static gboolean
find_backends (XmStart *start, GError **error)
{
  XmVm *vm = start->vm;
  g_autoptr (GArray) ids = xm_vm_list_ids (vm, "config/nic");
  for (guint i = 0; i < ids->len; i++) {
    guint id = g_array_index (ids, guint, i);
    int domid;
    if (!xm_nic_is_given (vm, id))
      continue;
    if (!xm_nic_backend_domid (vm, id, &domid, error))
      return FALSE;
    if (domid > 0)
      g_hash_table_insert (start->nic_backends, GUINT_TO_POINTER (id), GINT_TO_POINTER (domid));
  }
  return TRUE;
}

typedef struct {
  XmStart *start;
  GTask *task;
} Search;

static void
on_refreshed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Search *search = user_data;
  g_autoptr (GTask) task = search->task;
  GError *error = NULL;
  if (xm_network_daemon_refresh_finish (result, &error) && find_backends (search->start, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
xm_start_nic_backends (XmStart *start, GTask *task)
{
  XmService *service = start->vm->service;
  g_autoptr (GArray) ids = xm_vm_list_ids (start->vm, "config/nic");
  if (ids->len == 0) {
    g_task_return_boolean (task, TRUE);
    g_object_unref (task);
    return;
  }
  Search *search = g_new (Search, 1);
  *search = (Search){ start, task };
  xm_network_daemon_refresh_async (service->network_daemon, start->cancellable, on_refreshed,
                                   search);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-live-rows.h"

#include "shim/caps.h"
#include "shim/text.h"

GVariant *
xm_vm_get_autostart_pending (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  static const char list[] = "/xenmgr/autostart-pending-vms";
  XmStore *store = vm->service->store;
  g_autofree const char **names = xm_store_list (store, list);
  gboolean pending = FALSE;
  for (const char **name = names; *name != NULL && !pending; name++) {
    g_autofree char *path = g_strjoin ("/", list, *name, NULL);
    pending = g_strcmp0 (xm_store_read (store, path), vm->uuid) == 0;
  }
  return g_variant_new_boolean (pending);
}

/* -- seamless ---------------------------------------------------------------------- */

GVariant *
xm_vm_get_seamless_traffic (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  if (!xm_vm_is_user (vm))
    return g_variant_new_boolean (FALSE);
  if (xm_vm_read (vm, row->key) != NULL)
    return xm_vm_property_get_stored (vm, row, error);
  g_autofree char *usual = xm_caps_read (vm->service, "seamless-traffic-default");
  return g_variant_new_boolean (usual != NULL && xm_text_is_true (usual));
}

GVariant *
xm_vm_get_portica_enabled (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  const XmVmProperty *seamless = xm_vm_property_lookup ("seamless-traffic");
  if (!xm_vm_read_boolean (vm, "portica-installed", FALSE))
    return g_variant_new_int32 (0);
  g_autoptr (GVariant) traffic = xm_vm_property_get (vm, seamless, error);
  if (traffic == NULL)
    return NULL;
  gboolean in_use =
      g_variant_get_boolean (traffic) && xm_vm_read_boolean (vm, "portica-enabled", FALSE);
  return g_variant_new_int32 (in_use ? 1 : 2);
}

/* -- the rest ---------------------------------------------------------------------- */

GVariant *
xm_vm_get_stub_domid (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  gint64 domid = vm->stub_domid != NULL ? xm_watched_number_get (vm->stub_domid) : -1;
  return g_variant_new_int32 ((gint32)domid);
}

static gboolean
write_native (XmVm *vm, const char *key, gboolean native, GError **error)
{
  const char *text = native ? "true" : "false";
  if (g_strcmp0 (xm_vm_read (vm, key), text) == 0)
    return TRUE;
  if (!xm_vm_write (vm, key, text, error))
    return FALSE;
  xm_vm_config_changed (vm);
  return TRUE;
}

void
xm_vm_set_native_experience (XmVm *vm, const XmVmProperty *row, GVariant *value, GTask *task)
{
  GHashTableIter iter;
  gpointer other;
  GError *error = NULL;
  g_hash_table_iter_init (&iter, vm->service->vms);
  while (error == NULL && g_hash_table_iter_next (&iter, NULL, &other)) {
    if (other != vm && xm_vm_is_user (other) && xm_vm_read_boolean (other, row->key, FALSE))
      write_native (other, row->key, FALSE, &error);
  }
  if (error == NULL && write_native (vm, row->key, g_variant_get_boolean (value), &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
  g_object_unref (task);
}

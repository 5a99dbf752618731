/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/nic-network.h"

#include "shim/error.h"
#include "shim/nic-move.h"
#include "shim/nic-record.h"
#include "shim/vm-device.h"

static void
on_moved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  if (xm_nic_move_finish (result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static gboolean
store_network (XmVm *vm, guint id, const char *network, GError **error)
{
  if (!xm_vm_device_exists (vm, "nic", id)) {
    xm_error_set (error, XM_ERROR_NO_SUCH_NIC);
    return FALSE;
  }
  if (g_str_equal (xm_nic_network (vm, id), network))
    return TRUE;
  if (!xm_vm_device_write (vm, "nic", id, "network", network, error))
    return FALSE;
  xm_vm_config_changed (vm);
  return TRUE;
}

void
xm_nic_set_network (XmVm *vm, guint id, const char *text, GTask *task)
{
  GError *error = NULL;
  g_autofree char *network = xm_network_normalise (text, &error);
  if (network != NULL && store_network (vm, id, network, &error)) {
    if (vm->domid >= 0) {
      xm_nic_move_async (vm, id, network, on_moved, task);
      return;
    }
    g_task_return_boolean (task, TRUE);
  } else {
    g_task_return_error (task, error);
  }
  g_object_unref (task);
}

/* -- as properties of the VM ------------------------------------------------------- */

static GVariant *
get_network (const XmVm *vm, gboolean wireless)
{
  guint id;
  return g_variant_new_string (xm_nic_find (vm, wireless, &id) ? xm_nic_network (vm, id) : "");
}

static void
set_network (XmVm *vm, gboolean wireless, GVariant *value, GTask *task)
{
  guint id;
  if (xm_nic_find (vm, wireless, &id)) {
    xm_nic_set_network (vm, id, g_variant_get_string (value, NULL), task);
    return;
  }
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

GVariant *
xm_vm_get_wired_network (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  return get_network (vm, FALSE);
}

GVariant *
xm_vm_get_wireless_network (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  return get_network (vm, TRUE);
}

void
xm_vm_set_wired_network (XmVm *vm, const XmVmProperty *row, GVariant *value, GTask *task)
{
  set_network (vm, FALSE, value, task);
}

void
xm_vm_set_wireless_network (XmVm *vm, const XmVmProperty *row, GVariant *value, GTask *task)
{
  set_network (vm, TRUE, value, task);
}

GVariant *
xm_vm_get_mac (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  g_autoptr (GArray) ids = xm_vm_list_ids (vm, "config/nic");
  if (ids->len == 0)
    return g_variant_new_string ("");
  return g_variant_new_take_string (xm_nic_mac (vm, g_array_index (ids, guint, 0)));
}

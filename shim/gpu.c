/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/gpu.h"

#include <string.h>

#include "shim/vm-set.h"

static void
gpu_free (gpointer data)
{
  XmGpu *gpu = data;
  g_free (gpu->id);
  g_free (gpu);
}

static int
placement_of (const XmService *service, const char *id, int fallback)
{
  g_autofree char *path = g_strconcat ("/xenmgr/gpu-placement/", id, NULL);
  const char *text = xm_store_read (service->store, path);
  gint64 placement;
  if (text != NULL && g_ascii_string_to_signed (text, 10, G_MININT32, G_MAXINT32, &placement, NULL))
    return (int)placement;
  return fallback;
}

GPtrArray *
xm_gpus_read (const XmService *service)
{
  GPtrArray *gpus = g_ptr_array_new_with_free_func (gpu_free);
  g_autofree char *sysfs = xm_settings_host_path (service->settings, "/sys");
  g_autoptr (GPtrArray) devices = xm_pci_devices_read (sysfs);
  for (int boot_vga = 1; boot_vga >= 0; boot_vga--) {
    for (guint i = 0; i < devices->len; i++) {
      const XmPciDevice *device = devices->pdata[i];
      if (device->class >> 8 != 0x03 || (device->boot_vga == 1) != boot_vga)
        continue;
      XmGpu *gpu = g_new (XmGpu, 1);
      gpu->id = xm_pci_address_to_text (&device->address);
      gpu->placement = placement_of (service, gpu->id, (int)gpus->len);
      g_ptr_array_add (gpus, gpu);
    }
  }
  return gpus;
}

/* -- the property gpu -------------------------------------------------------------- */

/* What the display handler uses is not for guests. */
static gboolean
can_be_passed (const XmService *service, const char *value)
{
  const char *reserved = xm_store_read (service->store, "/xenmgr/dh/gpu");
  g_autoptr (GPtrArray) gpus = xm_gpus_read (service);
  for (guint i = 0; i < gpus->len; i++) {
    const XmGpu *gpu = gpus->pdata[i];
    if (strstr (gpu->id, value) != NULL && (reserved == NULL || strstr (reserved, gpu->id) == NULL))
      return TRUE;
  }
  return FALSE;
}

void
xm_vm_set_gpu (XmVm *vm, const XmVmProperty *row, GVariant *value, GTask *task)
{
  const char *gpu = g_variant_get_string (value, NULL);
  GError *error = NULL;
  /* Taking the adapter away is always possible, also where the host no longer has it. */
  gboolean accepted = *gpu == '\0' || can_be_passed (vm->service, gpu);
  if (!accepted)
    g_message ("%s: there is no gpu %s for a VM", vm->uuid, gpu);
  if (accepted && g_strcmp0 (xm_vm_read (vm, row->key), gpu) != 0) {
    if (xm_vm_write (vm, row->key, gpu, &error))
      xm_vm_config_changed (vm);
  }
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

/* -- seamless mouse ---------------------------------------------------------------- */

static gint
compare_placements (gconstpointer a, gconstpointer b)
{
  const XmGpu *const *x = a, *const *y = b;
  return ((*x)->placement > (*y)->placement) - ((*x)->placement < (*y)->placement);
}

static const XmGpu *
find_gpu (GPtrArray *gpus, const char *id)
{
  for (guint i = 0; i < gpus->len; i++) {
    const XmGpu *gpu = gpus->pdata[i];
    if (g_str_equal (gpu->id, id))
      return gpu;
  }
  return NULL;
}

static XmVm *
running_vm_of (XmService *service, const char *gpu)
{
  g_autoptr (GPtrArray) vms = xm_vm_set_list (service);
  for (guint i = 0; i < vms->len; i++) {
    if (g_strcmp0 (xm_vm_read (vms->pdata[i], "gpu"), gpu) == 0 && xm_vm_is_running (vms->pdata[i]))
      return vms->pdata[i];
  }
  return NULL;
}

GVariant *
xm_vm_get_seamless_mouse (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  const char *id = xm_vm_read (vm, "gpu");
  if (id == NULL || *id == '\0')
    return g_variant_new_int32 (-1); /* most VMs; they need no look at the host */

  g_autoptr (GPtrArray) gpus = xm_gpus_read (vm->service);
  const XmGpu *own = find_gpu (gpus, id);
  if (own == NULL)
    return g_variant_new_int32 (-1);
  gboolean left = g_str_has_suffix (row->name, "-left");
  g_ptr_array_sort (gpus, compare_placements);
  XmVm *neighbour = NULL;
  for (guint i = 0; i < gpus->len && neighbour == NULL; i++) {
    const XmGpu *gpu = gpus->pdata[left ? gpus->len - 1 - i : i]; /* the nearest side by side */
    if (left ? gpu->placement < own->placement : gpu->placement > own->placement)
      neighbour = running_vm_of (vm->service, gpu->id);
  }
  if (neighbour == NULL || neighbour == vm)
    return g_variant_new_int32 (-1);
  return g_variant_new_int32 ((gint32)xm_vm_read_integer (neighbour, "slot", 0));
}

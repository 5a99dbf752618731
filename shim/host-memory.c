/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-memory.h"

#include "shim/host-files.h"
#include "shim/host-info.h"
#include "shim/host-storage.h"
#include "shim/vm-properties.h"

static GVariant *
number (guint64 value)
{
  return g_variant_new_int32 ((gint32)MIN (value, G_MAXINT32));
}

/* -- values ------------------------------------------------------------------------ */

GVariant *
xm_host_get_xl_number (XmService *service, const XmHostProperty *row)
{
  const XlInfo *info = xm_host_info_get (service->host_info);
  if (info == NULL)
    return number (0);
  if (g_str_equal (row->detail, "nr_cpus"))
    return number (info->nr_cpus);
  return number (g_str_equal (row->detail, "total_memory") ? info->total_memory
                                                           : info->free_memory);
}

/* MiB that the VM could give back. */
static guint64
above_minimum (XmVm *vm)
{
  gint64 kib = vm->memory_kib != NULL ? xm_watched_number_get (vm->memory_kib) : 0;
  g_autoptr (GVariant) minimum =
      xm_vm_property_get (vm, xm_vm_property_lookup ("memory-min"), NULL);
  gint64 mib = minimum != NULL ? g_variant_get_int32 (minimum) : 0;
  if (mib <= 0 || kib <= mib * 1024)
    return 0;
  return (guint64)(kib - mib * 1024) / 1024;
}

GVariant *
xm_host_get_available_memory (XmService *service, const XmHostProperty *row)
{
  const XlInfo *info = xm_host_info_get (service->host_info);
  if (info == NULL)
    return number (0);
  guint64 mib = info->free_memory;
  GHashTableIter iter;
  gpointer vm;
  g_hash_table_iter_init (&iter, service->vms);
  while (g_hash_table_iter_next (&iter, NULL, &vm)) {
    if (xm_vm_is_running (vm))
      mib += above_minimum (vm);
  }
  return number (mib);
}

GVariant *
xm_host_get_storage (XmService *service, const XmHostProperty *row)
{
  XmStorageSpace space = xm_host_storage_get (service->host_storage);
  return number ((g_str_equal (row->detail, "total") ? space.total : space.free) >> 20);
}

/* -- looking ----------------------------------------------------------------------- */

typedef struct {
  GTask *task;
  guint left; /* things that are waited for */
} Look;

static void
on_seen (gpointer user_data)
{
  Look *look = user_data;
  if (--look->left > 0)
    return;
  g_task_return_boolean (look->task, TRUE);
  g_object_unref (look->task);
  g_free (look);
}

/* Processors and memory that are built in stay the same. */
static gboolean
needs_xl (const XmService *service, const XmHostProperty *row)
{
  if (xm_host_info_is_fresh (service->host_info))
    return FALSE;
  return row == NULL || row->source == XM_HOST_FROM_XL ||
         (row->source == XM_HOST_FROM_XL_ONCE && xm_host_info_get (service->host_info) == NULL);
}

gboolean
xm_host_look (XmService *service,
              const XmHostProperty *row,
              GAsyncReadyCallback callback,
              gpointer user_data)
{
  gboolean xl = needs_xl (service, row);
  gboolean storage = row == NULL || row->source == XM_HOST_FROM_STORAGE;
  gboolean files = row == NULL || row->source == XM_HOST_FROM_FILES;
  if (!xl && !storage && !files)
    return FALSE;
  Look *look = g_new (Look, 1);
  *look = (Look){ g_task_new (NULL, NULL, callback, user_data),
                  (xl ? 1u : 0) + (storage ? 1u : 0) + (files ? 1u : 0) };
  if (xl)
    xm_host_info_refresh (service->host_info, on_seen, look);
  if (storage)
    xm_host_storage_measure (service->host_storage, on_seen, look);
  if (files)
    xm_host_files_refresh (service->host_files, on_seen, look);
  return TRUE;
}

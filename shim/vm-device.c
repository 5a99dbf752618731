/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-device.h"

#include <string.h>

#include "shim/text.h"
#include "shim/vm-private-space.h"

/* -- the records ------------------------------------------------------------------- */

gboolean
xm_vm_device_exists (const XmVm *vm, const char *sort, guint id)
{
  g_autofree char *path = g_strdup_printf ("%s/config/%s/%u", vm->db_path, sort, id);
  return xm_store_exists (vm->service->store, path);
}

const char *
xm_vm_device_read (const XmVm *vm, const char *sort, guint id, const char *key)
{
  g_autofree char *path = g_strdup_printf ("config/%s/%u/%s", sort, id, key);
  return xm_vm_read (vm, path);
}

gboolean
xm_vm_device_read_boolean (const XmVm *vm,
                           const char *sort,
                           guint id,
                           const char *key,
                           gboolean fallback)
{
  const char *text = xm_vm_device_read (vm, sort, id, key);
  gboolean value;
  return text != NULL && xm_text_to_boolean (text, &value) ? value : fallback;
}

gboolean
xm_vm_device_write (XmVm *vm,
                    const char *sort,
                    guint id,
                    const char *key,
                    const char *value,
                    GError **error)
{
  g_autofree char *path = g_strdup_printf ("config/%s/%u/%s", sort, id, key);
  return xm_vm_write (vm, path, value, error);
}

/* xlwrap's errors begin with a key of xl.cfg; users know the property that it came from. */
void
xm_vm_device_blame (GError **error, const XmVm *vm, const char *sort, guint id)
{
  static const struct {
    const char *key, *property;
  } names[] = {
    { "vdev", "virt-path" },
    { "target", "phys-path" },
    { "bridge", "network" },
  };
  if (error == NULL || *error == NULL)
    return;
  g_autofree char *key = g_strndup ((*error)->message, strcspn ((*error)->message, ":"));
  const char *property = key;
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    if (g_str_equal (names[i].key, key))
      property = names[i].property;
  }
  g_prefix_error (error, "property %s of %s %u of vm %s: ", property, sort, id, vm->uuid);
}

/* -- on the bus -------------------------------------------------------------------- */

static void
device_free (XmVmDevice *device)
{
  g_clear_pointer (&device->object, xm_bus_object_unexport);
  xm_disk_file_free (device->file);
  g_free (device->key);
  g_free (device);
}

GHashTable *
xm_vm_devices_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)device_free);
}

static void
add_devices (XmVm *vm, const char *sort, const XmObjectKind *kind, GHashTable *wanted)
{
  g_autofree char *list_key = g_strconcat ("config/", sort, NULL);
  g_autoptr (GArray) ids = xm_vm_list_ids (vm, list_key);
  for (guint i = 0; i < ids->len; i++) {
    guint id = g_array_index (ids, guint, i);
    char *key = g_strdup_printf ("%s/%u", sort, id);
    g_hash_table_add (wanted, key);
    if (g_hash_table_contains (vm->devices, key))
      continue;

    g_autofree char *path = g_strjoin ("/", vm->path, key, NULL);
    g_autoptr (GError) error = NULL;
    XmVmDevice *device = g_new0 (XmVmDevice, 1);
    device->vm = vm;
    device->id = id;
    device->key = g_strdup (key);
    device->file = xm_disk_file_new ();
    device->object =
        xm_bus_object_export (vm->service->connection, path, kind, NULL, device, &error);
    if (device->object == NULL)
      g_warning ("cannot export %s: %s", path, error->message);
    g_hash_table_insert (vm->devices, device->key, device);
  }
}

static gboolean
is_unwanted (gpointer key, gpointer device, gpointer wanted)
{
  return !g_hash_table_contains (wanted, key);
}

void
xm_vm_sync_devices (XmVm *vm)
{
  g_autoptr (GHashTable) wanted = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  add_devices (vm, "disk", vm->service->disk_kind, wanted);
  add_devices (vm, "nic", vm->service->nic_kind, wanted);
  g_hash_table_foreach_remove (vm->devices, is_unwanted, wanted);
  xm_vm_follow_disk_files (vm);
}

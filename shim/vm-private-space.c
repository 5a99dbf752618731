/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-private-space.h"

#include "shim/vm-disk.h"

typedef void (*DiskFunc) (XmDiskFile *file, const char *path, const char *type);

/* Returns how many MiB the files have. */
static gint64
for_each_disk (const XmVm *vm, DiskFunc func)
{
  gint64 mib = 0;
  GHashTableIter iter;
  gpointer key, value;
  g_hash_table_iter_init (&iter, vm->devices);
  while (g_hash_table_iter_next (&iter, &key, &value)) {
    const XmVmDevice *device = value;
    if (!g_str_has_prefix (key, "disk/"))
      continue;
    mib += xm_disk_file_get_facts (device->file)->length >> 20;
    func (device->file, xm_vm_disk_path (vm, device->id), xm_vm_disk_type (vm, device->id));
  }
  return mib;
}

GVariant *
xm_vm_get_private_space (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  return g_variant_new_int32 ((gint32)MIN (for_each_disk (vm, xm_disk_file_renew), G_MAXINT32));
}

void
xm_vm_follow_disk_files (const XmVm *vm)
{
  for_each_disk (vm, xm_disk_file_follow);
}

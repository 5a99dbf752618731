/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/property-changes.h"

#include <string.h>

#include "shim/host-properties.h"
#include "shim/root-config.h"
#include "shim/vm-device.h"
#include "shim/vm-disk.h"
#include "shim/vm-nic.h"
#include "shim/vm-properties.h"

/* What follows from keys of a VM besides the property that is kept there. */
static const struct {
  const char *key, *property;
} derived[] = {
  { "hibernated", "acpi-state" },
  { "native-experience", "control-platform-power-state" },
  { "native-experience", "show-switcher" },
  { "native-experience", "start-on-boot" },
  { "native-experience", "usb-grab-devices" },
  { "native-experience", "wireless-control" },
  { "config/disk", "cd" },
  { "config/memory", "memory-min" },
  { "config/memory", "memory-static-max" },
  { "config/nic", "mac" },
  { "config/nic", "wired-network" },
  { "config/nic", "wireless-network" },
  { "config/virt-type", "stubdom" },
};

/* Whether one path is the other, or lies below it. */
static gboolean
touches (const char *path, const char *key)
{
  gsize n = 0;
  while (path[n] != '\0' && path[n] == key[n])
    n++;
  if (path[n] == '\0')
    return n == 0 || key[n] == '\0' || key[n] == '/';
  return key[n] == '\0' && path[n] == '/';
}

/* -- VMs --------------------------------------------------------------------------- */

/** Record: what of a disk or NIC is told. */
typedef struct {
  XmVmDevice *device;
  const XmRecordRow *(*lookup) (const char *property);
  const char *path; /* below the record; "": all of it */
} Record;

static void
tell_member (const char *interface,
             const char *member,
             XmMemberSort sort,
             gboolean served,
             gpointer user_data)
{
  const Record *record = user_data;
  const XmRecordRow *row = sort == XM_MEMBER_PROPERTY ? record->lookup (member) : NULL;
  if (row != NULL && row->key != NULL && touches (record->path, row->key))
    xm_bus_object_changed (record->device->object, row->name);
}

static void
tell_devices (const XmVm *vm, const char *path)
{
  GHashTableIter iter;
  gpointer value;
  g_hash_table_iter_init (&iter, vm->devices);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    XmVmDevice *device = value;
    gboolean is_disk = g_str_has_prefix (device->key, "disk/");
    g_autofree char *key = g_strconcat ("config/", device->key, NULL);
    gsize length = strlen (key);
    if (!touches (path, key))
      continue;
    const Record record = { device, is_disk ? xm_vm_disk_record : xm_vm_nic_record,
                            strlen (path) > length ? path + length + 1 : "" };
    xm_object_kind_foreach_member (is_disk ? vm->service->disk_kind : vm->service->nic_kind,
                                   tell_member, (gpointer)&record);
  }
}

static void
tell_vm (XmVm *vm, const char *path)
{
  gsize n;
  const XmVmProperty *rows = xm_vm_properties (&n);
  for (gsize i = 0; i < n; i++) {
    if (rows[i].key != NULL && touches (path, rows[i].key))
      xm_bus_object_changed (vm->object, rows[i].name);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (derived); i++) {
    if (touches (path, derived[i].key))
      xm_bus_object_changed (vm->object, derived[i].property);
  }
  if (touches (path, "config/disk") || touches (path, "config/nic"))
    tell_devices (vm, path);
}

static void
all_of_vm (XmVm *vm)
{
  GHashTableIter iter;
  gpointer device;
  xm_bus_object_all_changed (vm->object);
  g_hash_table_iter_init (&iter, vm->devices);
  while (g_hash_table_iter_next (&iter, NULL, &device))
    xm_bus_object_all_changed (((XmVmDevice *)device)->object);
}

/* @path: below /vm; "": all */
static void
tell_vms (XmService *service, const char *path)
{
  g_autofree char *uuid = g_strndup (path, strcspn (path, "/"));
  const char *rest = path + strlen (uuid);
  GHashTableIter iter;
  gpointer vm;
  if (*uuid == '\0') {
    g_hash_table_iter_init (&iter, service->vms);
    while (g_hash_table_iter_next (&iter, NULL, &vm))
      all_of_vm (vm);
    return;
  }
  vm = xm_vm_lookup (service, uuid);
  if (vm != NULL && *rest == '\0')
    all_of_vm (vm);
  else if (vm != NULL)
    tell_vm (vm, rest + 1);
}

/* -- the host ---------------------------------------------------------------------- */

static void
tell_settings (XmService *service, const char *path)
{
  gsize n;
  const XmRootRow *rows = xm_root_config_rows (&n);
  for (gsize i = 0; i < n; i++) {
    if (rows[i].source == XM_ROOT_STORE && touches (path, rows[i].key))
      xm_bus_object_changed (service->root, rows[i].name);
  }
}

static void
tell_host_member (const char *interface,
                  const char *member,
                  XmMemberSort sort,
                  gboolean served,
                  gpointer user_data)
{
  XmService *service = ((gpointer *)user_data)[0];
  const char *path = ((gpointer *)user_data)[1];
  const XmHostProperty *row = sort == XM_MEMBER_PROPERTY ? xm_host_property_lookup (member) : NULL;
  if (row != NULL && row->source == XM_HOST_AT_HAND && row->detail != NULL &&
      touches (path, row->detail))
    xm_bus_object_changed (service->host, row->name);
}

void
xm_property_changes_stored (XmService *service, const char *path)
{
  if (service->connection == NULL || service->ending)
    return;
  const char *all = g_str_equal (path, "/") ? "" : path;
  if (touches (all, "/vm"))
    tell_vms (service, strlen (all) > strlen ("/vm/") ? all + strlen ("/vm/") : "");
  if (*all != '\0' && g_str_has_prefix (all, "/vm/"))
    return;
  tell_settings (service, all);
  xm_object_kind_foreach_member (service->host_kind, tell_host_member,
                                 (gpointer[]){ service, (gpointer)all });
}

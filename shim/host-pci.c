/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/host-pci.h"

#include <stdlib.h>

#include "shim/host-file.h"
#include "shim/pci-device.h"

GPtrArray *
xm_host_pci_devices (const XmService *service)
{
  g_autofree char *sysfs = xm_settings_host_path (service->settings, "/sys");
  GPtrArray *devices = xm_pci_devices_read (sysfs);
  xm_pci_describe (devices);
  return devices;
}

GVariant *
xm_host_get_amt_capable (XmService *service, const XmHostProperty *row)
{
  enum { INTEL = 0x8086, COMMUNICATION = 0x0780, SERIAL = 0x0700 };
  g_autofree char *sysfs = xm_settings_host_path (service->settings, "/sys");
  g_autoptr (GPtrArray) devices = xm_pci_devices_read (sysfs);
  gboolean capable = FALSE;
  for (guint i = 0; i < devices->len; i++) {
    const XmPciDevice *device = devices->pdata[i];
    capable |=
        device->vendor == INTEL && (device->class == COMMUNICATION || device->class == SERIAL);
  }
  return g_variant_new_boolean (capable);
}

GVariant *
xm_host_get_gpu_models (XmService *service, const XmHostProperty *row)
{
  g_autoptr (GPtrArray) devices = xm_host_pci_devices (service);
  GString *names = g_string_new (NULL);
  for (guint i = 0; i < devices->len; i++) {
    const XmPciDevice *device = devices->pdata[i];
    if (device->class >> 8 == 0x03)
      g_string_append_printf (names, "%s%s", names->len > 0 ? "\n" : "", device->name);
  }
  return g_variant_new_take_string (g_string_free (names, FALSE));
}

GVariant *
xm_host_get_pci_model (XmService *service, const XmHostProperty *row)
{
  guint class = (guint)strtoul (row->detail, NULL, 16);
  g_autoptr (GPtrArray) devices = xm_host_pci_devices (service);
  for (guint i = 0; i < devices->len; i++) {
    const XmPciDevice *device = devices->pdata[i];
    if (device->class == class)
      return g_variant_new_string (device->name);
  }
  return g_variant_new_string ("");
}

void
xm_host_list_pci_devices (gpointer service, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  g_autoptr (GPtrArray) devices = xm_host_pci_devices (service);
  g_auto (GVariantBuilder) list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{ss}"));
  for (guint i = 0; i < devices->len; i++) {
    const XmPciDevice *device = devices->pdata[i];
    g_autofree char *address = xm_pci_address_to_text (&device->address);
    g_autofree char *class = g_strdup_printf ("0x%X", device->class);
    g_autofree char *vendor = g_strdup_printf ("0x%X", device->vendor);
    g_autofree char *id = g_strdup_printf ("0x%X", device->device);
    g_variant_builder_add_value (&list,
                                 XM_HOST_DICT ("addr", address, "class", class, "device-id", id,
                                               "name", device->name, "vendor-id", vendor));
  }
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(aa{ss})", &list));
}

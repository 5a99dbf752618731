/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <systemd/sd-hwdb.h>

#include "shim/pci-device.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (sd_hwdb, sd_hwdb_unref)

static char *
known_name (sd_hwdb *hwdb, const XmPciDevice *device)
{
  g_autofree char *modalias = g_strdup_printf ("pci:v%08Xd%08X", device->vendor, device->device);
  const char *vendor, *model;
  if (hwdb == NULL || sd_hwdb_get (hwdb, modalias, "ID_VENDOR_FROM_DATABASE", &vendor) < 0 ||
      sd_hwdb_get (hwdb, modalias, "ID_MODEL_FROM_DATABASE", &model) < 0)
    return NULL;
  return g_strjoin (" ", vendor, model, NULL);
}

void
xm_pci_describe (GPtrArray *devices)
{
  g_autoptr (sd_hwdb) hwdb = NULL;
  if (sd_hwdb_new (&hwdb) < 0)
    hwdb = NULL; /* a host without udev: no device is known */
  for (guint i = 0; i < devices->len; i++) {
    XmPciDevice *device = devices->pdata[i];
    g_free (device->name);
    device->name = known_name (hwdb, device);
    if (device->name == NULL)
      device->name = g_strdup_printf ("Unknown device (%04x:%04x)", device->vendor, device->device);
  }
}

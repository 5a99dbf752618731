/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-pci-config.h"

#include "shim/vm-pci.h"

#define MIB           (G_GUINT64_CONSTANT (1) << 20)
#define FOUR_GIB      (4096 * MIB)
#define RESERVED_END  G_GUINT64_CONSTANT (0xfc000000) /* the emulated devices are from here on */
#define OTHER_DEVICES (64 * MIB)

static guint
count (const XmStart *start)
{
  return start != NULL && start->pci_devices != NULL ? start->pci_devices->len : 0;
}

char **
xm_vm_pci_specs (const XmStart *start, gboolean hvm)
{
  g_autoptr (GStrvBuilder) specs = g_strv_builder_new ();
  for (guint i = 0; i < count (start); i++) {
    const XmPassedDevice *passed = start->pci_devices->pdata[i];
    g_autofree char *address = xm_pci_address_to_text (&passed->device->address);
    g_autofree char *placed = g_strdup_printf ("%s@%x", address, (guint)passed->slot);
    g_strv_builder_add (specs, hvm && passed->slot != XM_PCI_ANY ? placed : address);
  }
  return g_strv_builder_end (specs);
}

gint64
xm_vm_pci_mmio_hole (const XmStart *start)
{
  /* Where the hole may begin. A device too big for the last of them has 64-bit BARs, which the
   * guest's firmware puts above 4 GiB. */
  static const guint64 bases[] = { 0xf0000000, 0xe0000000, 0xc0000000, 0x80000000 };
  guint64 total = OTHER_DEVICES;
  for (guint i = 0; i < count (start); i++) {
    const XmPassedDevice *passed = start->pci_devices->pdata[i];
    total = total + passed->memory < total ? G_MAXUINT64 : total + passed->memory;
  }
  gsize i = 0;
  while (i < G_N_ELEMENTS (bases) - 1 && RESERVED_END - bases[i] <= total)
    i++;
  return (gint64)((FOUR_GIB - bases[i]) / MIB);
}

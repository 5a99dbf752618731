/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * The host's PCI devices, read from sysfs. Its files are answered by the kernel
 * from memory, so the functions here do not count as blocking.
 *
 * libpci is not used: it ends the program when sysfs is missing or a device
 * goes away while it looks, and its licence would become the daemon's.
 */

typedef struct {
  guint domain, bus, slot, function;
} XmPciAddress;

/**
 * xm_pci_address_parse: four hexadecimal numbers with one other character between each two, such as
 * `0000:01:00.0`. What no PCI device can have is refused.
 */
gboolean xm_pci_address_parse (const char *text, XmPciAddress *address);

/** xm_pci_address_to_text: (transfer full): `dddd:bb:ss.f`, lower case. */
char *xm_pci_address_to_text (const XmPciAddress *address);

/** xm_pci_address_compare: less than, equal to or greater than 0, as strcmp. */
int xm_pci_address_compare (const XmPciAddress *a, const XmPciAddress *b);

typedef struct {
  XmPciAddress address;
  guint class; /* with subclass: 0x0300 */
  guint vendor, device;
  int boot_vga; /* 1: firmware shows its texts there, 0: not, -1: does not apply */
  char *name;   /* NULL until xm_pci_describe() */
} XmPciDevice;

XmPciDevice *xm_pci_device_copy (const XmPciDevice *device);
void xm_pci_device_free (XmPciDevice *device);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XmPciDevice, xm_pci_device_free)

/**
 * xm_pci_devices_read:
 * @sysfs: where /sys is: xm_settings_host_path (settings, "/sys")
 *
 * Returns: (transfer full) (element-type XmPciDevice): all devices by address; empty on a host
 * without PCI
 */
GPtrArray *xm_pci_devices_read (const char *sysfs);

/** xm_pci_devices_find: (transfer none) (nullable): the one at @address. */
XmPciDevice *xm_pci_devices_find (GPtrArray *devices, const XmPciAddress *address);

/**
 * xm_pci_device_memory: bytes of all its memory BARs and its ROM, for which a guest needs
 * addresses; 0 when it has none.
 */
guint64 xm_pci_device_memory (const char *sysfs, const XmPciDevice *device);

/** xm_pci_device_is_on_root_bus: whether it sits beside the host's own devices, not behind a
 * bridge. */
gboolean xm_pci_device_is_on_root_bus (const char *sysfs, const XmPciDevice *device);

/** xm_pci_device_path: (transfer full): its directory in sysfs. */
char *xm_pci_device_path (const char *sysfs, const XmPciAddress *address);

/**
 * xm_pci_describe:
 * @devices: (element-type XmPciDevice)
 *
 * Gives each device its name: "<vendor> <device>" as udev's hardware database (made of pci.ids) has
 * it, or `Unknown device (8086:1234)`. The database is a file that is mapped, not read.
 */
void xm_pci_describe (GPtrArray *devices);

/** xm_pci_device_to_variant: (transfer floating): what the lists of devices on the bus hold for
 * one, `a{ss}`: addr, name, class, vendor-id, device-id. */
GVariant *xm_pci_device_to_variant (const XmPciDevice *device);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/pci-device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/read-file.h"

/* Bytes of the largest file read here: a `resource` has 17 lines of 57. */
#define MAX_ATTRIBUTE 4096

/* Lines of `resource`: the six BARs and the ROM. Those of virtual functions and of what lies behind
 * a bridge follow. */
#define N_RESOURCES 7

/* IORESOURCE_MEM of the kernel. */
#define RESOURCE_MEMORY 0x200

/* -- addresses --------------------------------------------------------------------- */

gboolean
xm_pci_address_parse (const char *text, XmPciAddress *address)
{
  static const guint limits[] = { 0xffff, 0xff, 0x1f, 0x7 };
  guint numbers[G_N_ELEMENTS (limits)];
  const char *p = text;
  for (gsize i = 0; i < G_N_ELEMENTS (limits); i++) {
    if (i > 0 && *p++ == '\0')
      return FALSE;
    if (!g_ascii_isxdigit (*p))
      return FALSE;
    for (numbers[i] = 0; g_ascii_isxdigit (*p); p++) {
      numbers[i] = numbers[i] * 16 + (guint)g_ascii_xdigit_value (*p);
      if (numbers[i] > limits[i])
        return FALSE;
    }
  }
  *address = (XmPciAddress){ numbers[0], numbers[1], numbers[2], numbers[3] };
  return *p == '\0';
}

char *
xm_pci_address_to_text (const XmPciAddress *address)
{
  return g_strdup_printf ("%04x:%02x:%02x.%x", address->domain, address->bus, address->slot,
                          address->function);
}

static guint64
order_of (const XmPciAddress *address)
{
  return (guint64)address->domain << 32 | address->bus << 16 | address->slot << 8 |
         address->function;
}

int
xm_pci_address_compare (const XmPciAddress *a, const XmPciAddress *b)
{
  guint64 x = order_of (a), y = order_of (b);
  return (x > y) - (x < y);
}

/* -- reading sysfs ----------------------------------------------------------------- */

XmPciDevice *
xm_pci_device_copy (const XmPciDevice *device)
{
  XmPciDevice *copy = g_new (XmPciDevice, 1);
  *copy = *device;
  copy->name = g_strdup (device->name);
  return copy;
}

void
xm_pci_device_free (XmPciDevice *device)
{
  g_free (device->name);
  g_free (device);
}

char *
xm_pci_device_path (const char *sysfs, const XmPciAddress *address)
{
  g_autofree char *text = xm_pci_address_to_text (address);
  return g_build_filename (sysfs, "bus/pci/devices", text, NULL);
}

static char *
read_attribute (const char *directory, const char *name)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  char *text;
  gsize len;
  return xm_read_file (path, MAX_ATTRIBUTE, &text, &len) == 0 ? text : NULL;
}

static gboolean
read_number (const char *directory, const char *name, guint *number)
{
  g_autofree char *text = read_attribute (directory, name);
  guint64 value;
  if (text == NULL || !g_str_has_prefix (g_strchomp (text), "0x") ||
      !g_ascii_string_to_unsigned (text + 2, 16, 0, 0xffffff, &value, NULL))
    return FALSE;
  *number = (guint)value;
  return TRUE;
}

static int
read_boot_vga (const char *directory)
{
  g_autofree char *text = read_attribute (directory, "boot_vga");
  return text == NULL ? -1 : *text == '1';
}

/* NULL for what is no device, or one that has just gone. */
static XmPciDevice *
read_device (const char *parent, const char *name)
{
  XmPciDevice found = { .boot_vga = -1 };
  g_autofree char *directory = g_build_filename (parent, name, NULL);
  if (!xm_pci_address_parse (name, &found.address) ||
      !read_number (directory, "class", &found.class) ||
      !read_number (directory, "vendor", &found.vendor) ||
      !read_number (directory, "device", &found.device))
    return NULL;
  found.class >>= 8; /* without the programming interface */
  if (found.class >> 8 == 0x03)
    found.boot_vga = read_boot_vga (directory);
  return xm_pci_device_copy (&found);
}

static int
compare_devices (gconstpointer a, gconstpointer b)
{
  const XmPciDevice *const *x = a, *const *y = b;
  return xm_pci_address_compare (&(*x)->address, &(*y)->address);
}

GPtrArray *
xm_pci_devices_read (const char *sysfs)
{
  GPtrArray *devices = g_ptr_array_new_with_free_func ((GDestroyNotify)xm_pci_device_free);
  g_autofree char *parent = g_build_filename (sysfs, "bus/pci/devices", NULL);
  g_autoptr (GDir) directory = g_dir_open (parent, 0, NULL);
  const char *name;
  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL) {
    XmPciDevice *device = read_device (parent, name);
    if (device != NULL)
      g_ptr_array_add (devices, device);
  }
  g_ptr_array_sort (devices, compare_devices);
  return devices;
}

XmPciDevice *
xm_pci_devices_find (GPtrArray *devices, const XmPciAddress *address)
{
  for (guint i = 0; i < devices->len; i++) {
    XmPciDevice *device = devices->pdata[i];
    if (xm_pci_address_compare (&device->address, address) == 0)
      return device;
  }
  return NULL;
}

/* A line: first address, last address, flags. */
static guint64
resource_memory (const char *line)
{
  guint64 values[3];
  const char *p = line;
  for (gsize i = 0; i < G_N_ELEMENTS (values); i++) {
    char *end;
    values[i] = g_ascii_strtoull (p, &end, 16);
    if (end == p)
      return 0;
    p = end;
  }
  if (!(values[2] & RESOURCE_MEMORY) || values[1] <= values[0])
    return 0;
  return values[1] - values[0] + 1;
}

guint64
xm_pci_device_memory (const char *sysfs, const XmPciDevice *device)
{
  g_autofree char *directory = xm_pci_device_path (sysfs, &device->address);
  g_autofree char *text = read_attribute (directory, "resource");
  g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "", "\n", N_RESOURCES + 1);
  guint64 sum = 0;
  for (guint i = 0; i < N_RESOURCES && lines[i] != NULL; i++) {
    guint64 size = resource_memory (lines[i]);
    sum = sum + size < sum ? G_MAXUINT64 : sum + size;
  }
  return sum;
}

gboolean
xm_pci_device_is_on_root_bus (const char *sysfs, const XmPciDevice *device)
{
  /* .../devices/pci0000:00/0000:00:02.0; behind a bridge, the bridge's directory is in between. */
  g_autofree char *entry = xm_pci_device_path (sysfs, &device->address);
  g_autofree char *target = g_file_read_link (entry, NULL);
  if (target == NULL)
    return device->address.bus == 0;
  g_autofree char *parent = g_path_get_dirname (target);
  g_autofree char *name = g_path_get_basename (parent);
  return g_str_has_prefix (name, "pci");
}

/* -- on the bus -------------------------------------------------------------------- */

GVariant *
xm_pci_device_to_variant (const XmPciDevice *device)
{
  const struct {
    const char *key;
    guint number;
  } ids[] = {
    { "class", device->class },
    { "vendor-id", device->vendor },
    { "device-id", device->device },
  };
  g_auto (GVariantBuilder) dict = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{ss}"));
  g_autofree char *address = xm_pci_address_to_text (&device->address);
  g_variant_builder_add (&dict, "{ss}", "addr", address);
  g_variant_builder_add (&dict, "{ss}", "name", device->name != NULL ? device->name : "");
  for (gsize i = 0; i < G_N_ELEMENTS (ids); i++) {
    g_autofree char *text = g_strdup_printf ("0x%X", ids[i].number);
    g_variant_builder_add (&dict, "{ss}", ids[i].key, text);
  }
  return g_variant_builder_end (&dict);
}

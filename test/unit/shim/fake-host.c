/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-host.h"

#include <check.h>
#include <unistd.h>

#include "store-fixture.h"

static const struct {
  const char *address;
  const char *behind; /* bridge */
  guint class, vendor, device;
  const char *boot_vga, *driver;
  const char *resource;
} devices[] = {
  { "0000:00:00.0", NULL, 0x060000, 0x8086, 0x1237, NULL, NULL, "" },
  { "0000:00:02.0", NULL, 0x030000, 0x8086, 0x0412, "1", NULL, "" },
  { "0000:00:02.1", NULL, 0x038000, 0x8086, 0x0416, NULL, NULL, "" },
  { "0000:00:16.0", NULL, 0x078000, 0x8086, 0x8c3a, NULL, NULL, "" },
  { "0000:00:16.3", NULL, 0x070002, 0x8086, 0x8c3d, NULL, NULL, "" },
  { "0000:00:1f.2", NULL, 0x010601, 0x8086, 0x8c02, NULL, "ahci", "" },
  { "0000:01:00.0", "0000:00:01.0", 0x030000, 0x10de, 0x1180, "0", "nouveau",
    "0x00000000f6000000 0x00000000f6ffffff 0x0000000000040200\n"
    "0x00000000e8000000 0x00000000efffffff 0x000000000014220c\n"
    "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
    "0x00000000f0000000 0x00000000f1ffffff 0x000000000014220c\n"
    "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
    "0x000000000000e000 0x000000000000e07f 0x0000000000040101\n"
    "0x00000000f7000000 0x00000000f707ffff 0x0000000000046200\n"
    "0x0000000100000000 0x00000001ffffffff 0x0000000000140204\n" /* virtual functions */ },
  { "0000:01:00.1", "0000:00:01.0", 0x040300, 0x10de, 0x0e0a, NULL, NULL,
    "0x00000000f7080000 0x00000000f7083fff 0x0000000000040200\n" },
  { "0000:01:01.0", "0000:00:01.0", 0x060400, 0x10b5, 0x8747, NULL, NULL, "" },
  { "0000:02:00.0", "0000:00:1c.0", 0x020000, 0x8086, 0x1521, NULL, "igb", "" },
  { "0000:02:00.1", "0000:00:1c.0", 0x020000, 0x8086, 0x1521, NULL, "pciback", "" },
  { "0000:03:00.0", "0000:00:1c.4", 0x038000, 0x8086, 0x5690, "0", NULL, "" },
  { "0001:04:1f.7", NULL, 0x010802, 0x1b4b, 0xfffe, NULL, NULL,
    "0x0000000000000000 0x00000000bfffffff 0x0000000000140204\n"
    "rubbish\n" },
};

static void
make_link (const char *root, const char *path, const char *target)
{
  g_autofree char *link = g_build_filename (root, path, NULL);
  g_autofree char *directory = g_path_get_dirname (link);
  ck_assert_int_eq (g_mkdir_with_parents (directory, 0755), 0);
  ck_assert_int_eq (symlink (target, link), 0);
}

static void
make_number (const char *root, const char *directory, const char *name, int digits, guint number)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  g_autofree char *text = g_strdup_printf ("0x%0*x\n", digits, number);
  fixture_write_file (root, path, text);
}

static void
make_driver (const char *root, const char *directory, const char *driver)
{
  g_autofree char *link = g_build_filename (directory, "driver", NULL);
  g_autofree char *target = g_build_filename (root, "sys/bus/pci/drivers", driver, NULL);
  g_autofree char *unbind = g_build_filename ("sys/bus/pci/drivers", driver, "unbind", NULL);
  make_link (root, link, target);
  fixture_write_file (root, unbind, "");
}

static void
make_device (const char *root, gsize i)
{
  const char *address = devices[i].address;
  g_autofree char *bus = g_strdup_printf ("pci%.4s:00", address);
  g_autofree char *real =
      devices[i].behind != NULL
          ? g_build_filename ("sys/devices", bus, devices[i].behind, address, NULL)
          : g_build_filename ("sys/devices", bus, address, NULL);
  g_autofree char *entry = g_build_filename ("sys/bus/pci/devices", address, NULL);
  g_autofree char *target = g_build_filename ("../../..", real + strlen ("sys/"), NULL);
  g_autofree char *resource = g_build_filename (real, "resource", NULL);
  make_number (root, real, "class", 6, devices[i].class);
  make_number (root, real, "vendor", 4, devices[i].vendor);
  make_number (root, real, "device", 4, devices[i].device);
  fixture_write_file (root, resource, devices[i].resource);
  if (devices[i].boot_vga != NULL) {
    g_autofree char *boot_vga = g_build_filename (real, "boot_vga", NULL);
    fixture_write_file (root, boot_vga, devices[i].boot_vga);
  }
  if (devices[i].driver != NULL)
    make_driver (root, real, devices[i].driver);
  make_link (root, entry, target);
}

char *
fake_host_new (void)
{
  char *root = fixture_new ();
  for (gsize i = 0; i < G_N_ELEMENTS (devices); i++)
    make_device (root, i);
  fixture_write_file (root, "sys/bus/pci/drivers/pciback/new_slot", "");
  fixture_write_file (root, "sys/bus/pci/drivers/pciback/bind", "");
  fixture_write_file (root, "sys/bus/pci/drivers/pciback/slots", "0000:02:00.1\n");
  return root;
}

void
fake_host_free (char *root)
{
  fixture_free (root);
}

char *
fake_host_sysfs (const char *root)
{
  return g_build_filename (root, "sys", NULL);
}

void
assert_told (const char *root, const char *file, const char *text)
{
  g_autofree char *path = g_build_filename ("sys/bus/pci/drivers", file, NULL);
  g_autofree char *told = fixture_read_file (root, path);
  ck_assert_ptr_nonnull (told);
  ck_assert_msg (g_str_equal (told, text), "%s: %s", file, told);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's PCI devices in a sysfs of the test's own, and their names. */
#include <check.h>

#include "fake-host.h"
#include "shim/pci-device.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

#define MIB (G_GUINT64_CONSTANT (1) << 20)

static const struct {
  const char *text, *canonical; /* NULL: refused */
} addresses[] = {
  { "0000:01:00.0", "0000:01:00.0" },
  { "0:1:0.0", "0000:01:00.0" },
  { "0000-0A-1f-7", "0000:0a:1f.7" },
  { "FFFF.FF.1F.7", "ffff:ff:1f.7" },
  { "00000000001:2:3:4", "0001:02:03.4" },
  { "", NULL },
  { "0000", NULL },
  { "01:00.0", NULL },
  { "0000:01:00", NULL },
  { "0000:01:00.", NULL },
  { ":01:00.0", NULL },
  { "0000::01:00.0", NULL },
  { "0000:01:00.0.0", NULL },
  { "0000:01:00.0 ", NULL },
  { "0000:01:00.8", NULL },
  { "0000:01:20.0", NULL },
  { "0000:100:00.0", NULL },
  { "10000:01:00.0", NULL },
  { "100000000:01:00.0", NULL },
  { "0000:01:00.0@3", NULL },
};

START_TEST (addresses_of_devices)
{
  XmPciAddress address;
  gboolean parsed = xm_pci_address_parse (addresses[_i].text, &address);
  ck_assert_msg (parsed == (addresses[_i].canonical != NULL), "%s", addresses[_i].text);
  if (!parsed)
    return;
  g_autofree char *text = xm_pci_address_to_text (&address);
  ck_assert_str_eq (text, addresses[_i].canonical);
}
END_TEST

/* -- reading ----------------------------------------------------------------------- */

typedef struct {
  char *root, *sysfs;
  GPtrArray *devices;
} Tree;

static Tree
tree_new (void)
{
  Tree tree = { .root = fake_host_new () };
  tree.sysfs = fake_host_sysfs (tree.root);
  tree.devices = xm_pci_devices_read (tree.sysfs);
  return tree;
}

static void
tree_free (Tree *tree)
{
  g_ptr_array_unref (tree->devices);
  g_free (tree->sysfs);
  fake_host_free (tree->root);
}

static XmPciDevice *
find (GPtrArray *devices, const char *text)
{
  XmPciAddress address;
  ck_assert (xm_pci_address_parse (text, &address));
  return xm_pci_devices_find (devices, &address);
}

START_TEST (all_devices_by_address)
{
  Tree tree = tree_new ();
  ck_assert_uint_eq (tree.devices->len, 13);
  for (guint i = 1; i < tree.devices->len; i++) {
    XmPciDevice *before = tree.devices->pdata[i - 1], *device = tree.devices->pdata[i];
    ck_assert_int_lt (xm_pci_address_compare (&before->address, &device->address), 0);
  }
  XmPciDevice *gpu = find (tree.devices, "0000:01:00.0");
  ck_assert_uint_eq (gpu->class, 0x0300);
  ck_assert_uint_eq (gpu->vendor, 0x10de);
  ck_assert_uint_eq (gpu->device, 0x1180);
  ck_assert_int_eq (gpu->boot_vga, 0);
  ck_assert_int_eq (find (tree.devices, "0000:00:02.0")->boot_vga, 1);
  ck_assert_int_eq (find (tree.devices, "0000:00:02.1")->boot_vga, -1);
  ck_assert_int_eq (find (tree.devices, "0000:02:00.0")->boot_vga, -1);
  ck_assert_ptr_null (find (tree.devices, "0000:05:00.0"));
  tree_free (&tree);
}
END_TEST

START_TEST (what_is_no_device_is_left_out)
{
  Tree tree = tree_new ();
  fixture_write_file (tree.root, "sys/bus/pci/devices/slots/class", "0x030000\n");
  fixture_write_file (tree.root, "sys/bus/pci/devices/0000:07:00.0/class", "0x030000\n");
  fixture_write_file (tree.root, "sys/bus/pci/devices/0000:08:00.0/class", "nonsense\n");
  fixture_write_file (tree.root, "sys/bus/pci/devices/0000:08:00.0/vendor", "0x8086\n");
  fixture_write_file (tree.root, "sys/bus/pci/devices/0000:08:00.0/device", "0x8086\n");
  g_autoptr (GPtrArray) again = xm_pci_devices_read (tree.sysfs);
  ck_assert_uint_eq (again->len, tree.devices->len);

  g_autofree char *nowhere = g_build_filename (tree.root, "nowhere", NULL);
  g_autoptr (GPtrArray) none = xm_pci_devices_read (nowhere);
  ck_assert_uint_eq (none->len, 0);
  tree_free (&tree);
}
END_TEST

START_TEST (memory_of_devices)
{
  static const struct {
    const char *address;
    guint64 bytes;
  } sizes[] = {
    { "0000:01:00.0", 16 * MIB + 128 * MIB + 32 * MIB + MIB / 2 }, /* neither I/O nor VFs */
    { "0000:01:00.1", 16384 },
    { "0000:00:00.0", 0 },
    { "0001:04:1f.7", 3072 * MIB }, /* not yet assigned */
  };
  Tree tree = tree_new ();
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    ck_assert_uint_eq (xm_pci_device_memory (tree.sysfs, find (tree.devices, sizes[i].address)),
                       sizes[i].bytes);
  fixture_write_file (tree.root, "sys/bus/pci/devices/0000:00:00.0/resource",
                      "0x0 0xfffffffffffffffe 0x200\n0x0 0xfffffffffffffffe 0x200\n");
  ck_assert_uint_eq (xm_pci_device_memory (tree.sysfs, find (tree.devices, "0000:00:00.0")),
                     G_MAXUINT64);
  tree_free (&tree);
}
END_TEST

START_TEST (root_buses)
{
  Tree tree = tree_new ();
  ck_assert (xm_pci_device_is_on_root_bus (tree.sysfs, find (tree.devices, "0000:00:02.0")));
  ck_assert (xm_pci_device_is_on_root_bus (tree.sysfs, find (tree.devices, "0001:04:1f.7")));
  ck_assert (!xm_pci_device_is_on_root_bus (tree.sysfs, find (tree.devices, "0000:01:00.0")));
  tree_free (&tree);
}
END_TEST

/* -- names ------------------------------------------------------------------------- */

START_TEST (names_of_devices)
{
  Tree tree = tree_new ();
  xm_pci_describe (tree.devices);
  ck_assert_str_eq (find (tree.devices, "0000:01:00.0")->name,
                    "NVIDIA Corporation GK104 [GeForce GTX 680]");
  ck_assert_str_eq (find (tree.devices, "0000:02:00.1")->name,
                    "Intel Corporation I350 Gigabit Network Connection");
  ck_assert_str_eq (find (tree.devices, "0000:01:00.1")->name,
                    "NVIDIA Corporation GK104 HDMI Audio Controller");
  ck_assert_str_eq (find (tree.devices, "0001:04:1f.7")->name, "Unknown device (1b4b:fffe)");

  g_autoptr (GVariant) dict =
      g_variant_ref_sink (xm_pci_device_to_variant (find (tree.devices, "0000:01:00.0")));
  g_autofree char *text = g_variant_print (dict, FALSE);
  ck_assert_str_eq (text, "{'addr': '0000:01:00.0', "
                          "'name': 'NVIDIA Corporation GK104 [GeForce GTX 680]', "
                          "'class': '0x300', 'vendor-id': '0x10DE', 'device-id': '0x1180'}");
  tree_free (&tree);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("pci-device");
  TCase *cases = tcase_create ("all");
  tcase_add_loop_test (cases, addresses_of_devices, 0, G_N_ELEMENTS (addresses));
  tcase_add_test (cases, all_devices_by_address);
  tcase_add_test (cases, what_is_no_device_is_left_out);
  tcase_add_test (cases, memory_of_devices);
  tcase_add_test (cases, root_buses);
  tcase_add_test (cases, names_of_devices);
  suite_add_tcase (suite, cases);
  return run_suite (suite);
}

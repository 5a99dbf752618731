/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which of the host's PCI devices a VM gets: its rules, its gpu, and what xl is told. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "fake-host.h"
#include "service-fixture.h"
#include "shim/vm-config.h"
#include "shim/vm-pci-config.h"
#include "shim/vm-pci.h"
#include "store-fixture.h"
#include "test/simhost/standin/standin-host.h"
#include "test/unit/run-suite.h"

#define UUID  "11111111-2222-3333-4444-555555555555"
#define PATH  "/vm/11111111_2222_3333_4444_555555555555"
#define PCI   XENMGR ".vm.pci"
#define RULES "/vm/" UUID "/config/pci"

typedef struct {
  ServiceFixture *fixture;
  char *root;
  XmVm *vm;
} Host;

static Host
host_new (const char *json)
{
  Host host = { service_fixture_new (), fake_host_new (), NULL };
  service_fixture_set_host_root (host.fixture, host.root);
  host.vm = service_fixture_add_vm (host.fixture, UUID, json);
  return host;
}

static void
host_free (Host *host)
{
  service_fixture_free (host->fixture);
  fake_host_free (host->root);
}

static XmStore *
store (Host *host)
{
  return service_fixture_service (host->fixture)->store;
}

/* -- calls ------------------------------------------------------------------------- */

/* Of methods whose arguments are all text, NULL at the end. */
static GVariant *
call (Host *host, GError **error, const char *method, ...)
{
  GVariantBuilder arguments;
  va_list words;
  const char *word;
  g_variant_builder_init (&arguments, G_VARIANT_TYPE_TUPLE);
  va_start (words, method);
  while ((word = va_arg (words, const char *)) != NULL)
    g_variant_builder_add (&arguments, "s", word);
  va_end (words);
  return service_fixture_call (host->fixture, XENMGR, PATH, PCI, method,
                               g_variant_builder_end (&arguments), error);
}

#define CALL(host, ...)                                                                            \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autoptr (GError) call_error = NULL;                                                          \
    g_autoptr (GVariant) call_answer = call (host, &call_error, __VA_ARGS__, NULL);                \
    ck_assert_msg (call_answer != NULL, "%s", call_error != NULL ? call_error->message : "");      \
  }                                                                                                \
  G_STMT_END

#define CALL_FAILS(host, text, ...)                                                                \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autoptr (GError) call_error = NULL;                                                          \
    g_autoptr (GVariant) call_answer = call (host, &call_error, __VA_ARGS__, NULL);                \
    ck_assert_ptr_null (call_answer);                                                              \
    g_dbus_error_strip_remote_error (call_error);                                                  \
    ck_assert_msg (g_str_has_suffix (call_error->message, text), "%s", call_error->message);       \
  }                                                                                                \
  G_STMT_END

/* Of each entry the value at @key, joined by newlines. */
static char *
column (Host *host, const char *method, const char *key)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = call (host, &error, method, NULL);
  ck_assert_msg (answer != NULL, "%s", error != NULL ? error->message : "");
  g_autoptr (GVariant) list = g_variant_get_child_value (answer, 0);
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func (g_free);
  for (gsize i = 0; i < g_variant_n_children (list); i++) {
    g_autoptr (GVariant) entry = g_variant_get_child_value (list, i);
    const char *value = NULL;
    ck_assert (g_variant_lookup (entry, key, "&s", &value));
    g_ptr_array_add (values, g_strdup (value));
  }
  g_ptr_array_add (values, NULL);
  return g_strjoinv ("\n", (char **)values->pdata);
}

static void
assert_rules (Host *host, const char *ids, const char *texts)
{
  g_autofree char *got_ids = column (host, "list_pt_rules", "id");
  g_autofree char *got_texts = column (host, "list_pt_rules", "rule");
  ck_assert_str_eq (got_ids, ids);
  ck_assert_str_eq (got_texts, texts);
}

static void
assert_devices (Host *host, const char *addresses)
{
  g_autofree char *got = column (host, "list_pt_pci_devices", "addr");
  ck_assert_str_eq (got, addresses);
}

/* -- rules ------------------------------------------------------------------------- */

START_TEST (rules_are_kept)
{
  Host host = host_new ("{}");
  assert_rules (&host, "", "");
  CALL (&host, "add_pt_rule", "0x0300", "32902", "0X1a2B");
  CALL (&host, "add_pt_rule", "any", " 0x10DE ", "");
  CALL (&host, "add_pt_rule_bdf", "0:2-0A.1");
  CALL (&host, "add_pt_rule_bdf", "0000:02:00.1@1f");
  assert_rules (&host, "1\n2\n3\n4",
                "match class=0x0300 vendor=0x8086 device=0x1A2B\n"
                "match  vendor=0x10DE \n"
                "bdf=0000:02:0a.1\n"
                "bdf=0000:02:00.1 @ 31");
  assert_dump (store (&host), RULES,
               "{\n"
               "  \"1\": {\n"
               "    \"class\": \"0x0300\",\n"
               "    \"vendor\": \"0x8086\",\n"
               "    \"device\": \"0x1a2b\"\n"
               "  },\n"
               "  \"2\": {\n"
               "    \"vendor\": \"0x10de\"\n"
               "  },\n"
               "  \"3\": {\n"
               "    \"bdf\": \"0000:02:0a.1\"\n"
               "  },\n"
               "  \"4\": {\n"
               "    \"bdf\": \"0000:02:00.1@1f\"\n"
               "  }\n"
               "}");
  service_fixture_wait_signal (host.fixture, "vm_config_changed");

  /* Equal ones go, whatever words name them; a free number in the middle stays free. */
  CALL (&host, "add_pt_rule_bdf", "0000:02:00.1@1F");
  CALL (&host, "delete_pt_rule", "768", "0x8086", "0x1a2b");
  CALL (&host, "delete_pt_rule_bdf", "0000:02:00.1");
  CALL (&host, "delete_pt_rule", "", "", "");
  assert_rules (&host, "2\n3\n4\n5",
                "match  vendor=0x10DE \nbdf=0000:02:0a.1\n"
                "bdf=0000:02:00.1 @ 31\nbdf=0000:02:00.1 @ 31");
  CALL (&host, "delete_pt_rule_bdf", "0:2:0.1@1f");
  assert_rules (&host, "2\n3", "match  vendor=0x10DE \nbdf=0000:02:0a.1");
  CALL (&host, "add_pt_rule", "0x0c03", "", "any");
  assert_rules (&host, "2\n3\n4", "match  vendor=0x10DE \nbdf=0000:02:0a.1\nmatch class=0x0C03  ");
  host_free (&host);
}
END_TEST

START_TEST (bad_rules_are_refused)
{
  static const char *const numbers[] = {
    "x", "0x", "-1", "65536", "0x10000", "1 2", "ANY", "0x1g"
  };
  static const char *const addresses[] = { "",
                                           "any",
                                           "0000:01:00",
                                           "0000:01:00.0@",
                                           "0000:01:00.0@20",
                                           "0:1:0.0@x",
                                           "0:1:0.0@1@2",
                                           "0000:01:00.0 @1",
                                           "0000:01:00.0\n1",
                                           "@1",
                                           "g:0:0.0",
                                           "0000:01:00.0@-1" };
  Host host = host_new ("{}");
  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++) {
    CALL_FAILS (&host, "Prelude.read: no parse", "add_pt_rule", numbers[i], "", "");
    CALL_FAILS (&host, "Prelude.read: no parse", "add_pt_rule", "1", numbers[i], "2");
    CALL_FAILS (&host, "Prelude.read: no parse", "delete_pt_rule", "", "any", numbers[i]);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (addresses); i++) {
    CALL_FAILS (&host, "error parsing rule", "add_pt_rule_bdf", addresses[i]);
    CALL_FAILS (&host, "error parsing rule", "delete_pt_rule_bdf", addresses[i]);
  }
  assert_rules (&host, "", "");
  ck_assert (!xm_store_exists (store (&host), RULES));
  host_free (&host);
}
END_TEST

/* "Any device at all" would take the host apart. */
START_TEST (a_rule_without_a_demand_selects_nothing)
{
  Host host = host_new ("{\"config\":{\"pci\":{\"7\":{\"force-slot\":\"true\"}}}}");
  CALL (&host, "add_pt_rule", "any", "", "any");
  assert_rules (&host, "7", "match   ");
  assert_devices (&host, "");
  host_free (&host);
}
END_TEST

START_TEST (damaged_rules)
{
  Host host = host_new ("{\"config\":{\"pci\":{\"2\":{\"bdf\":\"nowhere\"}}}}");
  CALL_FAILS (&host, "error in PCI BDF address: " RULES "/2: nowhere", "list_pt_rules");
  CALL_FAILS (&host, "error in PCI BDF address: " RULES "/2: nowhere", "list_pt_pci_devices");
  CALL (&host, "add_pt_rule_bdf", "0:1:0.0");
  CALL (&host, "delete_pt_rule_bdf", "0:1:0.0");
  fixture_inject (store (&host), RULES, "{\"2147483647\":{\"class\":\"often\"}}");
  CALL_FAILS (&host, "Prelude.read: no parse", "list_pt_rules");
  CALL_FAILS (&host, "there is no number left for a rule in " RULES, "add_pt_rule_bdf", "0:1:0.0");
  host_free (&host);
}
END_TEST

/* -- devices ----------------------------------------------------------------------- */

static const struct {
  const char *json, *addresses;
} selections[] = {
  { "{}", "" },
  { "{\"config\":{\"pci\":{\"1\":{\"class\":\"0x0200\"}}}}", "0000:02:00.0\n0000:02:00.1" },
  { "{\"config\":{\"pci\":{\"1\":{\"class\":\"512\",\"vendor\":\"0x10de\"}}}}", "" },
  /* 0x0300 is all of display, 0x0380 itself only */
  { "{\"config\":{\"pci\":{\"1\":{\"class\":\"0x0300\"}}}}",
    "0000:00:02.0\n0000:00:02.1\n0000:01:00.0\n0000:03:00.0" },
  { "{\"config\":{\"pci\":{\"1\":{\"class\":\"0x0380\"}}}}", "0000:00:02.1\n0000:03:00.0" },
  { "{\"config\":{\"pci\":{\"1\":{\"vendor\":\"0x8086\",\"device\":\"0x1521\"}}}}",
    "0000:02:00.0\n0000:02:00.1" },
  { "{\"config\":{\"pci\":{\"1\":{\"device\":\"0xfffe\"}}}}", "0001:04:1f.7" },
  /* each once, in the order of addresses, however many rules ask */
  { "{\"config\":{\"pci\":{\"1\":{\"bdf\":\"0000:02:00.1\"},\"2\":{\"bdf\":\"0000:01:00.1\"},"
    "\"3\":{\"vendor\":\"0x10de\"},\"10\":{\"bdf\":\"0000:02:00.1\"}}}}",
    "0000:01:00.0\n0000:01:00.1\n0000:02:00.1" },
  /* the gpu first */
  { "{\"gpu\":\"0000:01:00.0\",\"config\":{\"pci\":{\"1\":{\"bdf\":\"0000:00:1f.2\"},"
    "\"2\":{\"vendor\":\"0x10de\"}}}}",
    "0000:01:00.0\n0000:00:1f.2\n0000:01:00.1" },
  { "{\"gpu\":\"hdx\"}", "" },
  { "{\"amt-pt\":\"true\"}", "0000:00:16.0\n0000:00:16.3" },
  { "{\"amt-pt\":\"true\",\"gpu\":\"0000:01:00.0\",\"config\":{\"pci\":{\"1\":{\"bdf\":"
    "\"0000:00:02.0\"}}}}",
    "0000:01:00.0\n0000:00:02.0\n0000:00:16.0\n0000:00:16.3" },
};

START_TEST (rules_select_devices)
{
  Host host = host_new (selections[_i].json);
  fixture_write (store (&host), "/system-amt-pt-active", "true");
  assert_devices (&host, selections[_i].addresses);
  host_free (&host);
}
END_TEST

START_TEST (amt_needs_the_host)
{
  Host host = host_new ("{\"amt-pt\":\"true\"}");
  assert_devices (&host, "");
  fixture_write (store (&host), "/system-amt-pt-active", "false");
  assert_devices (&host, "");
  host_free (&host);
}
END_TEST

START_TEST (devices_are_described)
{
  Host host = host_new ("{\"config\":{\"pci\":{\"1\":{\"bdf\":\"0000:01:00.0\"}}}}");
  g_autoptr (GVariant) answer = call (&host, NULL, "list_pt_pci_devices", NULL);
  g_autofree char *text = g_variant_print (answer, FALSE);
  ck_assert_str_eq (text, "([{'addr': '0000:01:00.0', "
                          "'name': 'NVIDIA Corporation GK104 [GeForce GTX 680]', "
                          "'class': '0x300', 'vendor-id': '0x10DE', 'device-id': '0x1180'}],)");
  host_free (&host);
}
END_TEST

START_TEST (a_device_that_is_not_there)
{
  Host host = host_new ("{\"config\":{\"pci\":{\"1\":{\"bdf\":\"0000:0a:00.0\"}}}}");
  g_autofree char *text = g_strconcat (
      "223:IO error: ", host.root,
      "/sys/bus/pci/devices/0000:0a:00.0/vendor: openFile: does not exist (No such file or "
      "directory)",
      NULL);
  CALL_FAILS (&host, text, "list_pt_pci_devices");
  fixture_inject (store (&host), "/vm/" UUID, "{\"gpu\":\"0000:0a:00.0\"}");
  CALL_FAILS (&host, text, "list_pt_pci_devices");
  host_free (&host);
}
END_TEST

/* -- gpu --------------------------------------------------------------------------- */

static void
set_gpu (Host *host, const char *value, const char *expected)
{
  static const char *const interfaces[] = { VM, VM_FREE };
  for (gsize i = 0; i < G_N_ELEMENTS (interfaces); i++) {
    g_autoptr (GError) error = NULL;
    ck_assert (service_fixture_set (host->fixture, PATH, interfaces[i], "gpu",
                                    g_variant_new_string (value), &error));
    g_autoptr (GVariant) got =
        service_fixture_get (host->fixture, PATH, interfaces[i], "gpu", &error);
    ck_assert_str_eq (g_variant_get_string (got, NULL), expected);
  }
}

START_TEST (only_adapters_of_the_host_are_taken)
{
  Host host = host_new ("{}");
  set_gpu (&host, "0000:01:00.0", "0000:01:00.0");
  service_fixture_wait_signal (host.fixture, "vm_config_changed");
  set_gpu (&host, "0000:02:00.0", "0000:01:00.0"); /* no adapter */
  set_gpu (&host, "0000:09:00.0", "0000:01:00.0");
  set_gpu (&host, "hdx", "0000:01:00.0");
  set_gpu (&host, "0000:03", "0000:03"); /* a part will do */
  set_gpu (&host, "", "");

  /* The display handler's stays its own. */
  fixture_write (store (&host), "/xenmgr/dh/gpu", "0000:00:02.0,0000:01:00.0");
  set_gpu (&host, "0000:01:00.0", "");
  set_gpu (&host, "0000:03:00.0", "0000:03:00.0");

  /* It can be given back where the host has none. */
  service_fixture_set_host_root (host.fixture, "/nonexistent");
  set_gpu (&host, "0000:01:00.0", "0000:03:00.0");
  set_gpu (&host, "", "");
  host_free (&host);
}
END_TEST

START_TEST (gpu_is_under_policy)
{
  Host host = host_new ("{\"policies\":{\"modify-vm-settings\":\"false\"}}");
  g_autoptr (GError) error = NULL;
  ck_assert (!service_fixture_set (host.fixture, PATH, VM, "gpu",
                                   g_variant_new_string ("0000:01:00.0"), &error));
  ck_assert_ptr_nonnull (strstr (error->message, "202:Editing of properties is disabled"));
  ck_assert_ptr_null (xm_vm_read (host.vm, "gpu"));
  host_free (&host);
}
END_TEST

static void
add_neighbour (Host *host, guint number, const char *gpu, int slot, int domid)
{
  g_autofree char *uuid = g_strdup_printf ("8a3c1d5e-4f60-4b7a-9c21-%012u", number);
  g_autofree char *json = g_strdup_printf ("{\"gpu\":\"%s\",\"slot\":\"%d\"}", gpu, slot);
  service_fixture_add_vm (host->fixture, uuid, json)->domid = domid;
}

static void
assert_sides (Host *host, int left, int right)
{
  g_autoptr (GVariant) l =
      service_fixture_get (host->fixture, PATH, VM, "seamless-mouse-left", NULL);
  g_autoptr (GVariant) r =
      service_fixture_get (host->fixture, PATH, VM_FREE, "seamless-mouse-right", NULL);
  ck_assert_int_eq (g_variant_get_int32 (l), left);
  ck_assert_int_eq (g_variant_get_int32 (r), right);
}

START_TEST (neighbours_of_an_adapter)
{
  /* In the order of the list: 02.0 (the firmware's), 02.1, 01:00.0, 03:00.0 */
  Host host = host_new ("{\"gpu\":\"0000:01:00.0\",\"slot\":\"5\"}");
  assert_sides (&host, -1, -1);
  add_neighbour (&host, 1, "0000:00:02.0", 1, 11);
  add_neighbour (&host, 2, "0000:00:02.1", 2, -1);
  add_neighbour (&host, 3, "0000:03:00.0", 3, 13);
  add_neighbour (&host, 4, "0000:03:00.0", 4, 14);
  assert_sides (&host, 1, 3); /* 2 does not run */
  xm_vm_lookup (service_fixture_service (host.fixture), "8a3c1d5e-4f60-4b7a-9c21-000000000002")
      ->domid = 12;
  assert_sides (&host, 2, 3);

  /* Placed by hand: 03:00.0, 01:00.0, 02.1, 02.0; a damaged one keeps its place. */
  fixture_write (store (&host), "/xenmgr/gpu-placement/0000:03:00.0", "-7");
  fixture_write (store (&host), "/xenmgr/gpu-placement/0000:00:02.0", "9");
  fixture_write (store (&host), "/xenmgr/gpu-placement/0000:00:02.1", "4");
  fixture_write (store (&host), "/xenmgr/gpu-placement/0000:01:00.0", "middle");
  assert_sides (&host, 3, 2);
  fixture_write (store (&host), "/xenmgr/gpu-placement/0000:00:02.1", "2");
  assert_sides (&host, 3, 1); /* beside, not left or right */

  fixture_write (store (&host), "/vm/" UUID "/gpu", "0000:77:00.0");
  assert_sides (&host, -1, -1);
  fixture_write (store (&host), "/vm/" UUID "/gpu", "");
  assert_sides (&host, -1, -1);
  host_free (&host);
}
END_TEST

/* -- xl.cfg ------------------------------------------------------------------------ */

static XmStart *
start_with_devices (Host *host)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *sysfs = fake_host_sysfs (host->root);
  g_autoptr (GPtrArray) devices = xm_pci_devices_read (sysfs);
  XmStart *start = xm_start_new (host->vm, cancellable);
  start->pci_devices = xm_vm_select_pci (host->vm, devices, sysfs, NULL);
  return start;
}

static char *
config_of (XmStart *start)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (XmVmConfig) config = xm_vm_config_build (start->vm, start, &error);
  ck_assert_msg (config != NULL, "%s", error != NULL ? error->message : "");
  return g_strdup (xm_vm_config_get_text (config));
}

#define PARTS(type, rules)                                                                         \
  "{\"name\":\"n\",\"gpu\":\"0000:01:00.0\",\"amt-pt\":\"true\",\"config\":{\"virt-type\":\"" type \
  "\",\"kernel\":\"/k\",\"memory\":\"64\",\"pci\":{" rules "}}}"

static void
assert_line (const char *text, const char *line)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  ck_assert_msg (g_strv_contains ((const char *const *)lines, line), "%s is not in\n%s", line,
                 text);
}

START_TEST (devices_for_xl)
{
  g_autoptr (StandinHost) standin = standin_host_new ();
  Host host = host_new (PARTS ("hvm", "\"1\":{\"bdf\":\"0000:02:00.0@1a\"},"
                                      "\"2\":{\"bdf\":\"0000:02:00.1\"}"));
  fixture_write (store (&host), "/system-amt-pt-active", "true");
  g_autoptr (XmStart) start = start_with_devices (&host);
  g_autofree char *text = config_of (start);
  assert_line (text, "pci=['0000:01:00.0','0000:00:16.0@16','0000:00:16.3','0000:02:00.0@1a',"
                     "'0000:02:00.1']");
  assert_line (text, "mmio_hole=512"); /* 240.5 MiB of devices + 64 */
  assert_line (text, "pci_seize=1");

  g_autofree char *json = standin_host_dry_run (standin, text);
  ck_assert_ptr_nonnull (json);
  json_auto_t *read = json_loads (json, 0, NULL);
  json_t *devices = json_object_get (read, "pcidevs");
  static const struct {
    int bus, dev, func, vdevfn;
  } expected[] = {
    { 1, 0, 0, 0 }, { 0, 0x16, 0, 0x16 << 3 }, { 0, 0x16, 3, 0 }, { 2, 0, 0, 0x1a << 3 },
    { 2, 0, 1, 0 },
  };
  ck_assert_uint_eq (json_array_size (devices), G_N_ELEMENTS (expected));
  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++) {
    json_t *device = json_array_get (devices, i);
    ck_assert_int_eq (json_integer_value (json_object_get (device, "bus")), expected[i].bus);
    ck_assert_int_eq (json_integer_value (json_object_get (device, "dev")), expected[i].dev);
    ck_assert_int_eq (json_integer_value (json_object_get (device, "func")), expected[i].func);
    ck_assert_int_eq (json_integer_value (json_object_get (device, "vdevfn")), expected[i].vdevfn);
    ck_assert (json_is_true (json_object_get (device, "seize")));
    ck_assert (json_is_true (json_object_get (device, "permissive")));
    ck_assert (json_is_true (json_object_get (device, "msitranslate")));
    ck_assert (json_is_true (json_object_get (device, "power_mgmt")));
  }
  json_t *hvm = json_object_get (json_object_get (read, "b_info"), "type.hvm");
  ck_assert_int_eq (json_integer_value (json_object_get (hvm, "mmio_hole_memkb")), 512 * 1024);
  host_free (&host);
}
END_TEST

/* A PV guest sees the slots that pciback gives it, and needs no hole. */
START_TEST (devices_of_a_pv_guest)
{
  g_autoptr (StandinHost) standin = standin_host_new ();
  Host host = host_new (PARTS ("pv", "\"1\":{\"bdf\":\"0000:02:00.0@1a\"}"));
  g_autoptr (XmStart) start = start_with_devices (&host);
  g_autofree char *text = config_of (start);
  assert_line (text, "pci=['0000:01:00.0','0000:02:00.0']");
  ck_assert_ptr_null (strstr (text, "mmio_hole"));
  g_autofree char *json = standin_host_dry_run (standin, text);
  ck_assert_ptr_nonnull (json);
  json_auto_t *read = json_loads (json, 0, NULL);
  ck_assert_uint_eq (json_array_size (json_object_get (read, "pcidevs")), 2);
  host_free (&host);
}
END_TEST

START_TEST (no_devices)
{
  Host host = host_new ("{\"name\":\"n\",\"config\":{\"virt-type\":\"hvm\",\"memory\":\"64\"}}");
  g_autoptr (XmStart) start = start_with_devices (&host);
  g_autofree char *text = config_of (start);
  ck_assert_ptr_null (strstr (text, "pci="));
  ck_assert_ptr_null (strstr (text, "mmio_hole"));
  host_free (&host);
}
END_TEST

static const struct {
  guint64 bytes; /* of one device */
  guint n;
  int mib;
} holes[] = {
#define MIB G_GUINT64_CONSTANT (0x100000)
  { 0, 0, 256 },
  { 4096, 1, 256 },
  { 128 * MIB - 1, 1, 256 },
  { 128 * MIB, 1, 512 }, /* 192 MiB are below 0xfc000000, 64 of them taken */
  { 127 * MIB, 2, 512 },
  { 384 * MIB - 1, 1, 512 },
  { 384 * MIB, 1, 1024 },
  { 896 * MIB - 1, 1, 1024 },
  { 896 * MIB, 1, 2048 },
  { 16384 * MIB, 1, 2048 },
  { G_MAXUINT64, 3, 2048 },
};

START_TEST (sizes_of_the_hole)
{
  Host host = host_new ("{}");
  g_autoptr (XmStart) start = start_with_devices (&host);
  for (guint i = 0; i < holes[_i].n; i++) {
    XmPassedDevice *passed = g_new0 (XmPassedDevice, 1);
    passed->device = g_new0 (XmPciDevice, 1);
    passed->memory = holes[_i].bytes;
    g_ptr_array_add (start->pci_devices, passed);
  }
  ck_assert_int_eq (xm_vm_pci_mmio_hole (start), holes[_i].mib);
  host_free (&host);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("vm-pci");
  TCase *rules = tcase_create ("rules");
  tcase_add_test (rules, rules_are_kept);
  tcase_add_test (rules, bad_rules_are_refused);
  tcase_add_test (rules, a_rule_without_a_demand_selects_nothing);
  tcase_add_test (rules, damaged_rules);
  TCase *devices = tcase_create ("devices");
  tcase_add_loop_test (devices, rules_select_devices, 0, G_N_ELEMENTS (selections));
  tcase_add_test (devices, amt_needs_the_host);
  tcase_add_test (devices, devices_are_described);
  tcase_add_test (devices, a_device_that_is_not_there);
  TCase *gpu = tcase_create ("gpu");
  tcase_add_test (gpu, only_adapters_of_the_host_are_taken);
  tcase_add_test (gpu, gpu_is_under_policy);
  tcase_add_test (gpu, neighbours_of_an_adapter);
  TCase *config = tcase_create ("config");
  tcase_add_test (config, devices_for_xl);
  tcase_add_test (config, devices_of_a_pv_guest);
  tcase_add_test (config, no_devices);
  tcase_add_loop_test (config, sizes_of_the_hole, 0, G_N_ELEMENTS (holes));
  TCase *cases[] = { rules, devices, gpu, config };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    tcase_set_timeout (cases[i], 60);
    suite_add_tcase (suite, cases[i]);
  }
  return run_suite (suite);
}

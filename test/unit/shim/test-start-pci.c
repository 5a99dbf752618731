/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A start of a VM that gets PCI devices, down to what xl and sysfs are told. */
#include <check.h>
#include <string.h>

#include "dummy-xl.h"
#include "fake-host.h"
#include "service-fixture.h"
#include "shim/pciback.h"
#include "shim/vm-pci.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

#define UUID    "11111111-2222-3333-4444-555555555555"
#define PATH    "/vm/11111111_2222_3333_4444_555555555555"
#define OTHER   "8a3c1d5e-4f60-4b7a-9c21-000000000001"
#define RULES   "/vm/" UUID "/config/pci"
#define DEVICES "sys/bus/pci/devices/"

typedef struct {
  ServiceFixture *fixture;
  XmService *service;
  char *root;
  XmVm *vm;
} Host;

/* What xl says now and after each command: the VM comes as domain 5; the other one may run as 3. */
static void
tell_domains (gboolean other_runs)
{
  static const struct {
    const char *file, *state; /* NULL: not there */
  } moments[] = {
    { "list", NULL },
    { "create.domains", "--p---" },
    { "unpause.domains", "-b----" },
  };
  g_autofree char *other = dummy_xl_domain ("o", 3, "-b----", OTHER, "-");
  for (gsize i = 0; i < G_N_ELEMENTS (moments); i++) {
    const char *state = moments[i].state;
    g_autofree char *own =
        state != NULL ? dummy_xl_domain ("n", 5, state, UUID, "-") : g_strdup ("");
    g_autofree char *lines = g_strconcat (other_runs ? other : "", own, NULL);
    g_autofree char *text = dummy_xl_domains (lines);
    dummy_xl_tell (moments[i].file, text);
  }
}

/* @members: of the VM's node, each with a comma behind it. @rules: of its config/pci. */
static Host
host_new (const char *virt_type, const char *members, const char *rules)
{
  Host host = { .fixture = service_fixture_new (), .root = fake_host_new () };
  host.service = service_fixture_service (host.fixture);
  service_fixture_set_host_root (host.fixture, host.root);
  const char *kernel = xm_store_get_base (host.service->store);
  g_autofree char *json =
      g_strdup_printf ("{%s\"name\":\"n\",\"config\":{\"virt-type\":\"%s\",\"memory\":\"64\","
                       "\"kernel\":\"%s/../test.conf\",\"pci\":{%s}}}",
                       members, virt_type, kernel, rules);
  host.vm = service_fixture_add_vm (host.fixture, UUID, json);

  tell_domains (FALSE);
  return host;
}

static void
host_free (Host *host)
{
  service_fixture_free (host->fixture);
  fake_host_free (host->root);
}

static void
add_other (Host *host, const char *json, gboolean running)
{
  service_fixture_add_vm (host->fixture, OTHER, json);
  tell_domains (running);
}

static gboolean
start (Host *host, GError **error)
{
  g_autoptr (GVariant) answer =
      service_fixture_call (host->fixture, XENMGR, PATH, VM, "start", NULL, error);
  return answer != NULL;
}

static void
starts (Host *host)
{
  g_autoptr (GError) error = NULL;
  ck_assert_msg (start (host, &error), "%s", error != NULL ? error->message : "");
  ck_assert_uint_eq (dummy_xl_count ("create"), 1);
}

static void
fails (Host *host, const char *text)
{
  g_autoptr (GError) error = NULL;
  ck_assert (!start (host, &error));
  g_dbus_error_strip_remote_error (error);
  ck_assert_msg (g_str_has_suffix (error->message, text), "%s", error->message);
  ck_assert_uint_eq (dummy_xl_count ("create"), 0);
}

static void
assert_config (Host *host, const char *line)
{
  g_autofree char *path = g_build_filename (host->service->settings->run_dir, UUID ".cfg", NULL);
  g_autofree char *text = NULL;
  ck_assert (g_file_get_contents (path, &text, NULL, NULL));
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  ck_assert_msg (g_strv_contains ((const char *const *)lines, line), "%s", text);
}

static void
assert_nothing_told (Host *host)
{
  assert_told (host->root, "pciback/new_slot", "");
  assert_told (host->root, "pciback/bind", "");
  assert_told (host->root, "igb/unbind", "");
  assert_told (host->root, "nouveau/unbind", "");
}

/* -- the gpu's other functions ----------------------------------------------------- */

START_TEST (all_of_an_adapter_goes)
{
  Host host = host_new ("hvm", "\"gpu\":\"0000:01:00.0\",", "");
  starts (&host);
  /* Its sound, not the bridge beside it. */
  assert_dump (host.service->store, RULES, "{\n  \"1\": {\n    \"bdf\": \"0000:01:00.1\"\n  }\n}");
  assert_config (&host, "pci=['0000:01:00.0','0000:01:00.1']");
  assert_config (&host, "mmio_hole=512");
  g_autofree char *on_disk =
      fixture_read_file (xm_store_get_base (host.service->store), "vms/" UUID ".db");
  ck_assert_ptr_nonnull (strstr (on_disk, "0000:01:00.1"));

  /* Once more adds none; nor does a start while it runs. */
  GError *error = NULL;
  ck_assert (start (&host, &error));
  assert_dump (host.service->store, RULES, "{\n  \"1\": {\n    \"bdf\": \"0000:01:00.1\"\n  }\n}");
  host_free (&host);
}
END_TEST

/* Beside the host's own devices, the bus is not the adapter. */
START_TEST (the_hosts_devices_stay)
{
  Host host = host_new ("hvm", "\"gpu\":\"0000:00:02.0\",", "");
  starts (&host);
  assert_dump (host.service->store, RULES, "{\n  \"1\": {\n    \"bdf\": \"0000:00:02.1\"\n  }\n}");
  host_free (&host);
}
END_TEST

START_TEST (an_adapter_that_is_no_address)
{
  Host host = host_new ("hvm", "\"gpu\":\"0000:01\",", "");
  starts (&host);
  assert_dump (host.service->store, RULES, "{ }");
  host_free (&host);
}
END_TEST

/* -- refusals ---------------------------------------------------------------------- */

START_TEST (a_device_that_is_not_there)
{
  Host host = host_new ("hvm", "", "\"1\":{\"bdf\":\"0000:0a:00.0\"}");
  fails (&host, "/sys/bus/pci/devices/0000:0a:00.0/vendor: openFile: does not exist (No such file "
                "or directory)");
  fixture_inject (host.service->store, RULES, "{}");
  fixture_write (host.service->store, "/vm/" UUID "/gpu", "0000:0a:00.0");
  fails (&host, "/sys/bus/pci/devices/0000:0a:00.0/vendor: openFile: does not exist (No such file "
                "or directory)");
  fixture_remove (host.service->store, "/vm/" UUID "/gpu");
  fixture_inject (host.service->store, RULES, "{\"1\":{\"bdf\":\"x\"}}");
  fails (&host, "error in PCI BDF address: " RULES "/1: x");
  assert_nothing_told (&host);
  host_free (&host);
}
END_TEST

START_TEST (intel_graphics_only_as_the_first)
{
  Host host = host_new ("hvm", "", "\"1\":{\"bdf\":\"0000:03:00.0\"}");
  fails (&host, "231:Graphics card cannot be passed through as secondary adapter");
  fixture_inject (host.service->store, RULES, "{\"1\":{\"bdf\":\"0000:00:02.0\"}}");
  starts (&host);
  host_free (&host);
}
END_TEST

START_TEST (no_devices_for_pvh)
{
  Host host = host_new ("pvh", "", "\"1\":{\"bdf\":\"0000:02:00.0\"}");
  fails (&host, "Xen gives such guests no PCI devices, and its rules select 0000:02:00.0");
  fixture_inject (host.service->store, RULES, "{\"1\":{\"class\":\"0x0c05\"}}");
  starts (&host); /* there are none */
  host_free (&host);
}
END_TEST

static const struct {
  const char *members, *text;
} exclusive[] = {
  { "\"amt-pt\":\"true\",",
    "219:Cannot start VM - another VM with AMT passthrough is already running" },
  { "\"oem-acpi-features\":\"true\",",
    "233:Cannot stat VM - another VM with oem acpi features is already running" },
};

START_TEST (what_one_vm_can_have)
{
  Host host = host_new ("hvm", exclusive[_i].members, "");
  g_autofree char *same = g_strdup_printf ("{%s\"name\":\"o\"}", exclusive[_i].members);
  g_autofree char *service_vm = g_strdup_printf ("{%s\"type\":\"ndvm\"}", exclusive[_i].members);
  g_autofree char *old_type = g_strdup_printf ("{%s\"type\":\"pvm\"}", exclusive[_i].members);
  add_other (&host, same, TRUE);
  fails (&host, exclusive[_i].text);
  add_other (&host, old_type, TRUE);
  fails (&host, exclusive[_i].text);
  add_other (&host, service_vm, TRUE);
  starts (&host);
  host_free (&host);
}
END_TEST

START_TEST (what_one_vm_can_have_while_it_runs)
{
  Host host = host_new ("hvm", exclusive[_i].members, "");
  g_autofree char *same = g_strdup_printf ("{%s\"name\":\"o\"}", exclusive[_i].members);
  add_other (&host, same, FALSE);
  starts (&host);
  host_free (&host);
}
END_TEST

START_TEST (a_device_of_another_vm)
{
  Host host = host_new ("hvm", "",
                        "\"1\":{\"bdf\":\"0000:02:00.0\"},"
                        "\"2\":{\"bdf\":\"0000:01:00.0\"}");
  /* What it can no longer get does not hide what it has. */
  add_other (&host,
             "{\"config\":{\"pci\":{\"1\":{\"bdf\":\"0000:0a:00.0\"},\"2\":{\"bdf\":\"x\"},"
             "\"3\":{\"vendor\":\"0x10de\"}}}}",
             TRUE);
  fails (&host, "230:Device '0000:01:00.0 NVIDIA Corporation GK104 [GeForce GTX 680]' is currently "
                "being passed through to another VM.");
  assert_nothing_told (&host);
  add_other (&host, "{\"gpu\":\"0000:02:00.0\"}", TRUE);
  fails (&host, "230:Device '0000:02:00.0 Intel Corporation I350 Gigabit Network Connection' is "
                "currently being passed through to another VM.");
  add_other (&host, "{\"gpu\":\"0000:02:00.0\"}", FALSE);
  starts (&host);
  host_free (&host);
}
END_TEST

/* -- pciback ----------------------------------------------------------------------- */

START_TEST (devices_go_to_pciback)
{
  Host host = host_new ("pv", "", "\"1\":{\"class\":\"0x0200\"}");
  starts (&host);
  assert_config (&host, "pci=['0000:02:00.0','0000:02:00.1']");
  assert_told (host.root, "igb/unbind", "0000:02:00.0");
  assert_told (host.root, "pciback/new_slot", "0000:02:00.0");
  assert_told (host.root, "pciback/bind", "0000:02:00.0");
  assert_told (host.root, "pciback/unbind", ""); /* 02:00.1 is there already */
  assert_told (host.root, "ahci/unbind", "");
  host_free (&host);
}
END_TEST

START_TEST (a_device_without_a_driver)
{
  Host host = host_new ("pv", "", "\"1\":{\"bdf\":\"0000:01:00.1\"}");
  fixture_write_file (host.root, "sys/bus/pci/drivers/pciback/slots",
                      "0000:02:00.1\n0000:01:00.1\n");
  starts (&host);
  assert_told (host.root, "pciback/new_slot", ""); /* it knows the slot */
  assert_told (host.root, "pciback/bind", "0000:01:00.1");
  host_free (&host);
}
END_TEST

START_TEST (only_when_asked_for)
{
  Host host =
      host_new ("pv", "\"greedy-pciback-bind\":\"false\",", "\"1\":{\"bdf\":\"0000:02:00.0\"}");
  starts (&host);
  assert_config (&host, "pci=['0000:02:00.0']");
  assert_nothing_told (&host);
  host_free (&host);
}
END_TEST

static void
remove_file (const char *root, const char *file)
{
  g_autofree char *path = g_build_filename (root, "sys/bus/pci/drivers", file, NULL);
  ck_assert_int_eq (remove (path), 0);
}

/* The start goes on, and nothing is half done on purpose: each step needs the one before. */
START_TEST (a_driver_that_does_not_let_go)
{
  Host host = host_new ("pv", "",
                        "\"1\":{\"bdf\":\"0000:02:00.0\"},"
                        "\"2\":{\"bdf\":\"0000:01:00.0\"}");
  remove_file (host.root, "igb/unbind");
  starts (&host);
  assert_told (host.root, "nouveau/unbind", "0000:01:00.0"); /* others are not affected */
  assert_told (host.root, "pciback/new_slot", "0000:01:00.0");
  assert_told (host.root, "pciback/bind", "0000:01:00.0");
  host_free (&host);
}
END_TEST

START_TEST (a_slot_that_is_refused)
{
  Host host = host_new ("pv", "", "\"1\":{\"bdf\":\"0000:02:00.0\"}");
  remove_file (host.root, "pciback/new_slot");
  starts (&host);
  assert_told (host.root, "igb/unbind", "0000:02:00.0");
  assert_told (host.root, "pciback/bind", "");
  host_free (&host);
}
END_TEST

START_TEST (no_pciback)
{
  Host host = host_new ("pv", "", "\"1\":{\"bdf\":\"0000:02:00.0\"}");
  static const char *const files[] = { "new_slot", "bind", "slots", "unbind", "" };
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autofree char *file = g_build_filename ("pciback", files[i], NULL);
    remove_file (host.root, file);
  }
  starts (&host);
  assert_told (host.root, "igb/unbind", ""); /* it keeps working for dom0 */
  host_free (&host);
}
END_TEST

static void
on_reserved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ck_assert (xm_pciback_bind_finish (result, NULL));
  *(gboolean *)user_data = TRUE;
}

START_TEST (devices_are_reserved_when_the_service_starts)
{
  Host host =
      host_new ("pv", "", "\"1\":{\"bdf\":\"0000:02:00.0\"},\"2\":{\"bdf\":\"0000:0a:0.0\"}");
  add_other (&host, "{\"greedy-pciback-bind\":\"false\",\"gpu\":\"0000:01:00.0\"}", FALSE);
  gboolean done = FALSE;
  xm_pciback_reserve (host.service, on_reserved, &done);
  while (!done)
    g_main_context_iteration (NULL, TRUE);
  assert_told (host.root, "igb/unbind", "0000:02:00.0");
  assert_told (host.root, "pciback/new_slot", "0000:02:00.0");
  assert_told (host.root, "pciback/bind", "0000:02:00.0");
  assert_told (host.root, "nouveau/unbind", "");
  host_free (&host);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("start-pci");
  TCase *cases = tcase_create ("all");
  tcase_set_timeout (cases, 60);
  tcase_add_test (cases, all_of_an_adapter_goes);
  tcase_add_test (cases, the_hosts_devices_stay);
  tcase_add_test (cases, an_adapter_that_is_no_address);
  tcase_add_test (cases, a_device_that_is_not_there);
  tcase_add_test (cases, intel_graphics_only_as_the_first);
  tcase_add_test (cases, no_devices_for_pvh);
  tcase_add_loop_test (cases, what_one_vm_can_have, 0, G_N_ELEMENTS (exclusive));
  tcase_add_loop_test (cases, what_one_vm_can_have_while_it_runs, 0, G_N_ELEMENTS (exclusive));
  tcase_add_test (cases, a_device_of_another_vm);
  tcase_add_test (cases, devices_go_to_pciback);
  tcase_add_test (cases, a_device_without_a_driver);
  tcase_add_test (cases, only_when_asked_for);
  tcase_add_test (cases, a_driver_that_does_not_let_go);
  tcase_add_test (cases, a_slot_that_is_refused);
  tcase_add_test (cases, no_pciback);
  tcase_add_test (cases, devices_are_reserved_when_the_service_starts);
  suite_add_tcase (suite, cases);
  return run_suite (suite);
}

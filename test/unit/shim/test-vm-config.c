/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the xl.cfg of a VM refuses, the files it needs, and the file itself. */
#include <check.h>
#include <string.h>
#include <sys/stat.h>

#include "service-fixture.h"
#include "shim/error.h"
#include "shim/vm-config.h"
#include "shim/vm-disk-specs.h"
#include "shim/nic-record.h"
#include "shim/vm-properties.h"
#include "store-fixture.h"
#include "test/simhost/standin/standin-host.h"
#include "test/unit/run-suite.h"

#define UUID         "11111111-2222-3333-4444-555555555555"
#define BACKEND_UUID "8a3c1d5e-4f60-4b7a-9c21-00000000000b"

static XmVmConfig *
build (ServiceFixture *fixture, const char *json, GError **error)
{
  return xm_vm_config_build (service_fixture_add_vm (fixture, UUID, json), NULL, error);
}

static char *
build_text (ServiceFixture *fixture, const char *json)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (XmVmConfig) config = build (fixture, json, &error);
  ck_assert_msg (config != NULL, "%s: %s", json, error != NULL ? error->message : "");
  return g_strdup (xm_vm_config_get_text (config));
}

/* -- refusals ---------------------------------------------------------------------- */

#define PV(rest)   "{\"name\":\"n\",\"config\":{\"memory\":\"64\",\"kernel\":\"/k\"" rest "}}"
#define HVM(rest)  "{\"name\":\"n\",\"config\":{\"memory\":\"64\",\"virt-type\":\"hvm\"" rest "}}"
#define DISK(rest) PV (",\"disk\":{\"3\":{\"path\":\"/d\",\"device\":\"xvda\"" rest "}}")
#define NIC(rest)  PV (",\"nic\":{\"3\":{\"enable\":\"true\"" rest "}}")

START_TEST (refusals)
{
  static const struct {
    const char *json, *part;
  } cases[] = {
    { "{\"config\":{\"memory\":\"64\",\"kernel\":\"/k\"}}", "property name of vm " UUID },
    { "{\"name\":\"\",\"config\":{\"memory\":\"64\",\"kernel\":\"/k\"}}", "property name of vm" },
    { "{\"name\":\"a\\nb\",\"config\":{\"memory\":\"64\",\"kernel\":\"/k\"}}",
      "property name of vm" },
    { "{\"name\":\"n\",\"config\":{\"kernel\":\"/k\"}}", "property memory of vm " UUID },
    { "{\"name\":\"n\",\"config\":{\"kernel\":\"/k\",\"memory\":\"-1\"}}", "property memory" },
    { "{\"name\":\"n\",\"config\":{\"kernel\":\"/k\",\"memory\":\"lots\"}}", "property memory" },
    { "{\"name\":\"n\",\"config\":{\"kernel\":\"/k\",\"memory\":\"5000000000\"}}",
      "property memory" },
    { "{\"name\":\"n\",\"config\":{\"memory\":\"64\"}}", "property kernel of vm " UUID },
    { PV (",\"virt-type\":\"xen\""), "property virt-type of vm " UUID },
    { PV (",\"virt-type\":\"pvh\",\"kernel\":\"\""), "property kernel of vm " UUID },
    { PV (",\"acpi\":\"perhaps\""), "property acpi of vm " UUID },
    { HVM (",\"bios\":\"grub\""), "property bios of vm " UUID " must be rombios" },
    { HVM (",\"hdtype\":\"scsi\""), "property hdtype of vm " UUID " must be ide or ahci" },
    { HVM (",\"timer-mode\":\"1\""), "property timer-mode of vm " UUID " must be" },
    { HVM (",\"viridian\":\"most\""), "property viridian of vm " UUID " must be" },
    { HVM (",\"viridian\":\"!all\""), "property viridian of vm " UUID " must be" },
    { HVM (",\"hpet\":\"perhaps\""), "property hpet of vm " UUID },
    { HVM (",\"videoram\":\"5000000000\""), "property videoram of vm " UUID },
    { HVM (",\"extra-hvm\":{\"0\":\"a\\nb\"}"), "property extra-hvm of vm " UUID },
    { PV (",\"passthrough-io\":\"com1\""), "property passthrough-io of vm " UUID " must be" },
    { PV (",\"passthrough-io\":\"2ff-2f8\""), "property passthrough-io of vm " UUID },
    { PV (",\"passthrough-io\":\"10000\""), "property passthrough-io of vm " UUID },
    { PV (",\"passthrough-io\":\"2f8-\""), "property passthrough-io of vm " UUID },
    { PV (",\"passthrough-mmio\":\"fed90\""), "property passthrough-mmio of vm " UUID " must be" },
    { PV (",\"passthrough-mmio\":\"fed90,0\""), "property passthrough-mmio of vm " UUID },
    { PV (",\"passthrough-mmio\":\"fed90,1@\""), "property passthrough-mmio of vm " UUID },
    { PV (",\"memory-static-max\":\"5000000000\""), "property memory-static-max of vm " UUID },
    { PV (",\"vcpus\":\"two\""), "property vcpus of vm " UUID },
    { PV (",\"extra-xenvm\":{\"0\":\"a=1\\nb=2\"}"), "property extra-xenvm of vm " UUID },
    { "{\"name\":\"n\",\"cpuid\":\"a\\nb=1\",\"config\":{\"memory\":\"64\",\"kernel\":\"/k\"}}",
      "property cpuid of vm " UUID },
    { DISK (",\"type\":\"vdi\""), "property phys-type of disk 3 of vm " UUID },
    { DISK (",\"type\":\"x,script=/evil\""), "property phys-type of disk 3 of vm " UUID },
    { DISK (",\"path\":\"/d\\nvdev=xvdz\""), "property phys-path of disk 3 of vm " UUID },
    { DISK (",\"device\":\"xvda,script=/evil\""), "property virt-path of disk 3 of vm " UUID },
    { DISK (",\"device\":\" xvda\""), "property virt-path of disk 3 of vm " UUID },
    { DISK (",\"devtype\":\"disk,script=/evil\""), "property devtype of disk 3 of vm " UUID },
    { DISK (",\"devtype\":\"tape\""), "property devtype of disk 3 of vm " UUID },
    { DISK (",\"devtype\":\"cdrom\",\"path\":\"\",\"device\":\"hdc,script=/evil\""),
      "property virt-path of disk 3 of vm " UUID },
    { NIC (",\"mac\":\"00:16:3e:01:02:03,script=/evil\""), "property mac of nic 3 of vm " UUID },
    { NIC (",\"mac\":\"a=b\""), "property mac of nic 3 of vm " UUID },
    { NIC (",\"mac\":\"00:16:3e:01:02\""), "property mac of nic 3 of vm " UUID " is no MAC" },
    { NIC (",\"mac\":\"00:16:3e:01:02:03:04\""), "property mac of nic 3 of vm " UUID },
    { NIC (",\"mac\":\"00:16:3e:01:02:003\""), "property mac of nic 3 of vm " UUID },
    { NIC (",\"network\":\"/any/0/comma\""), "property network of nic 3 of vm " UUID },
    { NIC (",\"backend-name\":\"nobody\""), "232" },
    { NIC (",\"backend-uuid\":\"nobody\""), "232" },
  };
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (XmVmConfig) config = build (fixture, cases[i].json, &error);
    ck_assert_msg (config == NULL, "%s", cases[i].json);
    ck_assert_msg (strstr (error->message, cases[i].part) != NULL, "%s: %s", cases[i].json,
                   error->message);
  }
}
END_TEST

/* A backend without a domain is as good as none. */
START_TEST (a_stopped_backend_is_refused)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  service_fixture_add_vm (fixture, BACKEND_UUID, "{\"name\":\"netback\"}");
  g_autoptr (GError) error = NULL;
  g_autoptr (XmVmConfig) config = build (fixture, NIC (",\"backend-name\":\"netback\""), &error);
  ck_assert_ptr_null (config);
  ck_assert (g_error_matches (error, XM_ERROR, XM_ERROR_NO_BACKEND));
}
END_TEST

/* -- the file, and the files it needs ---------------------------------------------- */

static void
on_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **)user_data = g_object_ref (result);
}

static char *
write_config (ServiceFixture *fixture, const char *json, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  XmVmConfig *config = build (fixture, json, error);
  ck_assert_ptr_nonnull (config);
  xm_vm_config_write_async (config, NULL, on_written, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return xm_vm_config_write_finish (result, error);
}

START_TEST (the_file_is_private)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  g_autofree char *kernel = g_strdup (xm_store_get_base (service_fixture_service (fixture)->store));
  g_autofree char *file = g_build_filename (kernel, "kernel", NULL);
  ck_assert (g_file_set_contents (file, "", 0, NULL));
  g_autofree char *json =
      g_strdup_printf ("{\"name\":\"n\",\"config\":{\"memory\":\"64\",\"kernel\":\"%s\"}}", file);
  g_autoptr (GError) error = NULL;
  g_autofree char *path = write_config (fixture, json, &error);
  ck_assert_msg (path != NULL, "%s", error != NULL ? error->message : "");
  ck_assert (g_str_has_suffix (path, "/run/" UUID ".cfg"));

  struct stat info;
  ck_assert_int_eq (stat (path, &info), 0);
  ck_assert_uint_eq (info.st_mode & 07777, 0600);
  g_autofree char *dir = g_path_get_dirname (path);
  ck_assert_int_eq (stat (dir, &info), 0);
  ck_assert_uint_eq (info.st_mode & 07777, 0700);
  g_autofree char *written = NULL;
  ck_assert (g_file_get_contents (path, &written, NULL, NULL));
  g_autofree char *text = build_text (fixture, json);
  ck_assert_str_eq (written, text);
}
END_TEST

START_TEST (missing_files_are_named)
{
  static const struct {
    const char *json, *message;
  } cases[] = {
    { PV (""), "223:IO error: /k: openFile: does not exist (No such file or directory)" },
    { "{\"name\":\"n\",\"config\":{\"memory\":\"64\",\"kernel\":\"/proc\"}}",
      "223:IO error: /proc: openFile: inappropriate type (is a directory)" },
    { "{\"name\":\"n\",\"stubdom\":\"true\",\"config\":{\"virt-type\":\"hvm\",\"memory\":\"64\"}}",
      "223:IO error: /stubdom/kernel: openFile: does not exist (No such file or directory)" },
    { "{\"name\":\"n\",\"config\":{\"virt-type\":\"hvm\",\"memory\":\"64\",\"disk\":{"
      "\"0\":{\"path\":\"\",\"devtype\":\"cdrom\"},"
      "\"4\":{\"path\":\"/no/such\",\"enable\":\"false\"}}}}",
      "Bad Physical Path for disk 4 (/no/such)" },
    { "{\"name\":\"n\",\"config\":{\"virt-type\":\"hvm\",\"memory\":\"64\",\"disk\":{"
      "\"0\":{\"path\":\"/proc\"}}}}",
      "Bad Physical Path for disk 0 (/proc)" },
    { "{\"name\":\"n\",\"config\":{\"virt-type\":\"hvm\",\"memory\":\"64\",\"qemu-dm-path\":"
      "\"/no/dm\"}}",
      "223:IO error: /no/dm: openFile: does not exist (No such file or directory)" },
  };
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    ck_assert_ptr_null (write_config (fixture, cases[i].json, &error));
    ck_assert_str_eq (error->message, cases[i].message);
  }
}
END_TEST

/* -- MACs -------------------------------------------------------------------------- */

START_TEST (generated_macs)
{
  static const struct {
    guint id;
    const char *uuid, *mac;
  } cases[] = {
    { 0, "00000000-0000-0000-0000-000000000001", "4e:1c:b4:98:ed:0a" },
    { 1, "00000000-0000-0000-0000-000000000001", "f2:48:68:4f:d0:81" },
    { 0, "00000000-0000-0000-0000-000000000002", "fe:e6:f3:ea:c3:ce" },
    { 1, "00000000-0000-0000-0000-000000000002", "f6:f7:ac:df:87:66" },
    { 0, "8a3c1d5e-4f60-4b7a-9c21-0123456789ab", "86:8a:f6:9c:54:6d" },
    { 1, "8a3c1d5e-4f60-4b7a-9c21-0123456789ab", "c2:ea:40:30:a2:ca" },
    { 0, "11111111-2222-3333-4444-555555555555", "a2:5c:2e:58:24:12" },
    { 1, "11111111-2222-3333-4444-555555555555", "be:c6:70:52:88:c1" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *mac = xm_nic_generate_mac (cases[i].id, cases[i].uuid);
    ck_assert_str_eq (mac, cases[i].mac);
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("vm-config");
  TCase *tcase = tcase_create ("vm-config");
  tcase_set_timeout (tcase, 120);
  tcase_add_test (tcase, refusals);
  tcase_add_test (tcase, a_stopped_backend_is_refused);
  tcase_add_test (tcase, the_file_is_private);
  tcase_add_test (tcase, missing_files_are_named);
  tcase_add_test (tcase, generated_macs);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks of a VM over D-Bus: their records, properties and what the files behind them tell. */
#include <check.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk-fixture.h"
#include "shim/vm-device.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

/* -- records ----------------------------------------------------------------------- */

static void
assert_paths (const char *expected)
{
  g_autoptr (GVariant) answer = disk_call (PATH, VM, "list_disks", NULL);
  g_autofree char *text = g_variant_print (answer, FALSE);
  g_strdelimit (g_strdelimit (text, "@", ' '), "'", ' ');
  g_auto (GStrv) words = g_strsplit_set (text, " ([],)", -1);
  g_autoptr (GString) ids = g_string_new (NULL);
  for (char **word = words; *word != NULL; word++) {
    if (g_str_has_prefix (*word, PATH "/disk/"))
      g_string_append_printf (ids, "%s ", *word + strlen (PATH "/disk/"));
  }
  ck_assert_str_eq (ids->str, expected);
}

static void
add_disk (const char *expected)
{
  g_autoptr (GVariant) answer = disk_call (PATH, VM, "add_disk", NULL);
  const char *path;
  g_variant_get (answer, "(&o)", &path);
  ck_assert_str_eq (path, expected);
}

START_TEST (adding_and_listing)
{
  disk_add_vm ("\"disk\":{\"0\":{\"path\":\"/i\",\"device\":\"hdc\"}}");
  add_disk (PATH "/disk/1");
  assert_dump (
      disk_service->store, "/vm/" UUID "/config/disk/1",
      "{\n  \"path\": \"\",\n  \"type\": \"vhd\",\n  \"mode\": \"w\",\n  \"device\": \"hda\","
      "\n  \"devtype\": \"disk\",\n  \"shared\": \"false\"\n}");
  add_disk (PATH "/disk/2");
  disk_assert (PATH "/disk/2", "virt-path", "'hdb'");
  add_disk (PATH "/disk/3");
  disk_assert (PATH "/disk/3", "virt-path", "'hdd'"); /* hdc is the CD's */
  service_fixture_wait_signal (disk_fixture, "vm_config_changed");

  /* A gap is not filled, its device name is. */
  disk_run (PATH "/disk/2", DISK, "delete", NULL);
  assert_paths ("0 1 3 ");
  add_disk (PATH "/disk/4");
  disk_assert (PATH "/disk/4", "virt-path", "'hdb'");
  disk_run (PATH "/disk/4", DISK, "delete", NULL);
  add_disk (PATH "/disk/4"); /* but the highest number is free again */

  fixture_write (disk_service->store, "/vm/" UUID "/config/disk/10/path", "/x");
  assert_paths ("0 1 3 4 10 ");
}
END_TEST

START_TEST (no_more_device_names)
{
  disk_add_vm ("\"disk\":{}");
  for (int i = 0; i < 26; i++)
    disk_run (PATH, VM, "add_disk", NULL);
  disk_assert (PATH "/disk/25", "virt-path", "'hdz'");
  disk_refuse (PATH, VM, "add_disk", NULL, "vm " UUID " can have no more disks");
  disk_set_text (PATH "/disk/3", "virt-path", "xvdd");
  disk_run (PATH, VM, "add_disk", NULL);
  disk_assert (PATH "/disk/26", "virt-path", "'hdd'");
}
END_TEST

/* -- properties -------------------------------------------------------------------- */

static const struct {
  const char *name, *fallback, *key;
} stored[] = {
  { "devtype", "'disk'", "devtype" },
  { "enabled", "true", "enable" },
  { "managed-disktype", "''", "managed-disktype" },
  { "mode", "'w'", "mode" },
  { "phys-path", "''", "path" },
  { "phys-type", "'vhd'", "type" },
  { "shared", "false", "shared" },
  { "snapshot", "'none'", "snapshot" },
  { "virt-path", "''", "device" },
};

START_TEST (defaults_of_a_half_filled_record)
{
  disk_add_vm ("\"disk\":{\"0\":{\"sha1sum\":\"x\"}}");
  for (gsize i = 0; i < G_N_ELEMENTS (stored); i++)
    disk_assert (PATH "/disk/0", stored[i].name, stored[i].fallback);
  disk_assert (PATH "/disk/0", "backend-uuid", "''");
  disk_assert (PATH "/disk/0", "backend-name", "''");
  disk_assert (PATH "/disk/0", "encryption-key-set", "false");
  disk_assert (PATH "/disk/0", "virtual-size-mb", "0");
  disk_assert (PATH "/disk/0", "utilization-bytes", "0");

  g_autoptr (GVariant) answer =
      disk_call (PATH "/disk/0", PROPERTIES, "GetAll", g_variant_new ("(s)", DISK));
  g_autoptr (GVariant) values = g_variant_get_child_value (answer, 0);
  ck_assert_uint_eq (g_variant_n_children (values), 14);
}
END_TEST

START_TEST (setting)
{
  static const struct {
    const char *name, *word, *key;
    const char *text; /* stored; NULL: removed */
  } cases[] = {
    { "phys-path", "/a, b=\"c\"", "path", "/a, b=\"c\"" },
    { "phys-type", "phy", "type", "phy" },
    { "phys-type", "vdi", "type", "vdi" },
    { "mode", "r", "mode", "r" },
    { "virt-path", "xvdb", "device", "xvdb" },
    { "devtype", "cdrom", "devtype", "cdrom" },
    { "snapshot", "temporary", "snapshot", "temporary" },
    { "snapshot", "scripted-no-snapshot", "snapshot", "scripted-no-snapshot" },
    { "snapshot", "none", "snapshot", NULL },
    { "managed-disktype", "user", "managed-disktype", "user" },
    { "managed-disktype", "", "managed-disktype", NULL },
  };
  XmVm *vm = disk_add_vm ("\"disk\":{\"5\":{\"path\":\"/d\"}}");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    disk_set_text (PATH "/disk/5", cases[i].name, cases[i].word);
    ck_assert_pstr_eq (xm_vm_device_read (vm, "disk", 5, cases[i].key), cases[i].text);
    g_autoptr (GVariant) value =
        service_fixture_get (disk_fixture, PATH "/disk/5", DISK, cases[i].name, NULL);
    ck_assert_str_eq (g_variant_get_string (value, NULL), cases[i].word);
  }

  disk_set (PATH "/disk/5", "enabled", g_variant_new_boolean (TRUE)); /* as it is without the key */
  ck_assert_ptr_null (xm_vm_device_read (vm, "disk", 5, "enable"));
  disk_set (PATH "/disk/5", "enabled", g_variant_new_boolean (FALSE));
  ck_assert_str_eq (xm_vm_device_read (vm, "disk", 5, "enable"), "false");
  disk_set (PATH "/disk/5", "shared", g_variant_new_boolean (TRUE));
  ck_assert_str_eq (xm_vm_device_read (vm, "disk", 5, "shared"), "true");
  service_fixture_wait_signal (disk_fixture, "vm_config_changed");
}
END_TEST

/* Not even the policy against changes covers disks, and nothing is told of what does not change. */
START_TEST (setting_what_is_there)
{
  service_fixture_add_vm (disk_fixture, UUID,
                          "{\"policies\":{\"modify-vm-settings\":\"false\"},"
                          "\"config\":{\"disk\":{\"0\":{\"path\":\"/d\",\"mode\":\"r\"}}}}");
  disk_set_text (PATH "/disk/0", "mode", "r");
  disk_set_text (PATH "/disk/0", "snapshot", "none");
  disk_set (PATH "/disk/0", "shared", g_variant_new_boolean (FALSE));
  ck_assert_uint_eq (xm_vm_lookup (disk_service, UUID)->config_changed_timer, 0);
  disk_set_text (PATH "/disk/0", "mode", "w");
  ck_assert_uint_ne (xm_vm_lookup (disk_service, UUID)->config_changed_timer, 0);
}
END_TEST

START_TEST (refused_values)
{
  static const char *const words[][2] = {
    { "phys-type", "floppy" },
    { "phys-type", "" },
    { "mode", "rw" },
    { "devtype", "Disk" },
    { "snapshot", "" },
    { "managed-disktype", "none" },
    { "mode", "" },
    { "devtype", "floppy" },
  };
  XmVm *vm = disk_add_vm ("\"disk\":{\"0\":{\"path\":\"/d\"}}");
  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    disk_refuse (PATH "/disk/0", PROPERTIES, "Set",
                 g_variant_new ("(ssv)", DISK, words[i][0], g_variant_new_string (words[i][1])),
                 "unexpected enumeration value");
  disk_refuse (PATH "/disk/0", PROPERTIES, "Set",
               g_variant_new ("(ssv)", DISK, "backend-uuid", g_variant_new_string ("x")),
               "not implemented");
  disk_refuse (PATH "/disk/0", PROPERTIES, "Set",
               g_variant_new ("(ssv)", DISK, "backend-name", g_variant_new_string ("")),
               "not implemented");
  assert_dump (disk_service->store, "/vm/" UUID "/config/disk/0", "{\n  \"path\": \"\\/d\"\n}");
  ck_assert_uint_eq (vm->config_changed_timer, 0);
}
END_TEST

/* What somebody wrote into the store by hand hides only itself. */
START_TEST (bad_words_in_the_store)
{
  disk_add_vm ("\"disk\":{\"0\":{\"path\":\"/d\",\"type\":\"x\",\"shared\":\"perhaps\"}}");
  disk_refuse (PATH "/disk/0", PROPERTIES, "Get", g_variant_new ("(ss)", DISK, "phys-type"),
               "unexpected enumeration value");
  disk_refuse (PATH "/disk/0", PROPERTIES, "Get", g_variant_new ("(ss)", DISK, "shared"),
               "unexpected boolean text representation: perhaps while reading "
               "/vm/" UUID "/config/disk/0/shared");
  g_autoptr (GVariant) answer =
      disk_call (PATH "/disk/0", PROPERTIES, "GetAll", g_variant_new ("(s)", DISK));
  g_autoptr (GVariant) values = g_variant_get_child_value (answer, 0);
  ck_assert_uint_eq (g_variant_n_children (values), 12);
}
END_TEST

START_TEST (attaching)
{
  XmVm *vm = disk_add_vm ("\"disk\":{\"0\":{\"path\":\"/d\",\"mode\":\"r\",\"devtype\":\"cdrom\","
                          "\"device\":\"hdd\",\"snapshot\":\"temporary\"}}");
  disk_run (PATH "/disk/0", DISK, "attach_vhd", g_variant_new ("(s)", "/no/such.vhd"));
  assert_dump (disk_service->store, "/vm/" UUID "/config/disk/0",
               "{\n  \"path\": \"\\/no\\/such.vhd\",\n  \"mode\": \"w\",\n"
               "  \"devtype\": \"disk\",\n  \"device\": \"hdd\",\n"
               "  \"snapshot\": \"temporary\",\n  \"type\": \"vhd\"\n}");
  disk_run (PATH "/disk/0", DISK, "attach_phy", g_variant_new ("(s)", "/dev/sda"));
  ck_assert_str_eq (xm_vm_device_read (vm, "disk", 0, "type"), "phy");
  ck_assert_str_eq (xm_vm_device_read (vm, "disk", 0, "path"), "/dev/sda");
  service_fixture_wait_signal (disk_fixture, "vm_config_changed");
}
END_TEST

/* -- the file behind it ------------------------------------------------------------ */

START_TEST (properties_of_the_file)
{
  disk_add_vm ("\"disk\":{\"0\":{}}");
  g_autofree char *path = disk_make_vhd ("a.vhd", "300M");
  disk_run (PATH "/disk/0", DISK, "attach_vhd", g_variant_new ("(s)", path));
  disk_assert (PATH "/disk/0", "virtual-size-mb", "300");
  struct stat info;
  ck_assert_int_eq (stat (path, &info), 0);
  g_autofree char *length = g_strdup_printf ("%" G_GINT64_FORMAT, (gint64)info.st_size);
  disk_assert (PATH "/disk/0", "utilization-bytes", length);
  disk_assert (PATH "/disk/0", "encryption-key-set", "false");
  disk_encrypt (path);
  disk_assert (PATH "/disk/0", "encryption-key-set", "true");

  /* The answer is that of now, not of an earlier path. */
  g_autofree char *larger = disk_make_vhd ("b.vhd", "5G");
  disk_set_text (PATH "/disk/0", "phys-path", larger);
  disk_assert (PATH "/disk/0", "virtual-size-mb", "5120");
  disk_assert (PATH "/disk/0", "encryption-key-set", "false");
  unlink (larger);
  disk_assert (PATH "/disk/0", "virtual-size-mb", "0");
  disk_assert (PATH "/disk/0", "utilization-bytes", "0");

  /* Other types are not looked into. */
  disk_set_text (PATH "/disk/0", "phys-path", path);
  disk_set_text (PATH "/disk/0", "phys-type", "raw");
  disk_assert (PATH "/disk/0", "virtual-size-mb", "0");
  disk_assert (PATH "/disk/0", "utilization-bytes", "0");
  disk_assert (PATH "/disk/0", "encryption-key-set", "false");
}
END_TEST

START_TEST (files_that_are_none)
{
  disk_add_vm ("\"disk\":{\"0\":{}}");
  g_autofree char *fifo = g_build_filename (disk_base, "fifo", NULL);
  ck_assert_int_eq (mkfifo (fifo, 0600), 0);
  const char *const paths[] = { "/dev/null", "/proc", "/dev/zero", "/proc/self/mem", "", fifo };
  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++) {
    disk_run (PATH "/disk/0", DISK, "attach_vhd", g_variant_new ("(s)", paths[i]));
    disk_assert (PATH "/disk/0", "virtual-size-mb", "0");
    disk_assert (PATH "/disk/0", "utilization-bytes", "0");
  }
}
END_TEST

static guint answers, failures;

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  answers++;
  failures += answer == NULL;
}

/* Many questions at a time, and a disk that goes while they are under way. */
START_TEST (a_disk_that_goes_while_it_is_looked_at)
{
  disk_add_vm ("\"disk\":{\"0\":{}}");
  g_autofree char *path = disk_make_vhd ("a.vhd", "300M");
  disk_run (PATH "/disk/0", DISK, "attach_vhd", g_variant_new ("(s)", path));
  answers = failures = 0;
  for (int i = 0; i < 100; i++) {
    g_dbus_connection_call (service_fixture_client (disk_fixture), XENMGR, PATH "/disk/0",
                            PROPERTIES, i % 2 ? "Get" : "GetAll",
                            i % 2 ? g_variant_new ("(ss)", DISK, "virtual-size-mb")
                                  : g_variant_new ("(s)", DISK),
                            NULL, G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, on_answer, NULL);
    if (i == 60)
      g_dbus_connection_call (service_fixture_client (disk_fixture), XENMGR, "/", DB, "rm",
                              g_variant_new ("(s)", "/vm/" UUID "/config/disk/0"), NULL,
                              G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, on_answer, NULL);
  }
  while (answers < 101)
    g_main_context_iteration (NULL, TRUE);
  ck_assert_uint_ge (failures, 39);
}
END_TEST

static gint32
private_space (void)
{
  g_autoptr (GVariant) value = service_fixture_get (disk_fixture, PATH, VM, "private-space", NULL);
  return g_variant_get_int32 (value);
}

START_TEST (private_space_of_a_vm)
{
  g_autofree char *big = g_build_filename (disk_base, "big.raw", NULL);
  g_autofree char *odd = g_build_filename (disk_base, "odd.iso", NULL);
  ck_assert (g_file_set_contents (big, "", 0, NULL) && truncate (big, 7 * MIB) == 0);
  ck_assert (g_file_set_contents (odd, "", 0, NULL) && truncate (odd, 2 * MIB - 1) == 0);
  g_autofree char *config = g_strdup_printf ("\"disk\":{\"0\":{\"path\":\"%s\",\"type\":\"raw\"},"
                                             "\"1\":{\"path\":\"%s\",\"type\":\"file\"},"
                                             "\"2\":{\"path\":\"%s\",\"type\":\"phy\"},"
                                             "\"3\":{\"path\":\"/no/such\"}}",
                                             big, odd, big);
  disk_add_vm (config);
  while (private_space () != 8)
    g_main_context_iteration (NULL, FALSE);
  disk_set_text (PATH "/disk/2", "phys-type", "file");
  while (private_space () != 15)
    g_main_context_iteration (NULL, FALSE);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("vm-disk");
  TCase *tcase = tcase_create ("vm-disk");
  tcase_add_checked_fixture (tcase, disk_set_up, disk_tear_down);
  tcase_set_timeout (tcase, 60);
  tcase_add_test (tcase, adding_and_listing);
  tcase_add_test (tcase, no_more_device_names);
  tcase_add_test (tcase, defaults_of_a_half_filled_record);
  tcase_add_test (tcase, setting);
  tcase_add_test (tcase, setting_what_is_there);
  tcase_add_test (tcase, refused_values);
  tcase_add_test (tcase, bad_words_in_the_store);
  tcase_add_test (tcase, attaching);
  tcase_add_test (tcase, properties_of_the_file);
  tcase_add_test (tcase, files_that_are_none);
  tcase_add_test (tcase, a_disk_that_goes_while_it_is_looked_at);
  tcase_add_test (tcase, private_space_of_a_vm);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

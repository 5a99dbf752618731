/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks of a VM over D-Bus: records, properties, the files behind them, which files are removed. */
#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "service-fixture.h"
#include "shim/vm-device.h"
#include "store-fixture.h"

#define UUID       "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define PATH       "/vm/8a3c1d5e_4f60_4b7a_9c21_0123456789ab"
#define OTHER      "00000000-0000-0000-0000-000000000007"
#define DISK       "com.citrix.xenclient.vmdisk"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define MIB        1048576

static ServiceFixture *fixture;
static XmService *service;
static char *base; /* for images; also the host's root */

static void
replace (char **setting, char *value)
{
  g_free (*setting);
  *setting = value;
}

static void
set_up (void)
{
  fixture = service_fixture_new ();
  service = service_fixture_service (fixture);
  base = fixture_new ();
  replace (&service->settings->host_root, g_strdup (base));
  replace (&service->settings->disks_dir, g_build_filename (base, "storage/disks", NULL));
}

static void
tear_down (void)
{
  service_fixture_free (fixture);
  fixture_free (base);
}

/* -- short forms ---------------------------------------------------------------------------- */

static GVariant *
call (const char *path, const char *interface, const char *method, GVariant *parameters)
{
  g_autoptr (GError) error = NULL;
  GVariant *answer =
      service_fixture_call (fixture, XENMGR, path, interface, method, parameters, &error);
  ck_assert_msg (answer != NULL, "%s: %s", method, error != NULL ? error->message : "");
  return answer;
}

static void
run (const char *path, const char *interface, const char *method, GVariant *parameters)
{
  g_variant_unref (call (path, interface, method, parameters));
}

/* The call fails with exactly this text. */
static void
refuse (const char *path,
        const char *interface,
        const char *method,
        GVariant *parameters,
        const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      service_fixture_call (fixture, XENMGR, path, interface, method, parameters, &error);
  ck_assert_msg (answer == NULL, "%s", method);
  g_autofree char *name = g_dbus_error_get_remote_error (error);
  ck_assert_str_eq (name, "org.freedesktop.DBus.Error.Failed");
  g_dbus_error_strip_remote_error (error);
  ck_assert_str_eq (error->message, text);
}

/* @expected: as g_variant_print() shows it. */
static void
assert_property (const char *path, const char *property, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = service_fixture_get (fixture, path, DISK, property, &error);
  ck_assert_msg (value != NULL, "%s: %s", property, error != NULL ? error->message : "");
  g_autofree char *text = g_variant_print (value, FALSE);
  ck_assert_msg (g_str_equal (text, expected), "%s is %s, not %s", property, text, expected);
}

static void
set (const char *path, const char *property, GVariant *value)
{
  g_autoptr (GError) error = NULL;
  ck_assert_msg (service_fixture_set (fixture, path, DISK, property, value, &error), "%s: %s",
                 property, error != NULL ? error->message : "");
}

static void
set_text (const char *path, const char *property, const char *text)
{
  set (path, property, g_variant_new_string (text));
}

static XmVm *
add_vm (const char *config)
{
  g_autofree char *json = g_strdup_printf ("{\"name\":\"n\",\"config\":{%s}}", config);
  return service_fixture_add_vm (fixture, UUID, json);
}

static gboolean
is_there (const char *file)
{
  g_autofree char *path = g_build_filename (base, file, NULL);
  struct stat info;
  return lstat (path, &info) == 0;
}

static char *
make_vhd (const char *file, const char *size)
{
  char *path = g_build_filename (base, file, NULL);
  const char *argv[] = {
    "qemu-img", "create", "-q", "-f", "vpc", "-o", "subformat=dynamic,force_size=on",
    path,       size,     NULL
  };
  int status;
  ck_assert (g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                           &status, NULL));
  ck_assert_int_eq (status, 0);
  return path;
}

/* Marks the VHD as bound to a key: a batmap header behind its allocation table. */
static void
encrypt (const char *path)
{
  char sector[512] = "tdbatmap", footer[512];
  guint8 n[4]; /* of entries in the table, which stands at 1536 */
  sector[29] = 1;
  int fd = open (path, O_RDWR | O_CLOEXEC);
  ck_assert_int_eq (pread (fd, footer, sizeof footer, 0), sizeof footer);
  ck_assert_int_eq (pread (fd, n, sizeof n, 512 + 28), sizeof n);
  off_t at = 1536 + ((n[2] << 8 | n[3]) * 4 + 511) / 512 * 512;
  ck_assert_int_eq (pwrite (fd, sector, sizeof sector, at), sizeof sector);
  ck_assert_int_eq (pwrite (fd, footer, sizeof footer, at + 512), sizeof footer);
  close (fd);
}

/* -- records ----------------------------------------------------------------------------------- */

static void
assert_paths (const char *expected)
{
  g_autoptr (GVariant) answer = call (PATH, VM, "list_disks", NULL);
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
  g_autoptr (GVariant) answer = call (PATH, VM, "add_disk", NULL);
  const char *path;
  g_variant_get (answer, "(&o)", &path);
  ck_assert_str_eq (path, expected);
}

START_TEST (adding_and_listing)
{
  add_vm ("\"disk\":{\"0\":{\"path\":\"/i\",\"device\":\"hdc\"}}");
  add_disk (PATH "/disk/1");
  assert_dump (
      service->store, "/vm/" UUID "/config/disk/1",
      "{\n  \"path\": \"\",\n  \"type\": \"vhd\",\n  \"mode\": \"w\",\n  \"device\": \"hda\","
      "\n  \"devtype\": \"disk\",\n  \"shared\": \"false\"\n}");
  add_disk (PATH "/disk/2");
  assert_property (PATH "/disk/2", "virt-path", "'hdb'");
  add_disk (PATH "/disk/3");
  assert_property (PATH "/disk/3", "virt-path", "'hdd'"); /* hdc is the CD's */
  service_fixture_wait_signal (fixture, "vm_config_changed");

  /* A gap is not filled, its device name is. */
  run (PATH "/disk/2", DISK, "delete", NULL);
  assert_paths ("0 1 3 ");
  add_disk (PATH "/disk/4");
  assert_property (PATH "/disk/4", "virt-path", "'hdb'");
  run (PATH "/disk/4", DISK, "delete", NULL);
  add_disk (PATH "/disk/4"); /* but the highest number is free again */

  fixture_write (service->store, "/vm/" UUID "/config/disk/10/path", "/x");
  assert_paths ("0 1 3 4 10 ");
}
END_TEST

START_TEST (no_more_device_names)
{
  add_vm ("\"disk\":{}");
  for (int i = 0; i < 26; i++)
    run (PATH, VM, "add_disk", NULL);
  assert_property (PATH "/disk/25", "virt-path", "'hdz'");
  refuse (PATH, VM, "add_disk", NULL, "vm " UUID " can have no more disks");
  set_text (PATH "/disk/3", "virt-path", "xvdd");
  run (PATH, VM, "add_disk", NULL);
  assert_property (PATH "/disk/26", "virt-path", "'hdd'");
}
END_TEST

/* -- properties
 * ------------------------------------------------------------------------------------ */

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
  add_vm ("\"disk\":{\"0\":{\"sha1sum\":\"x\"}}");
  for (gsize i = 0; i < G_N_ELEMENTS (stored); i++)
    assert_property (PATH "/disk/0", stored[i].name, stored[i].fallback);
  assert_property (PATH "/disk/0", "backend-uuid", "''");
  assert_property (PATH "/disk/0", "backend-name", "''");
  assert_property (PATH "/disk/0", "encryption-key-set", "false");
  assert_property (PATH "/disk/0", "virtual-size-mb", "0");
  assert_property (PATH "/disk/0", "utilization-bytes", "0");

  g_autoptr (GVariant) answer =
      call (PATH "/disk/0", PROPERTIES, "GetAll", g_variant_new ("(s)", DISK));
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
  XmVm *vm = add_vm ("\"disk\":{\"5\":{\"path\":\"/d\"}}");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    set_text (PATH "/disk/5", cases[i].name, cases[i].word);
    ck_assert_pstr_eq (xm_vm_device_read (vm, "disk", 5, cases[i].key), cases[i].text);
    g_autoptr (GVariant) value =
        service_fixture_get (fixture, PATH "/disk/5", DISK, cases[i].name, NULL);
    ck_assert_str_eq (g_variant_get_string (value, NULL), cases[i].word);
  }

  set (PATH "/disk/5", "enabled", g_variant_new_boolean (TRUE)); /* as it is without the key */
  ck_assert_ptr_null (xm_vm_device_read (vm, "disk", 5, "enable"));
  set (PATH "/disk/5", "enabled", g_variant_new_boolean (FALSE));
  ck_assert_str_eq (xm_vm_device_read (vm, "disk", 5, "enable"), "false");
  set (PATH "/disk/5", "shared", g_variant_new_boolean (TRUE));
  ck_assert_str_eq (xm_vm_device_read (vm, "disk", 5, "shared"), "true");
  service_fixture_wait_signal (fixture, "vm_config_changed");
}
END_TEST

/* Not even the policy against changes covers disks, and nothing is told of what does not change. */
START_TEST (setting_what_is_there)
{
  service_fixture_add_vm (fixture, UUID,
                          "{\"policies\":{\"modify-vm-settings\":\"false\"},"
                          "\"config\":{\"disk\":{\"0\":{\"path\":\"/d\",\"mode\":\"r\"}}}}");
  set_text (PATH "/disk/0", "mode", "r");
  set_text (PATH "/disk/0", "snapshot", "none");
  set (PATH "/disk/0", "shared", g_variant_new_boolean (FALSE));
  ck_assert_uint_eq (xm_vm_lookup (service, UUID)->config_changed_timer, 0);
  set_text (PATH "/disk/0", "mode", "w");
  ck_assert_uint_ne (xm_vm_lookup (service, UUID)->config_changed_timer, 0);
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
  XmVm *vm = add_vm ("\"disk\":{\"0\":{\"path\":\"/d\"}}");
  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    refuse (PATH "/disk/0", PROPERTIES, "Set",
            g_variant_new ("(ssv)", DISK, words[i][0], g_variant_new_string (words[i][1])),
            "unexpected enumeration value");
  refuse (PATH "/disk/0", PROPERTIES, "Set",
          g_variant_new ("(ssv)", DISK, "backend-uuid", g_variant_new_string ("x")),
          "not implemented");
  refuse (PATH "/disk/0", PROPERTIES, "Set",
          g_variant_new ("(ssv)", DISK, "backend-name", g_variant_new_string ("")),
          "not implemented");
  assert_dump (service->store, "/vm/" UUID "/config/disk/0", "{\n  \"path\": \"\\/d\"\n}");
  ck_assert_uint_eq (vm->config_changed_timer, 0);
}
END_TEST

/* What somebody wrote into the store by hand hides only itself. */
START_TEST (bad_words_in_the_store)
{
  add_vm ("\"disk\":{\"0\":{\"path\":\"/d\",\"type\":\"x\",\"shared\":\"perhaps\"}}");
  refuse (PATH "/disk/0", PROPERTIES, "Get", g_variant_new ("(ss)", DISK, "phys-type"),
          "unexpected enumeration value");
  refuse (PATH "/disk/0", PROPERTIES, "Get", g_variant_new ("(ss)", DISK, "shared"),
          "unexpected boolean text representation: perhaps while reading "
          "/vm/" UUID "/config/disk/0/shared");
  g_autoptr (GVariant) answer =
      call (PATH "/disk/0", PROPERTIES, "GetAll", g_variant_new ("(s)", DISK));
  g_autoptr (GVariant) values = g_variant_get_child_value (answer, 0);
  ck_assert_uint_eq (g_variant_n_children (values), 12);
}
END_TEST

START_TEST (attaching)
{
  XmVm *vm = add_vm ("\"disk\":{\"0\":{\"path\":\"/d\",\"mode\":\"r\",\"devtype\":\"cdrom\","
                     "\"device\":\"hdd\",\"snapshot\":\"temporary\"}}");
  run (PATH "/disk/0", DISK, "attach_vhd", g_variant_new ("(s)", "/no/such.vhd"));
  assert_dump (service->store, "/vm/" UUID "/config/disk/0",
               "{\n  \"path\": \"\\/no\\/such.vhd\",\n  \"mode\": \"w\",\n"
               "  \"devtype\": \"disk\",\n  \"device\": \"hdd\",\n"
               "  \"snapshot\": \"temporary\",\n  \"type\": \"vhd\"\n}");
  run (PATH "/disk/0", DISK, "attach_phy", g_variant_new ("(s)", "/dev/sda"));
  ck_assert_str_eq (xm_vm_device_read (vm, "disk", 0, "type"), "phy");
  ck_assert_str_eq (xm_vm_device_read (vm, "disk", 0, "path"), "/dev/sda");
  service_fixture_wait_signal (fixture, "vm_config_changed");
}
END_TEST

/* -- the file behind it
 * ---------------------------------------------------------------------------- */

START_TEST (properties_of_the_file)
{
  add_vm ("\"disk\":{\"0\":{}}");
  g_autofree char *path = make_vhd ("a.vhd", "300M");
  run (PATH "/disk/0", DISK, "attach_vhd", g_variant_new ("(s)", path));
  assert_property (PATH "/disk/0", "virtual-size-mb", "300");
  struct stat info;
  ck_assert_int_eq (stat (path, &info), 0);
  g_autofree char *length = g_strdup_printf ("%" G_GINT64_FORMAT, (gint64)info.st_size);
  assert_property (PATH "/disk/0", "utilization-bytes", length);
  assert_property (PATH "/disk/0", "encryption-key-set", "false");
  encrypt (path);
  assert_property (PATH "/disk/0", "encryption-key-set", "true");

  /* The answer is that of now, not of an earlier path. */
  g_autofree char *larger = make_vhd ("b.vhd", "5G");
  set_text (PATH "/disk/0", "phys-path", larger);
  assert_property (PATH "/disk/0", "virtual-size-mb", "5120");
  assert_property (PATH "/disk/0", "encryption-key-set", "false");
  unlink (larger);
  assert_property (PATH "/disk/0", "virtual-size-mb", "0");
  assert_property (PATH "/disk/0", "utilization-bytes", "0");

  /* Other types are not looked into. */
  set_text (PATH "/disk/0", "phys-path", path);
  set_text (PATH "/disk/0", "phys-type", "raw");
  assert_property (PATH "/disk/0", "virtual-size-mb", "0");
  assert_property (PATH "/disk/0", "utilization-bytes", "0");
  assert_property (PATH "/disk/0", "encryption-key-set", "false");
}
END_TEST

START_TEST (files_that_are_none)
{
  add_vm ("\"disk\":{\"0\":{}}");
  g_autofree char *fifo = g_build_filename (base, "fifo", NULL);
  ck_assert_int_eq (mkfifo (fifo, 0600), 0);
  const char *const paths[] = { "/dev/null", "/proc", "/dev/zero", "/proc/self/mem", "", fifo };
  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++) {
    run (PATH "/disk/0", DISK, "attach_vhd", g_variant_new ("(s)", paths[i]));
    assert_property (PATH "/disk/0", "virtual-size-mb", "0");
    assert_property (PATH "/disk/0", "utilization-bytes", "0");
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
  add_vm ("\"disk\":{\"0\":{}}");
  g_autofree char *path = make_vhd ("a.vhd", "300M");
  run (PATH "/disk/0", DISK, "attach_vhd", g_variant_new ("(s)", path));
  answers = failures = 0;
  for (int i = 0; i < 100; i++) {
    g_dbus_connection_call (service_fixture_client (fixture), XENMGR, PATH "/disk/0", PROPERTIES,
                            i % 2 ? "Get" : "GetAll",
                            i % 2 ? g_variant_new ("(ss)", DISK, "virtual-size-mb")
                                  : g_variant_new ("(s)", DISK),
                            NULL, G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, on_answer, NULL);
    if (i == 60)
      g_dbus_connection_call (service_fixture_client (fixture), XENMGR, "/", DB, "rm",
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
  g_autoptr (GVariant) value = service_fixture_get (fixture, PATH, VM, "private-space", NULL);
  return g_variant_get_int32 (value);
}

START_TEST (private_space_of_a_vm)
{
  g_autofree char *big = g_build_filename (base, "big.raw", NULL);
  g_autofree char *odd = g_build_filename (base, "odd.iso", NULL);
  ck_assert (g_file_set_contents (big, "", 0, NULL) && truncate (big, 7 * MIB) == 0);
  ck_assert (g_file_set_contents (odd, "", 0, NULL) && truncate (odd, 2 * MIB - 1) == 0);
  g_autofree char *config = g_strdup_printf ("\"disk\":{\"0\":{\"path\":\"%s\",\"type\":\"raw\"},"
                                             "\"1\":{\"path\":\"%s\",\"type\":\"file\"},"
                                             "\"2\":{\"path\":\"%s\",\"type\":\"phy\"},"
                                             "\"3\":{\"path\":\"/no/such\"}}",
                                             big, odd, big);
  add_vm (config);
  while (private_space () != 8)
    g_main_context_iteration (NULL, FALSE);
  set_text (PATH "/disk/2", "phys-type", "file");
  while (private_space () != 15)
    g_main_context_iteration (NULL, FALSE);
}
END_TEST

/* -- deleting
 * --------------------------------------------------------------------------------------- */

static void
add_file (const char *file)
{
  fixture_write_file (base, file, "x");
}

START_TEST (what_goes_with_a_disk)
{
  static const struct {
    const char *record; /* of disk 1, whose image is a.vhd */
    const char *other;  /* disk 2 */
    gboolean stays;
  } cases[] = {
    { "\"type\":\"vhd\"", NULL, FALSE },
    { "\"type\":\"vhd\",\"shared\":\"false\"", NULL, FALSE },
    { "\"type\":\"vhd\",\"shared\":\"true\"", NULL, TRUE },
    { "\"type\":\"raw\"", NULL, TRUE },
    { "\"type\":\"phy\"", NULL, TRUE },
    { "\"mode\":\"w\"", NULL, TRUE }, /* no type */
    { "\"type\":\"vhd\"", "\"type\":\"vhd\"", TRUE },
    { "\"type\":\"vhd\"", "\"type\":\"raw\"", TRUE },
  };
  add_file ("a.vhd");
  g_autofree char *other =
      cases[_i].other != NULL
          ? g_strdup_printf (",\"2\":{\"path\":\"%s/a.vhd\",%s}", base, cases[_i].other)
          : g_strdup ("");
  g_autofree char *config = g_strdup_printf ("\"disk\":{\"1\":{\"path\":\"%s/a.vhd\",%s}%s}", base,
                                             cases[_i].record, other);
  XmVm *vm = add_vm (config);
  run (PATH "/disk/1", DISK, "delete", NULL);
  ck_assert (!xm_vm_device_exists (vm, "disk", 1));
  ck_assert_int_eq (is_there ("a.vhd"), cases[_i].stays);
  service_fixture_wait_signal (fixture, "vm_config_changed");
  g_autoptr (GError) error = NULL;
  ck_assert_ptr_null (service_fixture_get (fixture, PATH "/disk/1", DISK, "mode", &error));
}
END_TEST

START_TEST (what_goes_with_a_vm)
{
  static const struct {
    const char *disks; /* @: the folder */
    const char *more;  /* keys of the VM */
    gboolean stays;
  } cases[] = {
    { "\"0\":{\"path\":\"@/a.vhd\",\"type\":\"vhd\"}", "", FALSE },
    { "\"0\":{\"path\":\"@/a.vhd\",\"type\":\"vhd\"},"
      "\"1\":{\"path\":\"@/a.vhd\",\"type\":\"vhd\"}",
      "", FALSE },
    { "\"0\":{\"path\":\"@/a.vhd\",\"type\":\"vhd\"},"
      "\"1\":{\"path\":\"@/a.vhd\",\"type\":\"vhd\",\"shared\":\"true\"}",
      "", TRUE },
    { "\"0\":{\"path\":\"@/a.vhd\",\"type\":\"vhd\"}", ",\"backend\":{\"x\":\"y\"}", TRUE },
    { "\"0\":{\"path\":\"@/a.vhd\",\"type\":\"file\"}", "", TRUE },
    { "\"0\":{\"path\":\"@/b.vhd\",\"type\":\"vhd\"}", "", TRUE },
  };
  add_file ("a.vhd");
  add_file ("storage/ovffiles/" UUID "/env/deep/file");
  add_file ("storage/ovffiles/" OTHER "/file");
  add_file ("outside/file");
  g_autofree char *link = g_strconcat (base, "/storage/ovffiles/" UUID "/link", NULL);
  g_autofree char *outside = g_strconcat (base, "/outside", NULL);
  ck_assert_int_eq (symlink (outside, link), 0);

  g_auto (GStrv) parts = g_strsplit (cases[_i].disks, "@", -1);
  g_autofree char *disks = g_strjoinv (base, parts);
  g_autofree char *json = g_strdup_printf ("{\"config\":{\"disk\":{%s}}%s}", disks, cases[_i].more);
  service_fixture_add_vm (fixture, UUID, json);
  run (PATH, VM, "delete", NULL);
  ck_assert_int_eq (is_there ("a.vhd"), cases[_i].stays);
  ck_assert (!is_there ("storage/ovffiles/" UUID));
  ck_assert (is_there ("storage/ovffiles/" OTHER "/file") && is_there ("outside/file"));
}
END_TEST

START_TEST (images_of_other_vms_stay)
{
  add_file ("a.vhd");
  g_autofree char *config =
      g_strdup_printf ("\"disk\":{\"0\":{\"path\":\"%s/a.vhd\",\"type\":\"vhd\"}}", base);
  g_autofree char *json = g_strdup_printf ("{\"config\":{%s}}", config);
  add_vm (config);
  /* Also one that is not even on the bus. */
  fixture_inject (service->store, "/vm/template", json);
  run (PATH "/disk/0", DISK, "delete", NULL);
  ck_assert (is_there ("a.vhd"));

  add_vm (config);
  fixture_remove (service->store, "/vm/template");
  service_fixture_add_vm (fixture, OTHER, json);
  run (PATH, VM, "delete", NULL);
  ck_assert (is_there ("a.vhd"));
  run ("/vm/00000000_0000_0000_0000_000000000007", VM, "delete", NULL);
  ck_assert (!is_there ("a.vhd"));
}
END_TEST

START_TEST (the_key_goes_with_the_image)
{
  static const struct {
    const char *keys[3];
    gboolean stay[3];
    gboolean encrypted;
  } cases[] = {
    { { "a,aes-xts-plain,256.key", "ab,aes-xts-plain,256.key" }, { FALSE, TRUE }, TRUE },
    { { "a,aes-xts-plain,256.key", "a,aes-xts-plain,512.key" }, { TRUE, TRUE }, TRUE },
    { { "ab,aes-xts-plain,256.key", "b,aes-xts-plain,256.key" }, { TRUE, TRUE }, TRUE },
    { { "a,aes-xts-plain,256.key" }, { TRUE }, FALSE },
  };
  for (int i = 0; cases[_i].keys[i] != NULL; i++) {
    g_autofree char *file = g_strconcat ("config/platform-crypto-keys/", cases[_i].keys[i], NULL);
    add_file (file);
  }
  g_autofree char *image = make_vhd ("a.vhd", "10M");
  if (cases[_i].encrypted)
    encrypt (image);
  add_vm ("\"disk\":{\"0\":{}}");
  run (PATH "/disk/0", DISK, "attach_vhd", g_variant_new ("(s)", image));
  run (PATH "/disk/0", DISK, "delete", NULL);
  ck_assert (!is_there ("a.vhd"));
  for (int i = 0; cases[_i].keys[i] != NULL; i++) {
    g_autofree char *file = g_strconcat ("config/platform-crypto-keys/", cases[_i].keys[i], NULL);
    ck_assert_msg (is_there (file) == cases[_i].stay[i], "%s", file);
  }
}
END_TEST

/* An image that cannot be removed keeps its disk; what is no file is left alone. */
START_TEST (images_that_cannot_go)
{
  add_file ("folder.vhd/inside");
  g_autofree char *folder = g_build_filename (base, "folder.vhd", NULL);
  XmVm *vm = add_vm ("\"disk\":{\"0\":{},\"1\":{},\"2\":{}}");
  run (PATH "/disk/0", DISK, "attach_vhd", g_variant_new ("(s)", folder));
  g_autofree char *text =
      g_strdup_printf ("223:IO error: %s: removeLink: inappropriate type (Is a directory)", folder);
  refuse (PATH "/disk/0", DISK, "delete", NULL, text);
  ck_assert (xm_vm_device_exists (vm, "disk", 0));

  g_autofree char *fifo = g_build_filename (base, "fifo.vhd", NULL);
  ck_assert_int_eq (mkfifo (fifo, 0600), 0);
  run (PATH "/disk/1", DISK, "attach_vhd", g_variant_new ("(s)", fifo));
  run (PATH "/disk/1", DISK, "delete", NULL);
  ck_assert (is_there ("fifo.vhd") && !xm_vm_device_exists (vm, "disk", 1));

  run (PATH "/disk/2", DISK, "attach_vhd", g_variant_new ("(s)", "/no/such.vhd"));
  run (PATH "/disk/2", DISK, "delete", NULL);
  ck_assert (!xm_vm_device_exists (vm, "disk", 2));
}
END_TEST

/* -- keys
 * -------------------------------------------------------------------------------------------- */

#define NO_TOOL                                                                                    \
  "disk encryption is not supported on this host: there is no vhd-util to bind a key to an image"

static GVariant *
size_in (gint32 bits, const char *folder)
{
  return g_variant_new ("(is)", bits, folder);
}

START_TEST (keys_are_refused_without_the_tool)
{
  g_autofree char *image = make_vhd ("a.vhd", "10M");
  g_autofree char *keys = g_build_filename (base, "config/platform-crypto-keys", NULL);
  add_vm ("\"disk\":{\"0\":{}}");
  run (PATH "/disk/0", DISK, "attach_vhd", g_variant_new ("(s)", image));
  refuse (PATH "/disk/0", DISK, "generate_crypto_key", g_variant_new ("(i)", 128),
          "only supported key sizes: 256, 512");
  refuse (PATH "/disk/0", DISK, "generate_crypto_key", g_variant_new ("(i)", 256), NO_TOOL);
  ck_assert (!is_there ("config"));
  refuse (PATH "/disk/0", DISK, "generate_crypto_key_in", size_in (512, base), NO_TOOL);

  add_file ("config/platform-crypto-keys/a,aes-xts-plain,512.key");
  refuse (PATH "/disk/0", DISK, "generate_crypto_key", g_variant_new ("(i)", 512),
          "238:Encryption key already exists");
  refuse (PATH "/disk/0", DISK, "generate_crypto_key_in", size_in (512, keys),
          "238:Encryption key already exists");
  encrypt (image);
  refuse (PATH "/disk/0", DISK, "generate_crypto_key", g_variant_new ("(i)", 256),
          "239:VHD file already contains encryption key");
  fixture_write (service->store, "/xenmgr/platform-crypto-key-dirs", "");
  refuse (PATH "/disk/0", DISK, "generate_crypto_key", g_variant_new ("(i)", 256),
          "no platform crypto directories configured");
}
END_TEST

static void
add_program (const char *name, const char *script)
{
  g_autofree char *file = g_strconcat ("bin/", name, NULL);
  g_autofree char *text = g_strconcat ("#!/bin/sh\n", script, "\n", NULL);
  fixture_write_file (base, file, text);
  g_autofree char *path = g_build_filename (base, file, NULL);
  ck_assert_int_eq (chmod (path, 0755), 0);
  g_autofree char *search = g_strdup_printf ("%s/bin:%s", base, g_getenv ("PATH"));
  g_setenv ("PATH", search, TRUE);
}

START_TEST (keys_with_the_tool)
{
  g_autofree char *image = make_vhd ("a.vhd", "10M");
  g_autofree char *keys = g_build_filename (base, "keys", NULL);
  g_autofree char *key = g_build_filename (keys, "a,aes-xts-plain,512.key", NULL);
  g_autofree char *list = g_strconcat (keys, ",/second", NULL);
  g_autofree char *record = g_strdup_printf ("echo \"$@\" > %s/arguments", base);
  add_vm ("\"disk\":{\"0\":{}}");
  run (PATH "/disk/0", DISK, "attach_vhd", g_variant_new ("(s)", image));
  fixture_write (service->store, "/xenmgr/platform-crypto-key-dirs", list);
  add_program ("vhd-util", record);
  run (PATH "/disk/0", DISK, "generate_crypto_key", g_variant_new ("(i)", 512));
  struct stat info;
  ck_assert_int_eq (stat (key, &info), 0);
  ck_assert_int_eq (info.st_size, 64);
  ck_assert_uint_eq (info.st_mode & 07777, 0600);
  g_autofree char *arguments = fixture_read_file (base, "arguments");
  g_autofree char *expected = g_strdup_printf ("key -n %s -k %s -s\n", image, key);
  ck_assert_str_eq (arguments, expected);

  refuse (PATH "/disk/0", DISK, "generate_crypto_key_in", size_in (256, "/no/such"),
          "223:IO error: /no/such/a,aes-xts-plain,256.key: openBinaryFile: does not exist (No such "
          "file or directory)");
  add_program ("vhd-util", "exit 7");
  g_autofree char *text = g_strdup_printf ("223:IO error: command: \"vhd-util key -n %s -k "
                                           "%s/a,aes-xts-plain,256.key -s\" FAILED.",
                                           image, keys);
  refuse (PATH "/disk/0", DISK, "generate_crypto_key_in", size_in (256, keys), text);
  while (is_there ("keys/a,aes-xts-plain,256.key")) /* a key that no image has is of no use */
    g_main_context_iteration (NULL, FALSE);
}
END_TEST

/* -- create_vhd
 * ------------------------------------------------------------------------------------------ */

START_TEST (creating_images)
{
  add_vm ("\"disk\":{\"0\":{}}");
  g_autoptr (GVariant) answer = call ("/", XENMGR, "create_vhd", g_variant_new ("(i)", 123));
  const char *path;
  g_variant_get (answer, "(&s)", &path);
  g_autofree char *prefix = g_build_filename (base, "storage/disks/", NULL);
  ck_assert (g_str_has_prefix (path, prefix) && g_str_has_suffix (path, ".vhd"));
  struct stat info;
  ck_assert_int_eq (stat (path, &info), 0);
  ck_assert_int_lt (info.st_blocks * 512, MIB);
  run (PATH "/disk/0", DISK, "attach_vhd", g_variant_new ("(s)", path));
  assert_property (PATH "/disk/0", "virtual-size-mb", "123");

  static const gint32 refused[] = { 0, -1, G_MININT32, 2040 * 1024 + 1, G_MAXINT32 };
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_autofree char *text = g_strdup_printf ("a VHD can have 1 to 2088960 MiB, not %d", refused[i]);
    refuse ("/", XENMGR, "create_vhd", g_variant_new ("(i)", refused[i]), text);
  }
  run ("/", XENMGR, "create_vhd", g_variant_new ("(i)", 2040 * 1024));
}
END_TEST

static guint
count_images (void)
{
  g_autoptr (GDir) folder = g_dir_open (service->settings->disks_dir, 0, NULL);
  guint n = 0;
  while (folder != NULL && g_dir_read_name (folder) != NULL)
    n++;
  return n;
}

START_TEST (a_failed_creation_leaves_nothing)
{
  add_program ("qemu-img", "echo half > \"$7\"; echo no space left >&2; exit 1");
  g_autoptr (GError) error = NULL;
  ck_assert_ptr_null (service_fixture_call (fixture, XENMGR, "/", XENMGR, "create_vhd",
                                            g_variant_new ("(i)", 1), &error));
  ck_assert_msg (strstr (error->message, "223:IO error: command: \"qemu-img create ") != NULL &&
                     g_str_has_suffix (error->message, ".vhd 1M\" FAILED."),
                 "%s", error->message);
  while (count_images () > 0)
    g_main_context_iteration (NULL, FALSE);

  replace (&service->settings->disks_dir, g_strdup ("/proc/no/such"));
  refuse ("/", XENMGR, "create_vhd", g_variant_new ("(i)", 1),
          "223:IO error: /proc/no/such: createDirectory: does not exist (No such file or "
          "directory)");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("vm-disk");
  TCase *tcase = tcase_create ("vm-disk");
  tcase_add_checked_fixture (tcase, set_up, tear_down);
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
  tcase_add_loop_test (tcase, what_goes_with_a_disk, 0, 8);
  tcase_add_loop_test (tcase, what_goes_with_a_vm, 0, 6);
  tcase_add_test (tcase, images_of_other_vms_stay);
  tcase_add_loop_test (tcase, the_key_goes_with_the_image, 0, 4);
  tcase_add_test (tcase, images_that_cannot_go);
  tcase_add_test (tcase, keys_are_refused_without_the_tool);
  tcase_add_test (tcase, keys_with_the_tool);
  tcase_add_test (tcase, creating_images);
  tcase_add_test (tcase, a_failed_creation_leaves_nothing);
  suite_add_tcase (suite, tcase);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_ENV);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

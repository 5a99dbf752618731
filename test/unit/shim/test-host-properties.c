/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Properties of /host: what is read where, and what they are where there is nothing to read. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "dummy-xl.h"
#include "host-fixture.h"
#include "shim/host-info.h"
#include "shim/host-storage.h"
#include "shim/watched-number.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"
#include "xenmgr-xl-config.h"

#define UUID "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define DMI  "sys/class/dmi/id/"
#define INFO "nr_cpus : 12\ntotal_memory : %u\nfree_memory : %u\n"

/* -- identity ---------------------------------------------------------------------- */

START_TEST (identity)
{
  Host host = host_fixture_new ();
  has (&host, DMI "sys_vendor", "Dell Inc. \n");
  has (&host, DMI "product_name", "OptiPlex 9020\n");
  has (&host, DMI "product_serial", "ABC\xff 123\n");
  has (&host, DMI "bios_version", "A25\nsecond line\n");
  has (&host, DMI "chassis_type", "10\n");
  has (&host, "proc/cpuinfo",
       "processor\t: 0\nmodel name\t: Intel(R) Core(TM): i7\n"
       "processor\t: 1\nmodel name\t: other\n");
  has (&host, "proc/cmdline", "root=/dev/sda1 safe-graphics quiet\n");
  has (&host, "boot/system/tpm/enabled", "");
  has (&host, "config/tpm/measured-boot", "");
  reads (&host, "vendor", "'Dell Inc.'");
  reads (&host, "model", "'OptiPlex 9020'");
  reads (&host, "serial", "'ABC\xef\xbf\xbd 123'");
  reads (&host, "bios-revision", "'A25'");
  reads (&host, "laptop", "true");
  reads (&host, "physical-cpu-model", "'Intel(R) Core(TM): i7'");
  reads (&host, "safe-graphics", "true");
  reads (&host, "measured-boot-enabled", "true");
  reads (&host, "measured-boot-successful", "true");
  has (&host, DMI "sys_vendor", "another\n");
  reads (&host, "vendor", "'Dell Inc.'"); /* hardware stays what it is */
  host_fixture_free (&host);
}
END_TEST

/* A host of which nothing can be read. */
START_TEST (nothing)
{
  static const char *const empty[] = {
    "bios-revision", "eth0-mac",           "eth0-model", "model",        "physical-cpu-model",
    "serial",        "physical-gpu-model", "vendor",     "wireless-mac", "wireless-model",
  };
  static const char *const no[] = {
    "amt-capable",
    "laptop",
    "measured-boot-enabled",
    "measured-boot-successful",
    "safe-graphics",
    "system-amt-pt",
    "ui-ready",
  };
  static const char *const zero[] = { "avail-mem", "cpu-count", "free-mem", "total-mem" };
  Host host = host_fixture_new ();
  g_autofree char *root = g_strdup ("/nonexistent/host");
  service_fixture_set_host_root (host.fixture, root);
  dummy_xl_tell ("info", "cannot connect\n");
  dummy_xl_tell ("info.status", "1");
  for (gsize i = 0; i < G_N_ELEMENTS (empty); i++)
    reads (&host, empty[i], "''");
  for (gsize i = 0; i < G_N_ELEMENTS (no); i++)
    reads (&host, no[i], "false");
  for (gsize i = 0; i < G_N_ELEMENTS (zero); i++)
    reads (&host, zero[i], "0");
  reads (&host, "is-licensed", "true");
  reads (&host, "playback-pcm", "'00-00'");
  reads (&host, "capture-pcm", "'00-00'");
  reads (&host, "build-info",
         "{'branch': '', 'build': '', 'build_date_time': '', 'edition': "
         "'default', 'release': '', 'tools': '', 'version': '" XM_VERSION "'}");
  ck_assert_uint_eq (dummy_xl_count ("info"), 1); /* that xl cannot tell is known for a while */
  host_fixture_free (&host);
}
END_TEST

/* What is not there at first may come. */
START_TEST (late_hardware)
{
  Host host = host_fixture_new ();
  reads (&host, "wireless-mac", "''");
  has (&host, "sys/class/net/wlp2s0/address", "02:00:00:00:00:09\n");
  has (&host, "sys/class/net/wlp2s0/phy80211/name", "phy0\n");
  reads (&host, "wireless-mac", "'02:00:00:00:00:09'");
  has (&host, "sys/class/net/wlan0/address", "02:00:00:00:00:0a\n");
  reads (&host, "wireless-mac", "'02:00:00:00:00:09'");
  host_fixture_free (&host);
}
END_TEST

START_TEST (chassis)
{
  static const struct {
    const char *type, *laptop;
  } cases[] = {
    { "7\n", "false" },  { "8\n", "true" },   { "9\n", "true" }, { "10\n", "true" },
    { "11\n", "false" }, { "31\n", "false" }, { "", "false" },   { "nine\n", "false" },
  };
  Host host = host_fixture_new ();
  has (&host, DMI "chassis_type", cases[_i].type);
  reads (&host, "laptop", cases[_i].laptop);
  host_fixture_free (&host);
}
END_TEST

START_TEST (build_info)
{
  Host host = host_fixture_new ();
  has (&host, "etc/xenclient.conf",
       "version = 9.0\nbuild=4711\nbuild_branch = a=b\n"
       "build_date =  today \nrelease= stable\nodd\n");
  has (&host, "etc/xenclient.flavour", "xt\n");
  reads (&host, "build-info",
         "{'branch': '', 'build': '4711', 'build_date_time': 'today', 'edition': 'xt', "
         "'release': 'stable', 'tools': '', 'version': '9.0'}");
  host_fixture_free (&host);
}
END_TEST

START_TEST (build_info_of_a_distribution)
{
  Host host = host_fixture_new ();
  has (&host, "etc/os-release", "NAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\n");
  reads (&host, "build-info",
         "{'branch': '', 'build': '', 'build_date_time': '', 'edition': "
         "'default', 'release': '12', 'tools': '', 'version': '" XM_VERSION "'}");
  host_fixture_free (&host);
}
END_TEST

/* -- PCI and network --------------------------------------------------------------- */

START_TEST (pci_properties)
{
  Host host = host_fixture_new ();
  reads (&host, "amt-capable", "true");
  reads (&host, "eth0-model", "'Intel Corporation I350 Gigabit Network Connection'");
  reads (&host, "wireless-model", "''");
  g_autoptr (GVariant) gpus =
      service_fixture_get (host.fixture, "/host", HOST, "physical-gpu-model", NULL);
  g_auto (GStrv) names = g_strsplit (g_variant_get_string (gpus, NULL), "\n", -1);
  ck_assert_uint_eq (g_strv_length (names), 4);
  ck_assert (g_str_has_prefix (names[2], "NVIDIA Corporation "));
  host_fixture_free (&host);
}
END_TEST

static void
has_nic (const Host *host, const char *name, const char *mac, const char *bus)
{
  g_autofree char *directory = g_strconcat ("sys/class/net/", name, "/", NULL);
  g_autofree char *address = g_strconcat (directory, "address", NULL);
  g_autofree char *type = g_strconcat (directory, "type", NULL);
  g_autofree char *subsystem = g_strconcat (directory, "device/subsystem", NULL);
  g_autofree char *target = g_strconcat ("../../../../bus/", bus, NULL);
  has (host, address, mac);
  has (host, type, "1\n");
  if (bus != NULL)
    has_link (host, subsystem, target);
}

START_TEST (wired)
{
  Host host = host_fixture_new ();
  has_nic (&host, "aaa", "02:00:00:00:00:01\n", NULL); /* a bridge, say */
  has_nic (&host, "aif1.0", "fe:ff:ff:ff:ff:ff\n", "xen-backend");
  has_nic (&host, "awl", "02:00:00:00:00:02\n", "pci");
  has (&host, "sys/class/net/awl/wireless/status", "0\n");
  has_nic (&host, "aib0", "02:00:00:00:00:03\n", "pci");
  has (&host, "sys/class/net/aib0/type", "32\n");
  if (_i >= 1)
    has_nic (&host, "eno1", "02:00:00:00:00:04\n", "pci");
  if (_i >= 2) {
    has_nic (&host, "eno2", "02:00:00:00:00:05\n", "pci");
    has_link (&host, "sys/class/net/eno2/master", "../xenbr0");
  }
  if (_i >= 3)
    has (&host, "sys/class/net/eth0/address", "02:00:00:00:00:06\n");
  static const char *const expected[] = { "''", "'02:00:00:00:00:04'", "'02:00:00:00:00:05'",
                                          "'02:00:00:00:00:06'" };
  reads (&host, "eth0-mac", expected[_i]);
  host_fixture_free (&host);
}
END_TEST

/* -- xl info ----------------------------------------------------------------------- */

static void
tell_info (guint total, guint free_mib)
{
  g_autofree char *text = g_strdup_printf (INFO, total, free_mib);
  dummy_xl_tell ("info", text);
}

START_TEST (memory)
{
  Host host = host_fixture_new ();
  tell_info (16281, 9000);
  reads (&host, "total-mem", "16281");
  reads (&host, "cpu-count", "12");
  reads (&host, "free-mem", "9000");
  reads (&host, "avail-mem", "9000");
  ck_assert_uint_eq (dummy_xl_count ("info"), 1);
  host_fixture_free (&host);
}
END_TEST

/* Where domains have other memory than then, the host has other memory free. */
START_TEST (memory_changes)
{
  Host host = host_fixture_new ();
  tell_info (16281, 9000);
  reads (&host, "free-mem", "9000");
  g_autofree char *line = dummy_xl_domain ("guest", 3, "-b----", UUID, "-");
  g_autofree char *list = dummy_xl_domains (line);
  dummy_xl_tell ("list", list);
  tell_info (16281, 8000);
  reads (&host, "free-mem", "9000"); /* nobody has seen that domain yet */
  xm_domains_refresh_async (host.service->domains, NULL, NULL, NULL);
  while (xm_domains_get_all (host.service->domains)->len < 2)
    g_main_context_iteration (NULL, TRUE);
  reads (&host, "total-mem", "16281"); /* what is built in stays */
  ck_assert_uint_eq (dummy_xl_count ("info"), 1);
  reads (&host, "free-mem", "8000");
  ck_assert_uint_eq (dummy_xl_count ("info"), 2);
  host_fixture_free (&host);
}
END_TEST

START_TEST (memory_beyond_the_type)
{
  Host host = host_fixture_new ();
  dummy_xl_tell ("info", "nr_cpus : 1\ntotal_memory : 99999999999\nfree_memory : 99999999998\n");
  reads (&host, "total-mem", "2147483647");
  reads (&host, "avail-mem", "2147483647");
  host_fixture_free (&host);
}
END_TEST

/* Many at once are served by one xl. */
static void
on_got (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);
  ck_assert_ptr_nonnull (answer);
  --*(int *)user_data;
}

START_TEST (one_xl_for_many)
{
  Host host = host_fixture_new ();
  int left = 20;
  tell_info (100, 50);
  dummy_xl_shut_gate ("info");
  for (int i = 0; i < left; i++)
    g_dbus_connection_call (service_fixture_client (host.fixture), XENMGR, "/host",
                            "org.freedesktop.DBus.Properties", "GetAll",
                            g_variant_new ("(s)", HOST), NULL, G_DBUS_CALL_FLAGS_NONE, G_MAXINT,
                            NULL, on_got, &left);
  answers (&host, "list_isos", NULL, "([],)"); /* what needs no xl waits for none */
  ck_assert_int_eq (left, 20);
  dummy_xl_open_gate ("info");
  while (left > 0)
    g_main_context_iteration (NULL, TRUE);
  ck_assert_uint_eq (dummy_xl_count ("info"), 1);
  host_fixture_free (&host);
}
END_TEST

/* The service ends while xl is asked: whoever waits is answered. */
START_TEST (ends_while_asking)
{
  Host host = host_fixture_new ();
  dummy_xl_tell ("info.hang", "");
  int left = 1;
  g_dbus_connection_call (service_fixture_client (host.fixture), XENMGR, "/host",
                          "org.freedesktop.DBus.Properties", "GetAll", g_variant_new ("(s)", HOST),
                          NULL, G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, NULL, &left);
  while (dummy_xl_count ("info") == 0)
    g_main_context_iteration (NULL, FALSE);
  host_fixture_free (&host);
}
END_TEST

/* A hung xl delays no longer than a query may take. */
START_TEST (hung_xl)
{
  Host host = host_fixture_new ();
  dummy_xl_tell ("info.hang", "");
  xl_runner_set_timeout (host.service->runner, XL_TIMEOUT_QUERY, 1);
  reads (&host, "free-mem", "0");
  reads (&host, "total-mem", "0");
  ck_assert_uint_eq (dummy_xl_count ("info"), 1);
  host_fixture_free (&host);
}
END_TEST

/* -- storage ----------------------------------------------------------------------- */

START_TEST (storage_space)
{
  g_autofree char *base = fixture_new ();
  g_autofree char *future = g_build_filename (base, "not", "made", "yet", NULL);
  XmStorageSpace now = xm_storage_space_measure (base);
  ck_assert_uint_gt (now.total, 0);
  ck_assert_uint_le (now.free, now.total);
  ck_assert_uint_eq (xm_storage_space_measure (future).total, now.total);

  ck_assert_int_eq (xm_storage_space_percent_free (&(XmStorageSpace){ 1000, 59 }), 5);
  ck_assert_int_eq (xm_storage_space_percent_free (&(XmStorageSpace){ 1000, 60 }), 6);
  ck_assert_int_eq (xm_storage_space_percent_free (&(XmStorageSpace){ 1000, 0 }), 0);
  ck_assert_int_eq (xm_storage_space_percent_free (&(XmStorageSpace){ 0, 0 }), 100);
  ck_assert_int_eq (xm_storage_space_percent_free (&(XmStorageSpace){ G_MAXUINT64, G_MAXUINT64 }),
                    100);
  fixture_free (g_steal_pointer (&base));
}
END_TEST

START_TEST (storage_properties)
{
  Host host = host_fixture_new ();
  g_free (host.service->settings->disks_dir);
  host.service->settings->disks_dir = g_strdup (host.root);
  XmStorageSpace space = xm_storage_space_measure (host.root);
  g_autofree char *total =
      g_strdup_printf ("%d", (int)MIN (space.total >> 20, (guint64)G_MAXINT32));
  reads (&host, "total-storage", total);
  g_autoptr (GVariant) left =
      service_fixture_get (host.fixture, "/host", HOST, "free-storage", NULL);
  ck_assert_int_gt (g_variant_get_int32 (left), 0);
  host_fixture_free (&host);
}
END_TEST

START_TEST (storage_watch)
{
  Host host = host_fixture_new ();
  XmSettings *settings = host.service->settings;
  settings->storage_interval = 1;
  settings->storage_low_percent = 100;
  xm_host_storage_reload (host.service->host_storage);
  service_fixture_wait_signal (host.fixture, "storage_space_low");
  GPtrArray *signals = service_fixture_signals (host.fixture);
  ck_assert (g_str_has_prefix (signals->pdata[0], "storage_space_low ("));
  service_fixture_wait_signal (host.fixture, "storage_space_low"); /* each time */

  /* A look because of a property tells nobody. */
  settings->storage_interval = 0;
  xm_host_storage_reload (host.service->host_storage);
  service_fixture_signals (host.fixture);
  g_variant_unref (service_fixture_get (host.fixture, "/host", HOST, "free-storage", NULL));
  g_variant_unref (service_fixture_get (host.fixture, "/host", HOST, "free-storage", NULL));
  service_fixture_signals (host.fixture); /* what was under way */
  g_variant_unref (service_fixture_get (host.fixture, "/host", HOST, "free-storage", NULL));
  ck_assert_uint_eq (service_fixture_signals (host.fixture)->len, 0);
  host_fixture_free (&host);
}
END_TEST

/* -- what is set ------------------------------------------------------------------- */

START_TEST (pcm)
{
  Host host = host_fixture_new ();
  g_autofree char *long_name = g_strnfill (65, 'x');
  sets (&host, "playback-pcm", g_variant_new_string ("01-03"), "");
  reads (&host, "playback-pcm", "'01-03'");
  reads (&host, "capture-pcm", "'00-00'");
  ck_assert_str_eq (xm_store_read (host.service->store, "/audio/playback-pcm"), "01-03");
  sets (&host, "capture-pcm", g_variant_new_string ("a\nb"),
        "not the name of a sound device: a\nb");
  g_autofree char *message = g_strdup_printf ("not the name of a sound device: %.64s", long_name);
  sets (&host, "capture-pcm", g_variant_new_string (long_name), message);
  reads (&host, "capture-pcm", "'00-00'");

  /* The program of the key file. */
  g_autofree char *mark = g_build_filename (host.root, "mark", NULL);
  const char *const touch[] = { "touch", mark, NULL };
  host.service->settings->commands[XM_COMMAND_PCM_CHANGED] = g_strdupv ((char **)touch);
  sets (&host, "capture-pcm", g_variant_new_string ("02-00"), "");
  ck_assert (g_file_test (mark, G_FILE_TEST_EXISTS));
  g_strfreev (host.service->settings->commands[XM_COMMAND_PCM_CHANGED]);
  const char *const no[] = { "false", NULL };
  host.service->settings->commands[XM_COMMAND_PCM_CHANGED] = g_strdupv ((char **)no);
  sets (&host, "capture-pcm", g_variant_new_string ("03-00"),
        "223:IO error: command: \"false\" FAILED.");
  reads (&host, "capture-pcm", "'03-00'"); /* as the original does */
  host_fixture_free (&host);
}
END_TEST

START_TEST (ui_ready)
{
  Host host = host_fixture_new ();
  sets (&host, "ui-ready", g_variant_new_boolean (FALSE), "");
  reads (&host, "ui-ready", "false");
  sets (&host, "ui-ready", g_variant_new_boolean (TRUE), "");
  reads (&host, "ui-ready", "true");
  sets (&host, "ui-ready", g_variant_new_boolean (FALSE), "");
  reads (&host, "ui-ready", "true");
  host_fixture_free (&host);
}
END_TEST

START_TEST (amt_passed_through)
{
  Host host = host_fixture_new ();
  fixture_write (host.service->store, "/system-amt-pt-active", "true");
  reads (&host, "system-amt-pt", "true");
  fixture_write (host.service->store, "/system-amt-pt-active", "rubbish");
  reads (&host, "system-amt-pt", "false");
  host_fixture_free (&host);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("host-properties");
  TCase *tcase = tcase_create ("host-properties");
  tcase_set_timeout (tcase, 120);
  tcase_add_test (tcase, identity);
  tcase_add_test (tcase, nothing);
  tcase_add_test (tcase, late_hardware);
  tcase_add_loop_test (tcase, chassis, 0, 8);
  tcase_add_test (tcase, build_info);
  tcase_add_test (tcase, build_info_of_a_distribution);
  tcase_add_test (tcase, pci_properties);
  tcase_add_loop_test (tcase, wired, 0, 4);
  tcase_add_test (tcase, memory);
  tcase_add_test (tcase, memory_changes);
  tcase_add_test (tcase, memory_beyond_the_type);
  tcase_add_test (tcase, one_xl_for_many);
  tcase_add_test (tcase, ends_while_asking);
  tcase_add_test (tcase, hung_xl);
  tcase_add_test (tcase, storage_space);
  tcase_add_test (tcase, storage_properties);
  tcase_add_test (tcase, storage_watch);
  tcase_add_test (tcase, pcm);
  tcase_add_test (tcase, ui_ready);
  tcase_add_test (tcase, amt_passed_through);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

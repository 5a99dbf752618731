/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Members of a VM that look at the host or at other VMs: icon, encrypted storage, capabilities,
 * native experience; and the host's settings about VMs. */
#include <check.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "script-fixture.h"
#include "service-fixture.h"
#include "shim/host-files.h"
#include "shim/vm-auth.h"
#include "shim/vm-icon.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

#define UUID       "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define PATH       "/vm/8a3c1d5e_4f60_4b7a_9c21_0123456789ab"
#define OTHER      "9a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define THIRD      "aa3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define CONFIG     XENMGR ".config"
#define PROPERTIES "org.freedesktop.DBus.Properties"

typedef struct {
  ServiceFixture *fixture;
  XmVm *vm;
  char *root; /* stands for / */
} Host;

static Host
host_new (void)
{
  Host host = { .fixture = service_fixture_new (), .root = fixture_new () };
  service_fixture_set_host_root (host.fixture, host.root);
  host.vm = service_fixture_add_vm (host.fixture, UUID, "{\"name\":\"n\"}");
  return host;
}

static void
host_free (Host *host)
{
  service_fixture_free (host->fixture);
  fixture_free (host->root);
}

static void
store (Host *host, const char *key, const char *value)
{
  ck_assert (xm_vm_write (host->vm, key, value, NULL));
}

static char *
print_answer (GVariant *answer, GError *error)
{
  if (answer != NULL)
    return g_variant_print (answer, FALSE);
  g_dbus_error_strip_remote_error (error);
  return g_strdup (error->message);
}

static void
answers (Host *host, const char *interface, const char *method, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      service_fixture_call (host->fixture, XENMGR, PATH, interface, method, NULL, &error);
  g_autofree char *text = print_answer (answer, error);
  ck_assert_str_eq (text, expected);
}

static void
reads (Host *host, const char *property, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = service_fixture_get (host->fixture, PATH, VM_FREE, property, &error);
  g_autofree char *text = print_answer (value, error);
  ck_assert_str_eq (text, expected);
}

/* -- icon -------------------------------------------------------------------------- */

static void
icon_fails (Host *host, const char *image, const char *path, const char *why)
{
  g_autofree char *text =
      g_strdup_printf ("223:IO error: %s%s: openBinaryFile: %s", host->root, path, why);
  store (host, "image_path", image);
  answers (host, VM, "read_icon", text);
}

START_TEST (an_icon)
{
  Host host = host_new ();
  fixture_write_file (host.root, "usr/lib/xui/images/a.png", "\x89PNG\xff");
  fixture_write_file (host.root, "opt/b.png", "b");
  fixture_write_file (host.root, "usr/lib/secret", "s");
  store (&host, "image_path", "images/a.png");
  answers (&host, VM, "read_icon", "([0x89, 0x50, 0x4e, 0x47, 0xff],)");
  store (&host, "image_path", "/opt/b.png");
  answers (&host, VM, "read_icon", "([0x62],)");
  icon_fails (&host, "none.png", "/usr/lib/xui/none.png",
              "does not exist (No such file or directory)");
  icon_fails (&host, NULL, "/usr/lib/xui/", "inappropriate type (Is a directory)");
  icon_fails (&host, "images/../../secret", "/usr/lib/xui/images/../../secret",
              "permission denied (Permission denied)");

  g_autofree char *fifo = g_build_filename (host.root, "opt", "fifo", NULL);
  ck_assert_int_eq (mkfifo (fifo, 0600), 0);
  icon_fails (&host, "/opt/fifo", "/opt/fifo", "invalid argument (Invalid argument)");
  g_autofree char *large = g_build_filename (host.root, "opt", "b.png", NULL);
  ck_assert_int_eq (truncate (large, XM_ICON_MAX + 1), 0);
  icon_fails (&host, "/opt/b.png", "/opt/b.png", "failed (File too large)");
  host_free (&host);
}
END_TEST

START_TEST (an_empty_icon)
{
  Host host = host_new ();
  fixture_write_file (host.root, "opt/empty", "");
  store (&host, "image_path", "/opt/empty");
  answers (&host, VM, "read_icon", "([],)");
  host_free (&host);
}
END_TEST

/* -- encrypted storage ------------------------------------------------------------- */

START_TEST (storage_of_a_user)
{
  Host host = host_new ();
  answers (&host, VM ".auth", "auth_required", "(false,)");
  reads (&host, "state", "'stopped'");
  store (&host, "crypto-user", "ann lee");
  answers (&host, VM ".auth", "auth_required", "(true,)"); /* no table at all */
  fixture_write_file (host.root, "proc/mounts",
                      "rootfs / rootfs rw 0 0\n\nx\n/dev/b /config/sec/s-ann ext4 rw 0 0\n"
                      "/config/sec/s-ann\\040lee /mnt ext4 rw 0 0\n"
                      "/dev/c /config/sec/s-ann\\040lees ext4 rw 0 0\n");
  answers (&host, VM ".auth", "auth_required", "(true,)");
  reads (&host, "state", "'locked'");
  fixture_write_file (host.root, "proc/mounts",
                      "/dev/a / ext4 rw 0 0\n/dev/c /config/sec/s-ann\\040lee ext4 rw 0 0\n");
  answers (&host, VM ".auth", "auth_required", "(false,)");
  reads (&host, "state", "'stopped'");
  host_free (&host);
}
END_TEST

static void
on_call (GDBusConnection *connection,
         const char *sender,
         const char *path,
         const char *interface,
         const char *method,
         GVariant *parameters,
         GDBusMethodInvocation *invocation,
         gpointer user_data)
{
  char **seen = user_data;
  g_free (*seen);
  *seen = g_variant_print (parameters, FALSE);
  if (strstr (*seen, "bob") != NULL)
    g_dbus_method_invocation_return_dbus_error (invocation, "x.y.No", "not bob");
  else
    g_dbus_method_invocation_return_value (invocation, NULL);
}

START_TEST (the_input_daemon_asks_the_user)
{
  static const GDBusInterfaceVTable vtable = { .method_call = on_call };
  Host host = host_new ();
  GDBusConnection *client = service_fixture_client (host.fixture);
  g_autofree char *seen = NULL;
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (
      "<node><interface name='com.citrix.xenclient.input'><method name='auth_set_context_flags'>"
      "<arg type='s' direction='in'/><arg type='s' direction='in'/>"
      "<arg type='i' direction='in'/></method></interface></node>",
      NULL);
  guint id = g_dbus_connection_register_object (client, "/", node->interfaces[0], &vtable, &seen,
                                                NULL, NULL);
  answers (&host, VM ".auth", "auth", "()");
  ck_assert_ptr_null (seen);
  store (&host, "crypto-user", "ann");
  answers (&host, VM ".auth", "auth", "()");
  ck_assert_str_eq (seen, "('ann', '', 8912896)"); /* bits 19 and 23 */
  store (&host, "crypto-user", "bob");
  answers (&host, VM ".auth", "auth", "x.y.No: not bob");
  g_dbus_connection_unregister_object (client, id);
  host_free (&host);
}
END_TEST

/* -- rows of the property table ---------------------------------------------------- */

static void
on_read (gpointer user_data)
{
  *(gboolean *)user_data = TRUE;
}

/* The service has read the host's settings again. */
static void
reread (const Host *host)
{
  gboolean done = FALSE;
  xm_host_files_refresh (service_fixture_service (host->fixture)->host_files, on_read, &done);
  while (!done)
    g_main_context_iteration (NULL, TRUE);
}

START_TEST (seamless_traffic)
{
  Host host = host_new ();
  reads (&host, "seamless-traffic", "false");
  fixture_write_file (host.root, "etc/caps.default",
                      "# comment\nother=true\n seamless-traffic-default = \"true\" \n");
  reread (&host);
  reads (&host, "seamless-traffic", "true");
  fixture_write_file (host.root, "etc/xenclient.flavour", "special\n");
  reread (&host);
  reads (&host, "seamless-traffic", "false");
  fixture_write_file (host.root, "etc/caps.special", "seamless-traffic-default=true");
  reread (&host);
  reads (&host, "seamless-traffic", "true");
  store (&host, "seamless-traffic", "false");
  reads (&host, "seamless-traffic", "false");
  store (&host, "seamless-traffic", "true");
  reads (&host, "seamless-traffic", "true");
  store (&host, "type", "ndvm");
  reads (&host, "seamless-traffic", "false");
  store (&host, "type", NULL);
  store (&host, "seamless-traffic", "maybe");
  reads (&host, "seamless-traffic",
         "unexpected boolean text representation: maybe while reading /vm/" UUID
         "/seamless-traffic");
  host_free (&host);
}
END_TEST

START_TEST (portica)
{
  Host host = host_new ();
  reads (&host, "portica-enabled", "0");
  store (&host, "portica-enabled", "true");
  store (&host, "seamless-traffic", "true");
  reads (&host, "portica-enabled", "0");
  store (&host, "portica-installed", "true");
  reads (&host, "portica-enabled", "1");
  store (&host, "portica-enabled", "false");
  reads (&host, "portica-enabled", "2");
  store (&host, "portica-enabled", "true");
  store (&host, "seamless-traffic", "false");
  reads (&host, "portica-enabled", "2");
  host_free (&host);
}
END_TEST

START_TEST (autostart_pending)
{
  Host host = host_new ();
  XmStore *db = host.vm->service->store;
  reads (&host, "autostart-pending", "false");
  fixture_write (db, "/xenmgr/autostart-pending-vms/0", OTHER);
  reads (&host, "autostart-pending", "false");
  fixture_write (db, "/xenmgr/autostart-pending-vms/1", UUID);
  reads (&host, "autostart-pending", "true");
  fixture_remove (db, "/xenmgr/autostart-pending-vms/1");
  reads (&host, "autostart-pending", "false");
  host_free (&host);
}
END_TEST

static void
set_native (Host *host, gboolean native)
{
  g_autoptr (GError) error = NULL;
  ck_assert_msg (service_fixture_set (host->fixture, PATH, VM, "native-experience",
                                      g_variant_new_boolean (native), &error),
                 "%s", error != NULL ? error->message : "");
}

START_TEST (one_vm_is_the_native_experience)
{
  Host host = host_new ();
  XmVm *other = service_fixture_add_vm (host.fixture, OTHER, "{\"native-experience\":\"true\"}");
  XmVm *third = service_fixture_add_vm (host.fixture, THIRD,
                                        "{\"native-experience\":\"true\",\"type\":\"ndvm\"}");
  set_native (&host, TRUE);
  reads (&host, "native-experience", "true");
  reads (&host, "start-on-boot", "true");
  reads (&host, "show-switcher", "false");
  ck_assert_str_eq (xm_vm_read (other, "native-experience"), "false");
  ck_assert_uint_ne (other->config_changed_timer, 0);
  ck_assert_str_eq (xm_vm_read (third, "native-experience"), "true"); /* no user's VM */
  ck_assert_uint_eq (third->config_changed_timer, 0);
  set_native (&host, FALSE);
  reads (&host, "native-experience", "false");
  reads (&host, "show-switcher", "true");
  host_free (&host);
}
END_TEST

START_TEST (the_stubdomain)
{
  Host host = host_new ();
  reads (&host, "stub_domid", "-1");
  xm_vm_set_domid (host.vm, 7);
  reads (&host, "stub_domid", "-1"); /* not known yet */
  reads (&host, "memory-target", "0");
  xm_vm_set_domid (host.vm, -1);
  ck_assert_ptr_null (host.vm->stub_domid);
  host_free (&host);
}
END_TEST

/* -- the host's settings ----------------------------------------------------------- */

static void
config_reads (Host *host, const char *property, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = service_fixture_get (host->fixture, "/", CONFIG, property, &error);
  g_autofree char *text = print_answer (value, error);
  ck_assert_str_eq (text, expected);
}

START_TEST (what_is_allowed)
{
  static const struct {
    const char *property, *key;
  } cases[] = {
    { "vm-creation-allowed", "/vm-create-disallowed" },
    { "vm-deletion-allowed", "/vm-delete-disallowed" },
  };
  Host host = host_new ();
  XmStore *db = host.vm->service->store;
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    config_reads (&host, cases[i].property, "true");
    for (int twice = 0; twice < 2; twice++) {
      service_fixture_signals (host.fixture);
      ck_assert (service_fixture_set (host.fixture, "/", CONFIG, cases[i].property,
                                      g_variant_new_boolean (FALSE), NULL));
      service_fixture_wait_signal (host.fixture, "config_changed");
      ck_assert_str_eq (xm_store_read (db, cases[i].key), "true");
      config_reads (&host, cases[i].property, "false");
    }
    ck_assert (service_fixture_set (host.fixture, "/", CONFIG, cases[i].property,
                                    g_variant_new_boolean (TRUE), NULL));
    ck_assert (!xm_store_exists (db, cases[i].key));
    config_reads (&host, cases[i].property, "true");
    fixture_write (db, cases[i].key, "no");
    config_reads (&host, cases[i].property, "true");
    fixture_write (db, cases[i].key, "perhaps");
    g_autofree char *text = g_strdup_printf (
        "unexpected boolean text representation: perhaps while reading %s", cases[i].key);
    config_reads (&host, cases[i].property, text);
    fixture_remove (db, cases[i].key);
  }
  host_free (&host);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("vm-host");
  TCase *tcase = tcase_create ("vm-host");
  tcase_set_timeout (tcase, 60);
  tcase_add_test (tcase, an_icon);
  tcase_add_test (tcase, an_empty_icon);
  tcase_add_test (tcase, storage_of_a_user);
  tcase_add_test (tcase, the_input_daemon_asks_the_user);
  tcase_add_test (tcase, seamless_traffic);
  tcase_add_test (tcase, portica);
  tcase_add_test (tcase, autostart_pending);
  tcase_add_test (tcase, one_vm_is_the_native_experience);
  tcase_add_test (tcase, the_stubdomain);
  tcase_add_test (tcase, what_is_allowed);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

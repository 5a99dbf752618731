/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the service hears from a guest's QEMU, here played by the test, and makes of it. */
#include <check.h>
#include <gio/gunixsocketaddress.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "dummy-xl.h"
#include "service-fixture.h"
#include "shim/lifecycle.h"
#include "shim/vm-power.h"
#include "shim/vm-qmp.h"
#include "test/unit/run-suite.h"

#define UUID "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define HVM  "{\"name\":\"n\",\"config\":{\"virt-type\":\"hvm\",\"memory\":\"64\"%s}%s}"

/** Qemu: a VM whose domain 5 runs, and its monitor. */
typedef struct {
  ServiceFixture *fixture;
  XmVm *vm;
  GSocketService *server;
  GSocketConnection *client;
  GDataInputStream *lines;
  const char *status; /* what query-status answers */
  const char *drives; /* what query-block answers */
  guint connections;
} Qemu;

static void
say (Qemu *qemu, const char *text)
{
  GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (qemu->client));
  ck_assert (g_output_stream_write_all (out, text, strlen (text), NULL, NULL, NULL));
}

static void
hang_up (Qemu *qemu)
{
  g_io_stream_close (G_IO_STREAM (qemu->client), NULL, NULL);
  g_clear_object (&qemu->lines);
  g_clear_object (&qemu->client);
}

static void hear (Qemu *qemu);

static void
on_line (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Qemu *qemu = user_data;
  g_autofree char *line =
      g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (source), result, NULL, NULL);
  if (line == NULL || qemu->client == NULL)
    return;
  json_t *message = json_loads (line, 0, NULL);
  const char *command = json_string_value (json_object_get (message, "execute"));
  g_autofree char *value = g_strdup ("{}");
  if (g_str_equal (command, "query-status")) {
    g_free (value);
    value = g_strdup_printf ("{\"status\":\"%s\"}", qemu->status);
  } else if (g_str_equal (command, "query-block")) {
    g_free (value);
    value = g_strdup (qemu->drives);
  }
  g_autofree char *reply =
      g_strdup_printf ("{\"return\":%s,\"id\":%d}\r\n", value,
                       (int)json_integer_value (json_object_get (message, "id")));
  json_decref (message);
  say (qemu, reply);
  hear (qemu);
}

static void
hear (Qemu *qemu)
{
  g_data_input_stream_read_line_async (qemu->lines, G_PRIORITY_DEFAULT, NULL, on_line, qemu);
}

static gboolean
on_incoming (GSocketService *server, GSocketConnection *connection, GObject *object, Qemu *qemu)
{
  qemu->connections++;
  g_clear_object (&qemu->lines);
  g_set_object (&qemu->client, connection);
  qemu->lines = g_data_input_stream_new (g_io_stream_get_input_stream (G_IO_STREAM (connection)));
  say (qemu, "{\"QMP\": {}}\r\n");
  hear (qemu);
  return TRUE;
}

static void
tell_running (int domid)
{
  g_autofree char *line = dummy_xl_domain ("n", domid, "-b----", UUID, "-");
  g_autofree char *text = dummy_xl_domains (domid < 0 ? "" : line);
  dummy_xl_tell ("list", text);
}

static void
on_refreshed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  xm_domains_refresh_finish (XM_DOMAINS (source), result, NULL);
  *(gboolean *)user_data = TRUE;
}

static void
look (Qemu *qemu)
{
  gboolean done = FALSE;
  xm_domains_refresh_async (qemu->vm->service->domains, NULL, on_refreshed, &done);
  while (!done)
    g_main_context_iteration (NULL, TRUE);
}

static void
listen_at (Qemu *qemu, const char *path)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  qemu->server = g_socket_service_new ();
  ck_assert (g_socket_listener_add_address (G_SOCKET_LISTENER (qemu->server), address,
                                            G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL,
                                            NULL, NULL));
  g_signal_connect (qemu->server, "incoming", G_CALLBACK (on_incoming), qemu);
}

static void
await_ready (Qemu *qemu)
{
  while (!xm_vm_qmp_is_ready (qemu->vm))
    g_main_context_iteration (NULL, TRUE);
}

static Qemu *
qemu_new (const char *status, const char *more_config, const char *more)
{
  Qemu *qemu = g_new0 (Qemu, 1);
  g_autofree char *json = g_strdup_printf (HVM, more_config, more);
  qemu->fixture = service_fixture_new ();
  qemu->status = status;
  qemu->drives = "[]";
  qemu->vm = service_fixture_add_vm (qemu->fixture, UUID, json);
  g_autofree char *path = g_build_filename (
      service_fixture_service (qemu->fixture)->settings->run_dir, UUID ".qmp", NULL);
  listen_at (qemu, path);
  tell_running (5);
  look (qemu);
  await_ready (qemu);
  return qemu;
}

static void
qemu_free (Qemu *qemu)
{
  service_fixture_free (qemu->fixture);
  g_socket_service_stop (qemu->server);
  g_clear_object (&qemu->lines);
  g_clear_object (&qemu->client);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_object_unref (qemu->server);
  g_free (qemu);
}

static void
wait_acpi (const Qemu *qemu, int state)
{
  while (xm_vm_acpi_state (qemu->vm) != state)
    g_main_context_iteration (NULL, TRUE);
}

/* -- where the monitor is ---------------------------------------------------------- */

static char *
arguments_of (const XmVm *vm)
{
  g_auto (GStrv) words = xm_vm_qmp_arguments (vm);
  return words != NULL ? g_strjoinv (" ", words) : NULL;
}

START_TEST (arguments)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmSettings *settings = service_fixture_service (fixture)->settings;
  g_autofree char *json = g_strdup_printf (HVM, "", "");
  XmVm *vm = service_fixture_add_vm (fixture, UUID, json);
  g_autofree char *kept = settings->run_dir;

  settings->run_dir = (char *)"/run/a,b";
  g_autofree char *words = arguments_of (vm);
  ck_assert_str_eq (words, "-chardev socket,id=xenmgr-xl,path=/run/a,,b/" UUID
                           ".qmp,server=on,wait=off -mon chardev=xenmgr-xl,mode=control");

  g_autofree char *too_long = g_strnfill (80, 'x');
  settings->run_dir = too_long;
  ck_assert_ptr_null (arguments_of (vm));

  settings->run_dir = g_steal_pointer (&kept);
  ck_assert (xm_vm_write (vm, "stubdom", "true", NULL));
  ck_assert_ptr_null (arguments_of (vm)); /* its QEMU is elsewhere */
  ck_assert (xm_vm_write (vm, "stubdom", "false", NULL));
  ck_assert (xm_vm_write (vm, "config/virt-type", "pvh", NULL));
  ck_assert_ptr_null (arguments_of (vm));
}
END_TEST

/* -- in a stubdomain --------------------------------------------------------------- */

/* One socket for libxl and the service: only if whoever serves it has room for both. */
START_TEST (stubdomain)
{
  Qemu *qemu = g_new0 (Qemu, 1);
  g_autoptr (GError) error = NULL;
  g_autofree char *root = g_dir_make_tmp ("qmp-XXXXXX", &error);
  g_autofree char *folder = g_build_filename (root, "var/run/xen", NULL);
  g_autofree char *path = g_build_filename (folder, "qmp-libxl-5", NULL);
  g_autofree char *lock = g_strconcat (path, ".lock", NULL);
  g_autofree char *json = g_strdup_printf (HVM, "", ",\"stubdom\":\"true\"");

  ck_assert_int_eq (g_mkdir_with_parents (folder, 0700), 0);
  qemu->fixture = service_fixture_new ();
  service_fixture_set_host_root (qemu->fixture, root);
  qemu->status = "suspended";
  qemu->drives = "[]";
  qemu->vm = service_fixture_add_vm (qemu->fixture, UUID, json);
  listen_at (qemu, path);
  ck_assert (g_file_set_contents (lock, "single\n", -1, NULL));
  tell_running (5);
  look (qemu);
  service_fixture_signals (qemu->fixture);
  ck_assert_uint_eq (qemu->connections, 0);
  ck_assert (!xm_vm_qmp_is_ready (qemu->vm));
  /* It looks again, in case the helper comes later. */
  ck_assert (g_file_set_contents (lock, "mux\n", -1, NULL));
  await_ready (qemu);
  ck_assert_uint_eq (qemu->connections, 1);
  ck_assert_int_eq (xm_vm_acpi_state (qemu->vm), 3);
  say (qemu, "{\"event\": \"WAKEUP\"}\r\n");
  while (xm_vm_acpi_state (qemu->vm) != 0)
    g_main_context_iteration (NULL, TRUE);
  qemu_free (qemu);
  g_autofree char *command = g_strconcat ("rm -rf ", root, NULL);
  ck_assert_int_eq (system (command), 0);
}
END_TEST

/* -- sleeping ---------------------------------------------------------------------- */

START_TEST (sleep_and_wake)
{
  Qemu *qemu = qemu_new ("running", "", "");
  ck_assert_int_eq (xm_vm_acpi_state (qemu->vm), 0);
  service_fixture_signals (qemu->fixture);
  say (qemu, "{\"event\":\"SUSPEND\"}\r\n{\"event\":\"SUSPEND\"}\r\n");
  wait_acpi (qemu, 3);
  ck_assert_int_eq (qemu->vm->state, XM_VM_RUNNING);
  say (qemu, "{\"event\":\"STOP\"}\r\n{\"event\":\"WAKEUP\"}\r\n{\"event\":\"WAKEUP\"}\r\n");
  wait_acpi (qemu, 0);
  say (qemu, "{\"event\":\"SUSPEND\"}\r\n");
  wait_acpi (qemu, 3);
  say (qemu, "{\"event\":\"RESET\"}\r\n");
  wait_acpi (qemu, 0);
  g_variant_unref (service_fixture_get (qemu->fixture, qemu->vm->path, VM, "state", NULL));
  g_autoptr (GString) told = g_string_new (NULL);
  GPtrArray *signals = service_fixture_signals (qemu->fixture);
  for (guint i = 0; i < signals->len; i++) {
    if (strstr (signals->pdata[i], "power-state") != NULL)
      g_string_append_printf (told, "%s\n", (char *)signals->pdata[i]);
  }
  ck_assert_str_eq (told->str, "notify ('" UUID "', 'power-state:3')\n"
                               "notify ('" UUID "', 'power-state:0')\n"
                               "notify ('" UUID "', 'power-state:3')\n"
                               "notify ('" UUID "', 'power-state:0')\n");
  qemu_free (qemu);
}
END_TEST

START_TEST (found_asleep)
{
  Qemu *qemu = qemu_new ("suspended", "", "");
  wait_acpi (qemu, 3);
  /* Another domain is awake until it says otherwise. */
  qemu->status = "running";
  tell_running (6);
  look (qemu);
  ck_assert_int_eq (xm_vm_acpi_state (qemu->vm), 0);
  while (!xm_vm_qmp_is_ready (qemu->vm))
    g_main_context_iteration (NULL, TRUE);
  ck_assert_uint_eq (qemu->connections, 2);
  tell_running (-1);
  look (qemu);
  ck_assert_int_eq (xm_vm_acpi_state (qemu->vm), 5);
  ck_assert (!xm_vm_qmp_is_ready (qemu->vm));
  qemu_free (qemu);
}
END_TEST

START_TEST (heard_again_after_a_hang_up)
{
  Qemu *qemu = qemu_new ("running", "", "");
  qemu->status = "suspended";
  hang_up (qemu);
  wait_acpi (qemu, 3);
  ck_assert_uint_eq (qemu->connections, 2);
  qemu_free (qemu);
}
END_TEST

START_TEST (hibernation)
{
  Qemu *qemu = qemu_new ("running", "", "");
  say (qemu, "{\"event\":\"SUSPEND_DISK\"}\r\n");
  while (g_strcmp0 (xm_vm_read (qemu->vm, "hibernated"), "true") != 0)
    g_main_context_iteration (NULL, TRUE);
  ck_assert_int_eq (xm_vm_acpi_state (qemu->vm), 0);
  tell_running (-1);
  look (qemu);
  ck_assert_int_eq (xm_vm_acpi_state (qemu->vm), 4);
  qemu_free (qemu);
}
END_TEST

START_TEST (auto_wake)
{
  Qemu *qemu = qemu_new ("running", "", ",\"auto-s3-wake\":\"true\"");
  say (qemu, "{\"event\":\"SUSPEND\"}\r\n");
  while (dummy_xl_count ("trigger") == 0)
    g_main_context_iteration (NULL, TRUE);
  say (qemu, "{\"event\":\"WAKEUP\"}\r\n");
  while (xm_lifecycle_is_busy (qemu->vm))
    g_main_context_iteration (NULL, TRUE);
  ck_assert_int_eq (xm_vm_acpi_state (qemu->vm), 0);
  qemu_free (qemu);
}
END_TEST

/* -- clock and CD ------------------------------------------------------------------ */

START_TEST (clock_offset)
{
  Qemu *qemu = qemu_new ("running", "", "");
  say (qemu, "{\"event\":\"RTC_CHANGE\",\"data\":{\"offset\":1}}\r\n"
             "{\"event\":\"RTC_CHANGE\",\"data\":{\"offset\":-86400}}\r\n"
             "{\"event\":\"RTC_CHANGE\",\"data\":{\"offset\":9223372036854775807}}\r\n"
             "{\"event\":\"RTC_CHANGE\",\"data\":{\"offset\":\"5\"}}\r\n"
             "{\"event\":\"RTC_CHANGE\"}\r\n");
  service_fixture_wait_signal (qemu->fixture, "vm_config_changed");
  ck_assert_str_eq (xm_vm_read (qemu->vm, "time-offset"), "-86400");

  /* What came last is stored when the domain goes. */
  say (qemu, "{\"event\":\"RTC_CHANGE\",\"data\":{\"offset\":7}}\r\n{\"event\":\"SUSPEND\"}\r\n");
  wait_acpi (qemu, 3);
  tell_running (-1);
  look (qemu);
  ck_assert_str_eq (xm_vm_read (qemu->vm, "time-offset"), "7");
  qemu_free (qemu);
}
END_TEST

#define DRIVE(open, inserted)                                                                      \
  "[{\"device\":\"ide-768\"},{\"device\":\"ide-5632\",\"tray_open\":" open inserted "}]"
#define MOVED(device, open)                                                                        \
  "{\"event\":\"DEVICE_TRAY_MOVED\",\"data\":{\"device\":\"" device "\",\"tray-open\":" open       \
  ",\"id\":\"\"}}\r\n"

static char *
cd_of (const Qemu *qemu)
{
  g_autoptr (GVariant) value = service_fixture_get (qemu->fixture, qemu->vm->path, VM, "cd", NULL);
  return g_variant_dup_string (value, NULL);
}

static void
pass (Qemu *qemu)
{
  /* Events arrive in order: when the last is there, so are those before. */
  say (qemu, "{\"event\":\"SUSPEND\"}\r\n");
  wait_acpi (qemu, 3);
  say (qemu, "{\"event\":\"WAKEUP\"}\r\n");
  wait_acpi (qemu, 0);
}

START_TEST (ejected_cd)
{
  Qemu *qemu = qemu_new (
      "running",
      ",\"disk\":{\"0\":{\"device\":\"hdc\",\"path\":\"/isos/one.iso\",\"type\":\"file\"}}", "");
  g_autofree char *before = cd_of (qemu);
  ck_assert_str_eq (before, "one.iso");

  /* Moved by xl, another drive, closed: nothing of that is the guest's doing. */
  qemu->drives = DRIVE ("true", "");
  say (qemu, MOVED ("ide-5632", "true"));
  pass (qemu);
  qemu->drives = DRIVE ("true", ",\"inserted\":{}");
  say (qemu, MOVED ("ide-768", "true"));
  say (qemu, MOVED ("ide-5632", "false"));
  pass (qemu);
  qemu->drives = DRIVE ("false", ",\"inserted\":{}");
  say (qemu, MOVED ("ide-5632", "true"));
  pass (qemu);
  g_autofree char *still = cd_of (qemu);
  ck_assert_str_eq (still, "one.iso");
  ck_assert_uint_eq (dummy_xl_count ("cd-eject"), 0);

  qemu->drives = DRIVE ("true", ",\"inserted\":{}");
  say (qemu, MOVED ("ide-5632", "true"));
  service_fixture_wait_signal (qemu->fixture, "vm_config_changed");
  g_autofree char *after = cd_of (qemu);
  ck_assert_str_eq (after, "");
  while (dummy_xl_count ("cd-eject") == 0)
    g_main_context_iteration (NULL, TRUE);
  qemu_free (qemu);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("vm-qmp");
  TCase *tcase = tcase_create ("vm-qmp");
  tcase_set_timeout (tcase, 60);
  tcase_add_test (tcase, arguments);
  tcase_add_test (tcase, stubdomain);
  tcase_add_test (tcase, sleep_and_wake);
  tcase_add_test (tcase, found_asleep);
  tcase_add_test (tcase, heard_again_after_a_hang_up);
  tcase_add_test (tcase, hibernation);
  tcase_add_test (tcase, auto_wake);
  tcase_add_test (tcase, clock_offset);
  tcase_add_test (tcase, ejected_cd);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The network daemon as a peer that may be absent, not ready, silent or wrong; on a real bus. */
#include <check.h>
#include <string.h>

#include "peer.h"
#include "service-fixture.h"
#include "shim/error.h"
#include "shim/network-daemon.h"
#include "shim/nic-backend.h"
#include "test/unit/run-suite.h"

#define NAME  "com.citrix.xenclient.networkdaemon"
#define UUID  "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define NDVM  "00000000-0000-0000-0000-00000000000a"
#define OTHER "00000000-0000-0000-0000-00000000000b"

static const char xml[] = "<node><interface name='" NAME "'>"
                          "<method name='is_initialized'><arg type='b' direction='out'/></method>"
                          "<method name='get_network_backend'><arg type='s' direction='in'/>"
                          "<arg type='s' direction='out'/></method>"
                          "<method name='move_to_network'><arg type='s' direction='in'/>"
                          "<arg type='s' direction='in'/></method>"
                          "<method name='vif_connected'><arg type='s' direction='in'/>"
                          "<arg type='i' direction='in'/><arg type='b' direction='out'/></method>"
                          "</interface></node>";

/** Host: a service whose connection leads to a bus, and the daemon at the other end. */
typedef struct {
  ServiceFixture *fixture;
  XmService *service;
  GDBusConnection *connection; /* the service's own, put back at the end */
  GTestDBus *bus;
  GDBusConnection *ours, *theirs;
  GDBusNodeInfo *info;
  guint object, name;
  GString *calls;
  int unready;         /* answers of is_initialized that are no; -1: all */
  gboolean silent;     /* it answers nothing */
  const char *backend; /* of every network; NULL: an error */
  const char *refusal; /* of move_to_network; NULL: none */
  int unconnected;     /* answers of vif_connected that are no; -1: an error */
  GPtrArray *unanswered;
} Host;

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
  Host *host = user_data;
  g_autofree char *text = g_variant_print (parameters, FALSE);
  g_string_append_printf (host->calls, "%s%s;", method, text);
  if (host->silent) {
    g_ptr_array_add (host->unanswered, invocation);
  } else if (g_str_equal (method, "is_initialized")) {
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(b)", host->unready == 0));
    host->unready -= host->unready > 0;
  } else if (g_str_equal (method, "get_network_backend")) {
    if (host->backend != NULL)
      g_dbus_method_invocation_return_value (invocation, g_variant_new ("(s)", host->backend));
    else
      g_dbus_method_invocation_return_dbus_error (invocation, "x.y.NoNetwork", "no such network");
  } else if (g_str_equal (method, "vif_connected")) {
    if (host->unconnected >= 0)
      g_dbus_method_invocation_return_value (invocation,
                                             g_variant_new ("(b)", host->unconnected == 0));
    else
      g_dbus_method_invocation_return_dbus_error (invocation, "x.y.NoVif", "no such interface");
    host->unconnected -= host->unconnected > 0;
  } else if (host->refusal != NULL) {
    g_dbus_method_invocation_return_dbus_error (invocation, "x.y.Refused", host->refusal);
  } else {
    g_dbus_method_invocation_return_value (invocation, NULL);
  }
}

static Host *
host_new (void)
{
  static const GDBusInterfaceVTable vtable = { .method_call = on_call };
  Host *host = g_new0 (Host, 1);
  host->fixture = service_fixture_new ();
  host->service = service_fixture_service (host->fixture);
  host->bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (host->bus);
  host->ours = peer_join_bus (host->bus);
  host->theirs = peer_join_bus (host->bus);
  host->calls = g_string_new (NULL);
  host->unanswered = g_ptr_array_new ();
  host->backend = NDVM;
  host->info = g_dbus_node_info_new_for_xml (xml, NULL);
  host->object = g_dbus_connection_register_object (host->theirs, "/", host->info->interfaces[0],
                                                    &vtable, host, NULL, NULL);
  ck_assert_uint_ne (host->object, 0);
  return host;
}

/* The service meets the bus: whoever owns the daemon's name by now is there from the beginning. */
static void
host_connect (Host *host)
{
  g_clear_pointer (&host->service->network_daemon, xm_network_daemon_free);
  host->connection = host->service->connection;
  host->service->connection = host->ours;
  host->service->network_daemon = xm_network_daemon_new (host->service);
  host->service->connection = host->connection;
  xm_network_daemon_set_times (host->service->network_daemon, 5000, 1, 30000);
}

static void
host_free (Host *host)
{
  g_clear_pointer (&host->service->network_daemon, xm_network_daemon_free);
  service_fixture_free (host->fixture);
  for (guint i = 0; i < host->unanswered->len; i++)
    g_dbus_method_invocation_return_dbus_error (host->unanswered->pdata[i], "x.y.Late", "late");
  g_ptr_array_unref (host->unanswered);
  g_dbus_connection_unregister_object (host->theirs, host->object);
  g_clear_handle_id (&host->name, g_bus_unown_name);
  g_dbus_connection_close_sync (host->ours, NULL, NULL);
  g_dbus_connection_close_sync (host->theirs, NULL, NULL);
  g_object_unref (host->ours);
  g_object_unref (host->theirs);
  g_dbus_node_info_unref (host->info);
  g_string_free (host->calls, TRUE);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_test_dbus_stop (host->bus);
  g_object_unref (host->bus);
  g_free (host);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Host, host_free)

static void
on_name (GDBusConnection *connection, const char *name, gpointer user_data)
{
  *(gboolean *)user_data = TRUE;
}

static void
own_name (Host *host)
{
  gboolean owned = FALSE;
  host->name = g_bus_own_name_on_connection (host->theirs, NAME, G_BUS_NAME_OWNER_FLAGS_NONE,
                                             on_name, NULL, &owned, NULL);
  while (!owned)
    g_main_context_iteration (NULL, TRUE);
}

static void
wait_present (Host *host, gboolean present)
{
  while (xm_network_daemon_is_present (host->service->network_daemon) != present)
    g_main_context_iteration (NULL, TRUE);
}

static void
wait_backend (Host *host, const char *network, const char *uuid)
{
  while (g_strcmp0 (xm_network_daemon_backend (host->service->network_daemon, network), uuid) != 0)
    g_main_context_iteration (NULL, TRUE);
}

static void
on_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **)user_data = g_object_ref (result);
}

static gboolean
refresh (Host *host, GCancellable *cancellable, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  xm_network_daemon_refresh_async (host->service->network_daemon, cancellable, on_ended, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return xm_network_daemon_refresh_finish (result, error);
}

static void
add_vms (Host *host)
{
  service_fixture_add_vm (host->fixture, NDVM, "{\"name\":\"ndvm\"}");
  service_fixture_add_vm (host->fixture, OTHER, "{\"name\":\"other\"}");
  service_fixture_add_vm (host->fixture, UUID,
                          "{\"config\":{\"nic\":{\"0\":{},\"1\":{\"network\":\"/wifi/0/shared\"},"
                          "\"2\":{\"backend-name\":\"other\",\"network\":\"/never/asked\"},"
                          "\"3\":{}}}}");
}

/* -- absent ------------------------------------------------------------------------ */

START_TEST (absent)
{
  g_autoptr (Host) host = host_new ();
  add_vms (host);
  host_connect (host);
  ck_assert (refresh (host, NULL, NULL)); /* also before the bus has said who owns the name */
  ck_assert (refresh (host, NULL, NULL));
  ck_assert_ptr_null (
      xm_network_daemon_backend (host->service->network_daemon, "/wired/0/bridged"));
  ck_assert_str_eq (host->calls->str, "");
}
END_TEST

/* -- there ------------------------------------------------------------------------- */

START_TEST (it_is_asked_when_it_appears)
{
  g_autoptr (Host) host = host_new ();
  add_vms (host);
  host_connect (host);
  own_name (host);
  wait_backend (host, "/wired/0/bridged", NDVM);
  wait_backend (host, "/wifi/0/shared", NDVM);
  ck_assert (g_str_has_prefix (host->calls->str, "is_initialized();"));
  ck_assert_ptr_null (strstr (host->calls->str, "/never/asked"));
  XmVm *vm = xm_vm_lookup (host->service, UUID);
  gboolean is_explicit;
  ck_assert_str_eq (xm_nic_backend (vm, 0, &is_explicit)->uuid, NDVM);
  ck_assert (!is_explicit);
  ck_assert_str_eq (xm_nic_backend (vm, 2, &is_explicit)->uuid, OTHER);
  g_autoptr (GVariant) value =
      service_fixture_get (host->fixture, vm->path, VM, "dependencies", NULL);
  g_autofree char *text = g_variant_print (value, FALSE);
  ck_assert_str_eq (text, "['/vm/00000000_0000_0000_0000_00000000000a', "
                          "'/vm/00000000_0000_0000_0000_00000000000b']");

  /* It goes before the default backend, which takes over when the daemon has gone. */
  ck_assert (xm_vm_write (xm_vm_lookup (host->service, OTHER), "provides-default-network-backend",
                          "true", NULL));
  ck_assert_str_eq (xm_nic_backend (vm, 0, NULL)->uuid, NDVM);
  g_clear_handle_id (&host->name, g_bus_unown_name);
  wait_present (host, FALSE);
  ck_assert_str_eq (xm_nic_backend (vm, 0, NULL)->uuid, OTHER);
}
END_TEST

START_TEST (it_is_asked_again_when_networks_change)
{
  g_autoptr (Host) host = host_new ();
  add_vms (host);
  own_name (host);
  host_connect (host);
  wait_backend (host, "/wired/0/bridged", NDVM);
  host->backend = OTHER;
  g_dbus_connection_emit_signal (host->theirs, NULL, "/", NAME ".notify", "network_added",
                                 g_variant_new ("(s)", "/wired/0/bridged"), NULL);
  wait_backend (host, "/wired/0/bridged", OTHER);
}
END_TEST

START_TEST (a_start_waits_until_it_is_ready)
{
  g_autoptr (Host) host = host_new ();
  add_vms (host);
  own_name (host);
  host_connect (host);
  host->unready = 3;
  ck_assert (refresh (host, NULL, NULL));
  ck_assert_str_eq (xm_network_daemon_backend (host->service->network_daemon, "/wired/0/bridged"),
                    NDVM);
}
END_TEST

START_TEST (it_never_gets_ready)
{
  g_autoptr (Host) host = host_new ();
  add_vms (host);
  own_name (host);
  host_connect (host);
  xm_network_daemon_set_times (host->service->network_daemon, 5000, 1, 20);
  host->unready = -1;
  g_autoptr (GError) error = NULL;
  ck_assert (!refresh (host, NULL, &error));
  ck_assert (g_error_matches (error, XM_ERROR, XM_ERROR_NETWORK_DAEMON));
  ck_assert_str_eq (error->message, "240:Timeout waiting for network daemon to become ready");
}
END_TEST

START_TEST (a_wait_can_be_cancelled)
{
  g_autoptr (Host) host = host_new ();
  add_vms (host);
  own_name (host);
  host_connect (host);
  host->unready = -1;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  xm_network_daemon_refresh_async (host->service->network_daemon, cancellable, on_ended, &result);
  while (strstr (host->calls->str, "is_initialized();is_initialized();") == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_cancellable_cancel (cancellable);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_autoptr (GError) error = NULL;
  ck_assert (!xm_network_daemon_refresh_finish (result, &error));
  ck_assert (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
}
END_TEST

START_TEST (a_silent_one_is_as_good_as_none)
{
  g_autoptr (Host) host = host_new ();
  add_vms (host);
  own_name (host);
  host->silent = TRUE;
  host_connect (host);
  xm_network_daemon_set_times (host->service->network_daemon, 20, 1, 30000);
  ck_assert (refresh (host, NULL, NULL));
  ck_assert_ptr_null (
      xm_network_daemon_backend (host->service->network_daemon, "/wired/0/bridged"));
}
END_TEST

/* Whatever it says, no more comes of it than the uuid of a VM. */
START_TEST (odd_answers)
{
  static const char *const answers[] = { "", "ndvm", "/vm/x", NDVM "x", NULL };
  g_autoptr (Host) host = host_new ();
  add_vms (host);
  own_name (host);
  host_connect (host);
  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++) {
    host->backend = answers[i];
    ck_assert (refresh (host, NULL, NULL));
    ck_assert_ptr_null (
        xm_network_daemon_backend (host->service->network_daemon, "/wired/0/bridged"));
  }
  host->backend = "00000000-0000-0000-0000-00000000000f"; /* no VM of ours */
  ck_assert (refresh (host, NULL, NULL));
  ck_assert_ptr_null (xm_nic_backend (xm_vm_lookup (host->service, UUID), 0, NULL));
}
END_TEST

START_TEST (freed_while_it_waits)
{
  g_autoptr (Host) host = host_new ();
  add_vms (host);
  own_name (host);
  host->silent = TRUE;
  host_connect (host);
  g_autoptr (GAsyncResult) result = NULL;
  xm_network_daemon_refresh_async (host->service->network_daemon, NULL, on_ended, &result);
  while (host->unanswered->len == 0)
    g_main_context_iteration (NULL, TRUE);
  g_clear_pointer (&host->service->network_daemon, xm_network_daemon_free);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  ck_assert (xm_network_daemon_refresh_finish (result, NULL));
}
END_TEST

/* -- moving ------------------------------------------------------------------------ */

static gboolean
move (Host *host, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  xm_network_daemon_move_async (host->service->network_daemon, "vif3.0", "/wired/1/bridged",
                                on_ended, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return xm_network_daemon_move_finish (result, error);
}

START_TEST (moves)
{
  g_autoptr (Host) host = host_new ();
  own_name (host);
  host_connect (host);
  ck_assert (move (host, NULL));
  ck_assert_ptr_nonnull (
      strstr (host->calls->str, "move_to_network('vif3.0', '/wired/1/bridged');"));
  host->refusal = "no such bridge";
  g_autoptr (GError) error = NULL;
  ck_assert (!move (host, &error));
  g_autoptr (GError) shown = xm_error_to_dbus (g_steal_pointer (&error));
  ck_assert_str_eq (shown->message, "x.y.Refused: no such bridge");
}
END_TEST

/* -- a start asks it --------------------------------------------------------------- */

static gboolean
find_backends (XmStart *start, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  xm_start_nic_backends (start, g_task_new (NULL, NULL, on_ended, &result));
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static int
domid_of (XmStart *start, guint id)
{
  return GPOINTER_TO_INT (g_hash_table_lookup (start->nic_backends, GUINT_TO_POINTER (id)));
}

static gboolean
is_connected (Host *host)
{
  g_autoptr (GAsyncResult) result = NULL;
  xm_network_daemon_connected_async (host->service->network_daemon, "vif3.0", 7, on_ended, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return xm_network_daemon_connected_finish (result);
}

START_TEST (whether_a_nic_is_connected)
{
  g_autoptr (Host) host = host_new ();
  host_connect (host);
  ck_assert (is_connected (host)); /* nobody says no */
  own_name (host);
  wait_present (host, TRUE);
  host->unconnected = 1;
  ck_assert (!is_connected (host));
  ck_assert (is_connected (host));
  ck_assert_ptr_nonnull (strstr (host->calls->str, "vif_connected('vif3.0', 7);"));
  host->unconnected = -1;
  ck_assert (is_connected (host));
  xm_network_daemon_set_times (host->service->network_daemon, 10, 1, 30000);
  host->silent = TRUE;
  ck_assert (is_connected (host));
}
END_TEST

START_TEST (backends_of_a_start)
{
  g_autoptr (Host) host = host_new ();
  add_vms (host);
  own_name (host);
  host_connect (host);
  XmVm *vm = xm_vm_lookup (host->service, UUID);
  XmVm *ndvm = xm_vm_lookup (host->service, NDVM), *other = xm_vm_lookup (host->service, OTHER);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (XmStart) start = xm_start_new (vm, cancellable);
  g_autoptr (GError) error = NULL;

  /* The one that the NIC names must run, the one that the daemon names need not. */
  ck_assert (!find_backends (start, &error));
  ck_assert_str_eq (error->message, "232:Network backend domain is not running");
  other->domid = 7;
  ck_assert (find_backends (start, NULL));
  ck_assert_int_eq (domid_of (start, 0), 0);
  ck_assert_int_eq (domid_of (start, 2), 7);
  ndvm->domid = 5;
  ck_assert (find_backends (start, NULL));
  ck_assert_int_eq (domid_of (start, 0), 5);
  ck_assert_int_eq (domid_of (start, 1), 5);
  ck_assert_int_eq (domid_of (start, 2), 7);

  /* Nobody waits for the backend of a NIC that is not given. */
  other->domid = -1;
  ck_assert (xm_vm_write (vm, "config/nic/2/enable", "false", NULL));
  ck_assert (find_backends (start, NULL));
  ck_assert (xm_vm_write (vm, "config/nic", NULL, NULL));
  g_string_truncate (host->calls, 0);
  ck_assert (find_backends (start, NULL));
  ck_assert_str_eq (host->calls->str, ""); /* a VM without NICs asks nobody */
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("network-daemon");
  TCase *tcase = tcase_create ("network-daemon");
  tcase_set_timeout (tcase, 120);
  tcase_add_test (tcase, absent);
  tcase_add_test (tcase, it_is_asked_when_it_appears);
  tcase_add_test (tcase, it_is_asked_again_when_networks_change);
  tcase_add_test (tcase, a_start_waits_until_it_is_ready);
  tcase_add_test (tcase, it_never_gets_ready);
  tcase_add_test (tcase, a_wait_can_be_cancelled);
  tcase_add_test (tcase, a_silent_one_is_as_good_as_none);
  tcase_add_test (tcase, odd_answers);
  tcase_add_test (tcase, freed_while_it_waits);
  tcase_add_test (tcase, moves);
  tcase_add_test (tcase, whether_a_nic_is_connected);
  tcase_add_test (tcase, backends_of_a_start);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

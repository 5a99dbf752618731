/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* com.citrix.xenclient.xenmgr.testing, .guestreq and com.citrix.xenclient.policy of object /. */
#include <check.h>
#include <string.h>

#include "dummy-xl.h"
#include "service-fixture.h"
#include "shim/script-queue.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

#define TESTING XENMGR ".testing"
#define POLICY  "com.citrix.xenclient.policy"
#define UUID    "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"

static ServiceFixture *fixture;

static void
set_up (void)
{
  fixture = service_fixture_new ();
}

static void
tear_down (void)
{
  service_fixture_free (fixture);
}

static GVariant *
must_call (const char *interface, const char *method, GVariant *parameters)
{
  g_autoptr (GError) error = NULL;
  GVariant *answer =
      service_fixture_call (fixture, XENMGR, "/", interface, method, parameters, &error);
  ck_assert_msg (answer != NULL, "%s: %s", method, error != NULL ? error->message : "");
  return answer;
}

static void
run_call (const char *interface, const char *method, GVariant *parameters)
{
  g_variant_unref (must_call (interface, method, parameters));
}

static void
must_fail (const char *interface, const char *method, GVariant *parameters, const char *text)
{
  g_autoptr (GError) error = NULL;
  ck_assert_ptr_null (
      service_fixture_call (fixture, XENMGR, "/", interface, method, parameters, &error));
  g_dbus_error_strip_remote_error (error);
  ck_assert_msg (strstr (error->message, text) != NULL, "%s", error->message);
}

/* -- the queue --------------------------------------------------------------------- */

static void
queue (const char *script)
{
  run_call (TESTING, "script_queue", g_variant_new ("(s)", script));
}

/* Without waiting for each: there are many, and valgrind is slow. */
static void
queue_many (const char *script, guint n)
{
  for (guint i = 0; i + 1 < n; i++)
    g_dbus_connection_call (service_fixture_client (fixture), XENMGR, "/", TESTING, "script_queue",
                            g_variant_new ("(s)", script), NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL,
                            NULL, NULL);
  queue (script);
}

static void
expect_dequeued (const char *script)
{
  g_autoptr (GVariant) answer = must_call (TESTING, "script_dequeue", NULL);
  const char *text;
  g_variant_get (answer, "(&s)", &text);
  ck_assert_str_eq (text, script);
}

typedef struct {
  gboolean answered;
  char *script; /* NULL: an error */
} Dequeue;

static void
on_dequeued (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Dequeue *dequeue = user_data;
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);
  if (answer != NULL)
    g_variant_get (answer, "(s)", &dequeue->script);
  dequeue->answered = TRUE;
}

static void
begin_dequeue (Dequeue *dequeue)
{
  *dequeue = (Dequeue){ 0 };
  g_dbus_connection_call (service_fixture_client (fixture), XENMGR, "/", TESTING, "script_dequeue",
                          NULL, NULL, G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, on_dequeued, dequeue);
}

static void
expect_script (const Dequeue *dequeue, const char *script)
{
  while (!dequeue->answered)
    g_main_context_iteration (NULL, TRUE);
  ck_assert_str_eq (dequeue->script, script);
  g_free (dequeue->script);
}

START_TEST (first_in_first_out)
{
  queue ("one");
  queue ("");
  queue ("three");
  expect_dequeued ("one");
  expect_dequeued ("");
  expect_dequeued ("three");
}
END_TEST

/* Who waits holds nobody up, and gets the text in its turn. */
START_TEST (waiting_for_a_script)
{
  Dequeue first, second;
  begin_dequeue (&first);
  begin_dequeue (&second);
  run_call (XENMGR, "list_vms", NULL);
  ck_assert (!first.answered && !second.answered);
  queue ("one");
  expect_script (&first, "one");
  ck_assert (!second.answered);
  queue ("two");
  expect_script (&second, "two");
  queue ("three");
  expect_dequeued ("three");
}
END_TEST

START_TEST (a_full_queue)
{
  g_autofree char *half = g_strnfill (XM_SCRIPT_QUEUE_MAX_BYTES / 2, 'x');
  queue (half);
  queue (half);
  must_fail (TESTING, "script_queue", g_variant_new ("(s)", "x"), "queue of scripts is full");
  expect_dequeued (half);
  queue ("x");
  expect_dequeued (half);
  expect_dequeued ("x");
  queue_many ("y", XM_SCRIPT_QUEUE_MAX);
  must_fail (TESTING, "script_queue", g_variant_new ("(s)", ""), "queue of scripts is full");
  expect_dequeued ("y");
  queue ("z");
}
END_TEST

START_TEST (too_many_waiting)
{
  static Dequeue waiting[XM_SCRIPT_QUEUE_MAX_WAITING];
  for (gsize i = 0; i < G_N_ELEMENTS (waiting); i++)
    begin_dequeue (&waiting[i]);
  must_fail (TESTING, "script_dequeue", NULL, "256 callers wait for a script already");
  for (gsize i = 0; i < G_N_ELEMENTS (waiting); i++) {
    g_autofree char *script = g_strdup_printf ("%zu", i);
    queue (script);
    expect_script (&waiting[i], script);
  }
}
END_TEST

/* With the service, the wait ends. */
START_TEST (the_end_while_waiting)
{
  static Dequeue waiting;
  begin_dequeue (&waiting);
  run_call (XENMGR, "list_vms", NULL);
}
END_TEST

/* -- who asks ---------------------------------------------------------------------- */

static guint asked; /* of the bus */

/* The bus of a host with domains: every connection is in domain 5, as it says. */
static void
on_bus_call (GDBusConnection *connection,
             const char *sender,
             const char *path,
             const char *interface,
             const char *method,
             GVariant *parameters,
             GDBusMethodInvocation *invocation,
             gpointer user_data)
{
  const char *name;
  g_variant_get (parameters, "(&s)", &name);
  ck_assert_str_eq (name, ":1.7");
  asked++;
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(i)", *(gint32 *)user_data));
}

static guint
serve_bus (gint32 *domid)
{
  static const GDBusInterfaceVTable vtable = { .method_call = on_bus_call };
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (
      "<node><interface name='org.freedesktop.DBus'><method name='GetConnectionDOMID'>"
      "<arg type='s' direction='in'/><arg type='i' direction='out'/></method></interface></node>",
      NULL);
  guint id =
      g_dbus_connection_register_object (service_fixture_client (fixture), "/org/freedesktop/DBus",
                                         node->interfaces[0], &vtable, domid, NULL, NULL);
  ck_assert_uint_ne (id, 0);
  return id;
}

static void
on_message_answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GDBusMessage) answer =
      g_dbus_connection_send_message_with_reply_finish (G_DBUS_CONNECTION (source), result, NULL);
  ck_assert_ptr_nonnull (answer);
  ck_assert_int_eq (g_dbus_message_get_message_type (answer), G_DBUS_MESSAGE_TYPE_METHOD_RETURN);
  *(gboolean *)user_data = TRUE;
}

static void
on_db_answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GDBusMessage **answer = user_data;
  *answer =
      g_dbus_connection_send_message_with_reply_finish (G_DBUS_CONNECTION (source), result, NULL);
  ck_assert_ptr_nonnull (*answer);
}

/* What is told after request_attention by @sender. (transfer none) */
static GPtrArray *
request_attention (const char *sender)
{
  g_autoptr (GDBusMessage) message =
      g_dbus_message_new_method_call (XENMGR, "/", XENMGR ".guestreq", "request_attention");
  gboolean answered = FALSE;
  if (sender != NULL)
    g_dbus_message_set_sender (message, sender);
  service_fixture_signals (fixture);
  g_dbus_connection_send_message_with_reply (service_fixture_client (fixture), message,
                                             G_DBUS_SEND_MESSAGE_FLAGS_NONE, G_MAXINT, NULL, NULL,
                                             on_message_answered, &answered);
  while (!answered)
    g_main_context_iteration (NULL, TRUE);
  return service_fixture_signals (fixture);
}

START_TEST (who_asks_for_attention)
{
  gint32 domid = 5;
  XmVm *vm = service_fixture_add_vm (fixture, UUID, "{}");
  vm->domid = 5;
  ck_assert_uint_eq (request_attention (":1.7")->len, 0); /* this bus does not know */
  guint id = serve_bus (&domid);
  ck_assert_uint_eq (request_attention (NULL)->len, 0); /* no bus at all */
  GPtrArray *told = request_attention (":1.7");
  ck_assert_uint_eq (told->len, 1);
  g_autofree char *expected = g_strdup_printf ("requested_attention ('%s', '%s')", UUID, vm->path);
  ck_assert_str_eq (told->pdata[0], expected);
  domid = 6; /* no VM's */
  ck_assert_uint_eq (request_attention (":1.7")->len, 0);
  vm->domid = 0;
  domid = 0; /* dom0, whatever a VM claims */
  ck_assert_uint_eq (request_attention (":1.7")->len, 0);
  vm->domid = -1;
  domid = -1;
  ck_assert_uint_eq (request_attention (":1.7")->len, 0);
  g_dbus_connection_unregister_object (service_fixture_client (fixture), id);
}
END_TEST

/* (transfer full): what a db call by @sender answers, printed, or the text of its error. */
static char *
call_db (const char *sender, const char *method, GVariant *parameters)
{
  g_autoptr (GDBusMessage) message = g_dbus_message_new_method_call (DB, "/", DB, method);
  g_dbus_message_set_body (message, parameters);
  if (sender != NULL)
    g_dbus_message_set_sender (message, sender);
  g_autoptr (GDBusMessage) answer = NULL;
  g_dbus_connection_send_message_with_reply (service_fixture_client (fixture), message,
                                             G_DBUS_SEND_MESSAGE_FLAGS_NONE, G_MAXINT, NULL, NULL,
                                             on_db_answered, &answer);
  while (answer == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_autoptr (GError) error = NULL;
  if (g_dbus_message_to_gerror (answer, &error)) {
    g_dbus_error_strip_remote_error (error);
    return g_strdup (error->message);
  }
  GVariant *body = g_dbus_message_get_body (answer);
  return body != NULL ? g_variant_print (body, FALSE) : g_strdup ("()");
}

static void
db_answers (const char *sender, const char *method, GVariant *parameters, const char *expected)
{
  g_autofree char *text = call_db (sender, method, parameters);
  ck_assert_str_eq (text, expected);
}

static void
sees_domain (guint domid, const char *uuid)
{
  g_autofree char *line = dummy_xl_domain ("guest", domid, "-b----", uuid, "-");
  g_autofree char *list = dummy_xl_domains (line);
  dummy_xl_tell ("list", list);
  XmDomains *domains = service_fixture_service (fixture)->domains;
  xm_domains_refresh_async (domains, NULL, NULL, NULL);
  while (xm_domains_get_all (domains)->len < 2)
    g_main_context_iteration (NULL, TRUE);
}

/* A guest sees its own node as if it were all there is. */
START_TEST (the_database_of_a_guest)
{
  gint32 domid = 0;
  XmStore *store = service_fixture_service (fixture)->store;
  fixture_write (store, "/secret", "host's");
  sees_domain (5, UUID);
  guint id = serve_bus (&domid);
  db_answers (":1.7", "read", g_variant_new ("(s)", "/secret"), "(\"host's\",)");
  db_answers (NULL, "read", g_variant_new ("(s)", "/secret"), "(\"host's\",)"); /* no bus */
  domid = 5;
  db_answers (":1.7", "read", g_variant_new ("(s)", "/secret"), "('',)");
  db_answers (":1.7", "write", g_variant_new ("(ss)", "/a/b", "c"), "()");
  ck_assert_str_eq (xm_store_read (store, "/dom-store/" UUID "/a/b"), "c");
  db_answers (":1.7", "read", g_variant_new ("(s)", "a/b"), "('c',)");
  db_answers (":1.7", "list", g_variant_new ("(s)", ""), "(['a'],)");
  db_answers (":1.7", "exists", g_variant_new ("(s)", "/../../secret"), "(false,)");
  db_answers (":1.7", "dump", g_variant_new ("(s)", "/a"), "('{\\n  \"b\": \"c\"\\n}\\n',)");
  db_answers (":1.7", "inject", g_variant_new ("(ss)", "/i", "{\"k\":1}"), "()");
  db_answers (":1.7", "read", g_variant_new ("(s)", "/i/k"), "('1',)");
  db_answers (":1.7", "rm", g_variant_new ("(s)", "/"), "()");
  ck_assert (!xm_store_exists (store, "/dom-store/" UUID "/a"));
  ck_assert_str_eq (xm_store_read (store, "/secret"), "host's");
  domid = 6;
  db_answers (":1.7", "read", g_variant_new ("(s)", "/secret"),
              "failed to resolve domid 6 to uuid");
  g_dbus_connection_unregister_object (service_fixture_client (fixture), id);
}
END_TEST

/* A bus that knows no domains is asked once. */
START_TEST (the_database_on_any_other_bus)
{
  gint32 domid = 5;
  fixture_write (service_fixture_service (fixture)->store, "/secret", "host's");
  db_answers (":1.7", "read", g_variant_new ("(s)", "/secret"), "(\"host's\",)");
  guint id = serve_bus (&domid);
  db_answers (":1.7", "read", g_variant_new ("(s)", "/secret"), "(\"host's\",)");
  ck_assert_uint_eq (asked, 0);
  g_dbus_connection_unregister_object (service_fixture_client (fixture), id);
}
END_TEST

/* -- what agents tell -------------------------------------------------------------- */

static void
wait_for_bus (guint n)
{
  while (asked < n)
    g_main_context_iteration (NULL, TRUE);
  run_call (XENMGR, "list_vms", NULL); /* the bus's answer is taken before this one */
}

/* A signal by @sender, as a bus hands it on. */
static void
tell (const char *sender, const char *member)
{
  g_autoptr (GDBusMessage) message =
      g_dbus_message_new_signal ("/", "com.citrix.xenclient.guest", member);
  if (sender != NULL)
    g_dbus_message_set_sender (message, sender);
  ck_assert (g_dbus_connection_send_message (service_fixture_client (fixture), message,
                                             G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL));
}

START_TEST (agents_speak_for_their_own_vm)
{
  gint32 domid = 6;
  XmVm *vm = service_fixture_add_vm (
      fixture, UUID, "{\"pv-addons-installed\":\"true\",\"pv-addons-version\":\"1.2.3.4\"}");
  vm->domid = 5;
  guint id = serve_bus (&domid);
  tell (NULL, "agent_uninstalled"); /* nobody's */
  tell (":1.7", "agent_uninstalled");
  wait_for_bus (1);
  ck_assert (xm_vm_read_boolean (vm, "pv-addons-installed", FALSE)); /* another domain's */
  domid = 5;
  tell (":1.7", "something_else");
  tell (":1.7", "xorg_running"); /* there is no xenstored: a warning and no more */
  tell (":1.7", "agent_started");
  wait_for_bus (3);
  ck_assert (xm_vm_read_boolean (vm, "pv-addons-installed", FALSE));
  tell (":1.7", "agent_uninstalled");
  wait_for_bus (4);
  ck_assert (!xm_vm_read_boolean (vm, "pv-addons-installed", TRUE));
  ck_assert_str_eq (xm_vm_read (vm, "pv-addons-version"), "");
  ck_assert_uint_eq (asked, 4);
  g_dbus_connection_unregister_object (service_fixture_client (fixture), id);
}
END_TEST

/* -- policies ---------------------------------------------------------------------- */

static void
expect_policy (const char *uuid, const char *words)
{
  g_autoptr (GVariant) answer = must_call (POLICY, "retrieve", g_variant_new ("(s)", uuid));
  const char *text;
  g_variant_get (answer, "(&s)", &text);
  ck_assert_str_eq (text, words);
}

static void
enforce (const char *words)
{
  run_call (POLICY, "enforce", g_variant_new ("(ss)", UUID, words));
}

START_TEST (policy_words)
{
  XmVm *vm = service_fixture_add_vm (fixture, UUID, "{}");
  expect_policy (UUID, "");
  enforce ("block-modify-vm-settings; block-cd-rec;no-such-word;;BLOCK-CD-ACCESS");
  expect_policy (UUID, "block-cd-rec;block-modify-vm-settings");
  ck_assert_str_eq (xm_vm_read (vm, "policies/cd-rec"), "false");
  ck_assert_str_eq (xm_vm_read (vm, "policies/audio-access"), "true");
  service_fixture_wait_signal (fixture, "vm_config_changed");
  enforce ("block-cd-access;block-cd-rec;block-audio-access;block-audio-rec;"
           "block-wired-networking;block-wireless-networking;block-modify-vm-settings");
  expect_policy (UUID, "block-cd-access;block-cd-rec;block-audio-access;block-audio-rec;"
                       "block-wired-networking;block-wireless-networking;"
                       "block-modify-vm-settings");
  enforce ("");
  expect_policy (UUID, "");
  ck_assert_str_eq (xm_vm_read (vm, "policies/modify-vm-settings"), "true");
}
END_TEST

START_TEST (policies_of_no_vm)
{
  XmService *service = service_fixture_service (fixture);
  expect_policy (UUID, "");
  expect_policy ("", "");
  must_fail (POLICY, "enforce", g_variant_new ("(ss)", UUID, "block-cd-rec"),
             "no vm with uuid " UUID);
  must_fail (POLICY, "enforce", g_variant_new ("(ss)", "", "block-cd-rec"), "no vm with uuid ");
  ck_assert (!xm_store_exists (service->store, "/vm/" UUID));
}
END_TEST

START_TEST (a_policy_that_is_no_boolean)
{
  service_fixture_add_vm (fixture, UUID, "{\"policies\":{\"cd-rec\":\"perhaps\"}}");
  must_fail (POLICY, "retrieve", g_variant_new ("(s)", UUID),
             "unexpected boolean text representation: perhaps while reading /vm/" UUID
             "/policies/cd-rec");
}
END_TEST

/* -- extension packs --------------------------------------------------------------- */

START_TEST (extension_packs)
{
  XmStore *store = service_fixture_service (fixture)->store;
  g_autoptr (GVariant) none = must_call (XENMGR, "list_extension_packs", NULL);
  g_autofree char *empty = g_variant_print (none, FALSE);
  ck_assert_str_eq (empty, "([],)");
  ck_assert (xm_store_inject (store, "/extpack",
                              "{\"0\":{\"id\":\"x\",\"name\":\"Extra\",\"version\":2},\"1\":\"?\"}",
                              NULL));
  g_autoptr (GVariant) two = must_call (XENMGR, "list_extension_packs", NULL);
  g_autofree char *text = g_variant_print (two, FALSE);
  ck_assert_str_eq (text, "([{'description': '', 'id': 'x', 'image': '', 'name': 'Extra', "
                          "'vendor': '', 'version': '2'}, {'description': '', 'id': '', "
                          "'image': '', 'name': '', 'vendor': '', 'version': ''}],)");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("root-members");
  TCase *tcase = tcase_create ("root-members");
  tcase_add_checked_fixture (tcase, set_up, tear_down);
  tcase_set_timeout (tcase, 600); /* valgrind takes its time over so many bytes */
  tcase_add_test (tcase, first_in_first_out);
  tcase_add_test (tcase, waiting_for_a_script);
  tcase_add_test (tcase, a_full_queue);
  tcase_add_test (tcase, too_many_waiting);
  tcase_add_test (tcase, the_end_while_waiting);
  tcase_add_test (tcase, who_asks_for_attention);
  tcase_add_test (tcase, agents_speak_for_their_own_vm);
  tcase_add_test (tcase, the_database_of_a_guest);
  tcase_add_test (tcase, the_database_on_any_other_bus);
  tcase_add_test (tcase, policy_words);
  tcase_add_test (tcase, policies_of_no_vm);
  tcase_add_test (tcase, a_policy_that_is_no_boolean);
  tcase_add_test (tcase, extension_packs);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

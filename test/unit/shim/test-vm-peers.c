/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What other services on the bus are told, by a peer that plays them. */
#include <check.h>
#include <string.h>

#include "dummy-xl.h"
#include "operation-fixture.h"
#include "service-fixture.h"
#include "shim/lifecycle.h"
#include "shim/peers.h"
#include "test/unit/run-suite.h"

#define UUID "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define USB  "com.citrix.xenclient.usbdaemon"

static const char xml[] = "<node><interface name='" USB "'>"
                          "<method name='new_vm'><arg type='i' direction='in'/></method>"
                          "<method name='vm_stopped'><arg type='i' direction='in'/></method>"
                          "</interface></node>";

static ServiceFixture *fixture;
static GString *heard;        /* `member(arguments) ` each */
static const char *answer;    /* name of a D-Bus error, NULL for success, "" for none at all */
static GPtrArray *unanswered; /* GDBusMethodInvocation */
static guint ended;           /* calls of done */

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
  g_autofree char *arguments = g_variant_print (parameters, FALSE);
  g_string_append_printf (heard, "%s%s ", method, arguments);
  if (answer == NULL)
    g_dbus_method_invocation_return_value (invocation, NULL);
  else if (*answer != '\0')
    g_dbus_method_invocation_return_dbus_error (invocation, answer, "as told");
  else
    g_ptr_array_add (unanswered, invocation);
}

static void
set_up (void)
{
  static const GDBusInterfaceVTable methods = { .method_call = on_call };
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (xml, NULL);
  fixture = service_fixture_new ();
  heard = g_string_new (NULL);
  unanswered = g_ptr_array_new ();
  answer = NULL;
  ended = 0;
  ck_assert_uint_ne (g_dbus_connection_register_object (service_fixture_client (fixture), "/",
                                                        node->interfaces[0], &methods, NULL, NULL,
                                                        NULL),
                     0);
}

static void
tear_down (void)
{
  for (guint i = 0; i < unanswered->len; i++)
    g_dbus_method_invocation_return_value (unanswered->pdata[i], NULL);
  g_ptr_array_unref (unanswered);
  service_fixture_free (fixture);
  g_string_free (heard, TRUE);
}

static void
on_done (gpointer user_data)
{
  ++*(guint *)user_data;
}

static void
tell (int domid)
{
  guint before = ended;
  xm_peers_call (service_fixture_service (fixture)->peers, USB, "new_vm",
                 g_variant_new ("(i)", domid), on_done, &ended);
  while (ended == before)
    g_main_context_iteration (NULL, TRUE);
}

/* Whatever the answer is, or if there is none in 2 s: it is over. */
START_TEST (every_call_ends)
{
  tell (1);
  answer = "com.example.Error";
  tell (2);
  answer = "";
  tell (3);
  ck_assert_str_eq (heard->str, "new_vm(1,) new_vm(2,) new_vm(3,) ");
}
END_TEST

static void
wait_heard (const char *expected)
{
  while (!g_str_equal (heard->str, expected))
    g_main_context_iteration (NULL, TRUE);
}

/* The service's calls go out in order: one that is answered had all others before it. */
START_TEST (told_of_a_domain)
{
  const char *base = xm_store_get_base (service_fixture_service (fixture)->store);
  g_autofree char *json = g_strdup_printf ("{\"name\":\"n\",\"config\":{\"virt-type\":\"pv\","
                                           "\"memory\":\"64\",\"kernel\":\"%s/../test.conf\"}}",
                                           base);
  g_autofree char *paused = dummy_xl_domain ("n", 5, "--p---", UUID, "-");
  g_autofree char *running = dummy_xl_domain ("n", 5, "-b----", UUID, "-");
  g_autofree char *created = dummy_xl_domains (paused);
  g_autofree char *unpaused = dummy_xl_domains (running);
  g_autofree char *none = dummy_xl_domains ("");
  XmVm *vm = service_fixture_add_vm (fixture, UUID, json);
  dummy_xl_tell ("create.domains", created);
  dummy_xl_tell ("unpause.domains", unpaused);
  dummy_xl_tell ("destroy.domains", none);
  operation_run (vm, XM_OPERATION_START);
  wait_heard ("new_vm(5,) ");
  dummy_xl_tell ("pause.domains", created);
  operation_run (vm, XM_OPERATION_PAUSE);
  operation_run (vm, XM_OPERATION_DESTROY);
  wait_heard ("new_vm(5,) vm_stopped(5,) ");

  /* What has no USB is not told of. */
  ck_assert (service_fixture_set (fixture, vm->path, VM, "usb-enabled",
                                  g_variant_new_boolean (FALSE), NULL));
  dummy_xl_tell ("create.domains", created);
  dummy_xl_tell ("unpause.domains", unpaused);
  dummy_xl_tell ("destroy.domains", none);
  operation_run (vm, XM_OPERATION_START);
  operation_run (vm, XM_OPERATION_DESTROY);
  tell (9);
  ck_assert_str_eq (heard->str, "new_vm(5,) vm_stopped(5,) new_vm(9,) ");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("vm-peers");
  TCase *tcase = tcase_create ("vm-peers");
  tcase_set_timeout (tcase, 120);
  tcase_add_checked_fixture (tcase, set_up, tear_down);
  tcase_add_test (tcase, every_call_ends);
  tcase_add_test (tcase, told_of_a_domain);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

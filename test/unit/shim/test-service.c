/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service as its callers see it: all calls come over a D-Bus connection. */
#include <check.h>
#include <string.h>
#include <unistd.h>

#include "dummy-xl.h"
#include "service-calls.h"
#include "shim/lifecycle.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

#define UUID          "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define PATH          "/vm/8a3c1d5e_4f60_4b7a_9c21_0123456789ab"
#define INVALID_ARGS  "org.freedesktop.DBus.Error.InvalidArgs"
#define HOST          XENMGR ".host"
#define CONFIG        XENMGR ".config"
#define NOT_SUPPORTED "org.freedesktop.DBus.Error.NotSupported"

/* -- the store behind the objects -------------------------------------------------- */

START_TEST (objects_follow_the_database)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  run_call (fixture, "/", DB, "inject",
            g_variant_new ("(ss)", "/vm/" UUID, "{\"name\":\"by hand\"}"));
  assert_property (fixture, PATH, "name", "by hand");
  ck_assert_uint_eq (count_vms (fixture), 1);
  assert_gone (fixture, PATH "/nic/3");

  run_call (fixture, "/", DB, "write",
            g_variant_new ("(ss)", "/vm/" UUID "/config/nic/3/mac", "x"));
  g_autofree char *nic = introspect (fixture, XENMGR, PATH "/nic/3");
  ck_assert_ptr_nonnull (strstr (nic, "com.citrix.xenclient.vmnic"));
  run_call (fixture, "/", DB, "rm", g_variant_new ("(s)", "/vm/" UUID "/config/nic"));
  assert_gone (fixture, PATH "/nic/3");

  run_call (fixture, "/", DB, "rm", g_variant_new ("(s)", "/vm/" UUID));
  assert_gone (fixture, PATH);
  ck_assert_uint_eq (count_vms (fixture), 0);

  /* All at once, and with a name that is no uuid. */
  run_call (fixture, "/", DB, "inject",
            g_variant_new ("(ss)", "/vm", "{\"" UUID "\":{},\"junk\":{\"name\":\"j\"}}"));
  ck_assert_uint_eq (count_vms (fixture), 1);
  run_call (fixture, "/", DB, "rm", g_variant_new ("(s)", "/vm"));
  ck_assert_uint_eq (count_vms (fixture), 0);
}
END_TEST

START_TEST (keys_of_a_vm)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmVm *vm = service_fixture_add_vm (fixture, UUID, "{\"name\":\"n\"}");
  run_call (fixture, PATH, VM, "set_db_key", g_variant_new ("(ss)", "config.a.b", "1"));
  ck_assert_str_eq (xm_vm_read (vm, "config/a/b"), "1");
  g_autoptr (GVariant) got =
      must_call (fixture, PATH, VM, "get_db_key", g_variant_new ("(s)", "config/a.b"));
  g_autoptr (GVariant) unset =
      must_call (fixture, PATH, VM, "get_db_key", g_variant_new ("(s)", "no-such"));
  const char *text;
  g_variant_get (got, "(&s)", &text);
  ck_assert_str_eq (text, "1");
  g_variant_get (unset, "(&s)", &text);
  ck_assert_str_eq (text, "");

  run_call (fixture, PATH, VM, "set_domstore_key", g_variant_new ("(ss)", "k", "v"));
  ck_assert_str_eq (
      xm_store_read (service_fixture_service (fixture)->store, "/dom-store/" UUID "/k"), "v");
}
END_TEST

/* -- properties -------------------------------------------------------------------- */

START_TEST (a_broken_value_does_not_hide_the_others)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  service_fixture_add_vm (fixture, UUID,
                          "{\"name\":\"n\",\"config\":{\"acpi\":\"perhaps\",\"vcpus\":\"some\"}}");
  static const char *const interfaces[] = { VM, VM_FREE };
  for (gsize i = 0; i < G_N_ELEMENTS (interfaces); i++) {
    g_autoptr (GVariant) values = get_all (fixture, PATH, interfaces[i]);
    g_autoptr (GVariant) name = g_variant_lookup_value (values, "name", G_VARIANT_TYPE_STRING);
    ck_assert_str_eq (g_variant_get_string (name, NULL), "n");
    ck_assert_ptr_null (g_variant_lookup_value (values, "acpi", NULL));
    ck_assert_ptr_null (g_variant_lookup_value (values, "vcpus", NULL));
    ck_assert_uint_gt (g_variant_n_children (values), 100);
  }
}
END_TEST

/* Members that no code serves say so, and do not stop GetAll. The service has none; here are some
 * of the interface `config` without the code of it. */
START_TEST (members_without_code)
{
  static const XmInterface bare[] = { { .name = CONFIG }, { .name = XENMGR ".testing" } };
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  g_autoptr (XmObjectKind) kind = xm_object_kind_new (bare, G_N_ELEMENTS (bare));
  g_autoptr (GError) error = NULL;
  g_autoptr (XmBusObject) object = xm_bus_object_export (
      service_fixture_service (fixture)->connection, "/bare", kind, NULL, fixture, &error);
  ck_assert_msg (object != NULL, "%s", error != NULL ? error->message : "");
  must_fail (fixture, "/bare", XENMGR ".testing", "script_dequeue", NULL, NOT_SUPPORTED,
             XENMGR ".testing.script_dequeue");
  must_fail (fixture, "/bare", PROPERTIES, "Get", g_variant_new ("(ss)", CONFIG, "autostart"),
             NOT_SUPPORTED, CONFIG ".autostart");
  must_fail (fixture, "/bare", PROPERTIES, "Set",
             g_variant_new ("(ssv)", CONFIG, "autostart", g_variant_new_boolean (FALSE)),
             NOT_SUPPORTED, CONFIG ".autostart");
  g_autoptr (GVariant) values = get_all (fixture, "/bare", CONFIG);
  ck_assert_uint_eq (g_variant_n_children (values), 0);
}
END_TEST

/* Every interface of every object, the ones without properties, too. */
START_TEST (get_all_of_every_interface)
{
  static const struct {
    const char *path, *interface;
    guint properties;
  } cases[] = {
    { "/", XENMGR, 0 },
    { "/", CONFIG, 23 },
    { "/", CONFIG ".ui", 20 },
    { "/", DB, 0 },
    { "/", INTROSPECTABLE, 0 },
    { "/host", XENMGR ".installer", 0 },
    { "/host", INTROSPECTABLE, 0 },
    { "/vm", INTROSPECTABLE, 0 },
    { PATH, INTROSPECTABLE, 0 },
    { PATH "/disk/0", INTROSPECTABLE, 0 },
  };
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  service_fixture_add_vm (fixture, UUID, "{\"config\":{\"disk\":{\"0\":{\"path\":\"/d\"}}}}");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GVariant) values = get_all (fixture, cases[i].path, cases[i].interface);
    ck_assert_msg (g_variant_n_children (values) == cases[i].properties, "%s: %u",
                   cases[i].interface, (guint)g_variant_n_children (values));
  }
  must_fail (fixture, PATH, PROPERTIES, "GetAll", g_variant_new ("(s)", "a.b"), INVALID_ARGS, "");
  must_fail (fixture, "/vm", PROPERTIES, "Get", g_variant_new ("(ss)", INTROSPECTABLE, "x"),
             INVALID_ARGS, "");
}
END_TEST

/* -- introspection ----------------------------------------------------------------- */

static guint
count_interfaces (const char *xml)
{
  guint n = 0;
  for (const char *at = xml; (at = strstr (at, "<interface")) != NULL; at++)
    n++;
  return n;
}

START_TEST (each_name_shows_its_own_interfaces)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  g_autofree char *as_db = introspect (fixture, DB, "/");
  g_autofree char *as_xenmgr = introspect (fixture, XENMGR, "/");
  g_autofree char *as_unique = introspect (fixture, ":1.5", "/");
  ck_assert_msg (count_interfaces (as_db) == 1, "%s", as_db);
  ck_assert_ptr_nonnull (strstr (as_db, "\"" DB "\""));
  ck_assert_ptr_null (strstr (as_db, "<node name"));
  ck_assert_ptr_null (strstr (as_xenmgr, "\"" DB "\""));
  ck_assert_ptr_nonnull (strstr (as_xenmgr, "\"" XENMGR "\""));
  ck_assert_str_eq (as_unique, as_xenmgr);
}
END_TEST

START_TEST (the_tree_of_objects)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  service_fixture_add_vm (fixture, UUID,
                          "{\"config\":{\"disk\":{\"0\":{\"path\":\"/d\"}},\"nic\":{\"1\":{\"mac\":"
                          "\"x\"}}}}");
  g_autofree char *root = introspect (fixture, XENMGR, "/");
  ck_assert_ptr_nonnull (strstr (root, "<node name=\"vm\""));
  ck_assert_ptr_nonnull (strstr (root, "<node name=\"host\""));
  g_autofree char *vms = introspect (fixture, XENMGR, "/vm");
  ck_assert_ptr_nonnull (strstr (vms, "<node name=\"8a3c1d5e_4f60_4b7a_9c21_0123456789ab\""));
  ck_assert_uint_eq (count_interfaces (vms), 0);

  /* One can walk down to each device by the names of nodes alone. */
  g_autofree char *vm = introspect (fixture, XENMGR, PATH);
  ck_assert_ptr_nonnull (strstr (vm, "<node name=\"disk/0\""));
  ck_assert_ptr_nonnull (strstr (vm, "<node name=\"nic/1\""));
}
END_TEST

/* -- look-ups ---------------------------------------------------------------------- */

START_TEST (finding_vms)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  service_fixture_add_vm (fixture, UUID, "{}");
  g_autoptr (GVariant) found =
      must_call (fixture, "/", XENMGR, "find_vm_by_uuid", g_variant_new ("(s)", UUID));
  const char *path;
  g_variant_get (found, "(&o)", &path);
  ck_assert_str_eq (path, PATH);
  must_fail (fixture, "/", XENMGR, "find_vm_by_uuid", g_variant_new ("(s)", "x"), FAILED,
             "no vm with uuid x");
  must_fail (fixture, "/", XENMGR, "find_vm_by_domid", g_variant_new ("(i)", -1), FAILED,
             "no vm with domid -1");
}
END_TEST

/* -- a VM that goes while something is under way ----------------------------------- */

typedef struct {
  gboolean ended;
  GError *error;
} Operation;

static void
on_operation (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Operation *operation = user_data;
  xm_lifecycle_run_finish (result, &operation->error);
  operation->ended = TRUE;
}

START_TEST (a_vm_removed_while_it_starts)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  g_autofree char *kernel =
      g_build_filename (xm_store_get_base (service_fixture_service (fixture)->store), "db", NULL);
  g_autofree char *json =
      g_strdup_printf ("{\"name\":\"n\",\"config\":{\"memory\":\"64\",\"kernel\":\"%s\"}}", kernel);
  g_autoptr (XmVm) vm = xm_vm_ref (service_fixture_add_vm (fixture, UUID, json));
  g_autofree char *line = dummy_xl_domain ("n", 5, "--p---", UUID, "-");
  g_autofree char *domains = dummy_xl_domains (line);
  g_autofree char *none = dummy_xl_domains ("");
  Operation start = { 0 };

  dummy_xl_tell ("create.domains", domains);
  dummy_xl_tell ("destroy.domains", none);
  dummy_xl_shut_gate ("unpause");
  xm_lifecycle_run_async (vm, XM_OPERATION_START, on_operation, &start);
  while (dummy_xl_count ("unpause") == 0)
    g_main_context_iteration (NULL, FALSE);
  ck_assert_int_eq (vm->domid, 5);

  run_call (fixture, "/", DB, "rm", g_variant_new ("(s)", "/vm/" UUID));
  while (!start.ended)
    g_main_context_iteration (NULL, TRUE);
  ck_assert_ptr_nonnull (start.error);
  g_clear_error (&start.error);
  ck_assert_uint_eq (dummy_xl_count ("destroy"), 1); /* nothing is left of it */
  /* What is gone follows no domain any more. */
  ck_assert_ptr_null (vm->object);
  ck_assert_ptr_null (vm->memory_kib);
  ck_assert_int_eq (vm->domid, -1);
}
END_TEST

START_TEST (a_vm_removed_while_it_is_paused)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  g_autoptr (XmVm) vm = xm_vm_ref (service_fixture_add_vm (fixture, UUID, "{\"name\":\"n\"}"));
  g_autofree char *line = dummy_xl_domain ("n", 5, "-b----", UUID, "-");
  g_autofree char *domains = dummy_xl_domains (line);
  Operation pause = { 0 };

  dummy_xl_tell ("list", domains);
  dummy_xl_shut_gate ("pause");
  xm_lifecycle_run_async (vm, XM_OPERATION_PAUSE, on_operation, &pause);
  while (dummy_xl_count ("pause") == 0)
    g_main_context_iteration (NULL, FALSE);
  run_call (fixture, "/", DB, "rm", g_variant_new ("(s)", "/vm/" UUID));
  while (!pause.ended)
    g_main_context_iteration (NULL, TRUE);
  g_clear_error (&pause.error);
  /* The domain is still there, but no VM of ours. */
  ck_assert_int_eq (vm->domid, -1);
  ck_assert_ptr_null (vm->memory_kib);
  ck_assert_uint_eq (dummy_xl_count ("destroy"), 0);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("service");
  TCase *tcase = tcase_create ("service");
  tcase_set_timeout (tcase, 120);
  tcase_add_test (tcase, objects_follow_the_database);
  tcase_add_test (tcase, keys_of_a_vm);
  tcase_add_test (tcase, a_broken_value_does_not_hide_the_others);
  tcase_add_test (tcase, members_without_code);
  tcase_add_test (tcase, get_all_of_every_interface);
  tcase_add_test (tcase, each_name_shows_its_own_interfaces);
  tcase_add_test (tcase, the_tree_of_objects);
  tcase_add_test (tcase, finding_vms);
  tcase_add_test (tcase, a_vm_removed_while_it_starts);
  tcase_add_test (tcase, a_vm_removed_while_it_is_paused);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service as its callers see it: all calls come over a D-Bus connection. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dummy-xl.h"
#include "service-fixture.h"
#include "shim/lifecycle.h"
#include "store-fixture.h"

#define UUID           "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define PATH           "/vm/8a3c1d5e_4f60_4b7a_9c21_0123456789ab"
#define INTROSPECTABLE "org.freedesktop.DBus.Introspectable"
#define PROPERTIES     "org.freedesktop.DBus.Properties"
#define INVALID_ARGS   "org.freedesktop.DBus.Error.InvalidArgs"
#define FAILED         "org.freedesktop.DBus.Error.Failed"
#define HOST           XENMGR ".host"
#define CONFIG         XENMGR ".config"
#define NOT_SUPPORTED  "org.freedesktop.DBus.Error.NotSupported"
#define UNKNOWN_METHOD "org.freedesktop.DBus.Error.UnknownMethod"

/* -- short forms of calls ---------------------------------------------------------- */

static GVariant *
must_call (ServiceFixture *fixture,
           const char *path,
           const char *interface,
           const char *method,
           GVariant *parameters)
{
  g_autoptr (GError) error = NULL;
  GVariant *answer =
      service_fixture_call (fixture, XENMGR, path, interface, method, parameters, &error);
  ck_assert_msg (answer != NULL, "%s: %s", method, error != NULL ? error->message : "");
  return answer;
}

static void
run_call (ServiceFixture *fixture,
          const char *path,
          const char *interface,
          const char *method,
          GVariant *parameters)
{
  g_variant_unref (must_call (fixture, path, interface, method, parameters));
}

/* The call fails with this error name; its text contains @part. */
static void
must_fail (ServiceFixture *fixture,
           const char *path,
           const char *interface,
           const char *method,
           GVariant *parameters,
           const char *name,
           const char *part)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      service_fixture_call (fixture, XENMGR, path, interface, method, parameters, &error);
  ck_assert_msg (answer == NULL, "%s", method);
  g_autofree char *got = g_dbus_error_get_remote_error (error);
  ck_assert_str_eq (got, name);
  g_dbus_error_strip_remote_error (error);
  ck_assert_msg (strstr (error->message, part) != NULL, "%s: %s", method, error->message);
}

static char *
create (ServiceFixture *fixture, const char *template, const char *json)
{
  g_autoptr (GVariant) answer = must_call (fixture, "/", XENMGR, "create_vm_with_template_and_json",
                                           g_variant_new ("(ss)", template, json));
  char *path;
  g_variant_get (answer, "(o)", &path);
  return path;
}

static void
refuse_creation (ServiceFixture *fixture, const char *template, const char *json, const char *part)
{
  must_fail (fixture, "/", XENMGR, "create_vm_with_template_and_json",
             g_variant_new ("(ss)", template, json), FAILED, part);
}

static char *
get_text (ServiceFixture *fixture, const char *path, const char *property)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = service_fixture_get (fixture, path, VM, property, &error);
  ck_assert_msg (value != NULL, "%s: %s", property, error != NULL ? error->message : "");
  return g_variant_is_of_type (value, G_VARIANT_TYPE_STRING) ? g_variant_dup_string (value, NULL)
                                                             : g_variant_print (value, FALSE);
}

static void
assert_property (ServiceFixture *fixture,
                 const char *path,
                 const char *property,
                 const char *expected)
{
  g_autofree char *text = get_text (fixture, path, property);
  ck_assert_msg (g_str_equal (text, expected), "%s is %s, not %s", property, text, expected);
}

static guint
count_vms (ServiceFixture *fixture)
{
  g_autoptr (GVariant) answer = must_call (fixture, "/", XENMGR, "list_vms", NULL);
  g_autoptr (GVariant) paths = g_variant_get_child_value (answer, 0);
  return (guint)g_variant_n_children (paths);
}

static char *
introspect (ServiceFixture *fixture, const char *destination, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      service_fixture_call (fixture, destination, path, INTROSPECTABLE, "Introspect", NULL, &error);
  ck_assert_msg (answer != NULL, "%s: %s", path, error != NULL ? error->message : "");
  char *text;
  g_variant_get (answer, "(s)", &text);
  return text;
}

static GVariant *
get_all (ServiceFixture *fixture, const char *path, const char *interface)
{
  g_autoptr (GVariant) answer =
      must_call (fixture, path, PROPERTIES, "GetAll", g_variant_new ("(s)", interface));
  return g_variant_get_child_value (answer, 0);
}

/* -- creating ---------------------------------------------------------------------- */

START_TEST (json_is_merged_over_the_template)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  g_autofree char *path =
      create (fixture, "new-vm-linux",
              "{\"uuid\":\"" UUID "\",\"name\":\"n\",\"config\":{\"memory\":\"333\","
              "\"disk\":{\"1\":{\"path\":\"/d\"}}}}");
  ck_assert_str_eq (path, PATH);
  assert_property (fixture, path, "name", "n");
  assert_property (fixture, path, "uuid", UUID);
  assert_property (fixture, path, "memory", "333");
  assert_property (fixture, path, "os", "linux"); /* from the template */
  assert_property (fixture, path, "seamless-id", UUID);
  assert_property (fixture, path, "slot", "1");
  assert_property (fixture, path, "state", "stopped");

  XmStore *store = service_fixture_service (fixture)->store;
  ck_assert_str_eq (xm_store_read (store, "/vm/" UUID "/config/disk/1/path"), "/d");
  ck_assert (xm_store_exists (store, "/vm/" UUID "/config/disk/0/path"));
  ck_assert_str_eq (xm_store_read (store, "/vm/" UUID "/uuid"), UUID);

  service_fixture_wait_signal (fixture, "vm_created");
  GPtrArray *signals = service_fixture_signals (fixture);
  ck_assert_str_eq (signals->pdata[0], "vm_created ('" UUID "', '" PATH "')");
  service_fixture_wait_signal (fixture, "vm_config_changed");

  /* It is durable, and its disks are on the bus. */
  g_autoptr (XmStore) reopened = fixture_open (xm_store_get_base (store));
  ck_assert_str_eq (xm_store_read (reopened, "/vm/" UUID "/config/memory"), "333");
  g_autofree char *disk_path = g_strconcat (path, "/disk/1", NULL);
  g_autofree char *disk = introspect (fixture, XENMGR, disk_path);
  ck_assert_ptr_nonnull (strstr (disk, "com.citrix.xenclient.vmdisk"));
}
END_TEST

START_TEST (every_way_to_create)
{
  static const struct {
    const char *interface, *method, *parameters, *name;
  } ways[] = {
    { XENMGR, "create_vm", "()", NULL },
    { XENMGR, "create_vm_with_template", "('new-vm-pv',)", NULL },
    { XENMGR, "create_vm_with_template_and_uuid", "('new-vm-pv', '" UUID "')", "name-" UUID },
    { XENMGR, "create_vm_with_template_and_json", "(' ', ' ')", NULL },
    { XENMGR, "create_vm_with_ui", "('new-vm-pv', 'ui name', 'words', 'i.png')", "ui name" },
    { UNRESTRICTED, "unrestricted_create_vm", "()", NULL },
    { UNRESTRICTED, "unrestricted_create_vm_with_template_and_json", "('', '{\"name\":\"x\"}')",
      "x" },
  };
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  for (gsize i = 0; i < G_N_ELEMENTS (ways); i++) {
    g_autoptr (GVariant) parameters = g_variant_parse (NULL, ways[i].parameters, NULL, NULL, NULL);
    g_autoptr (GVariant) answer =
        must_call (fixture, "/", ways[i].interface, ways[i].method, parameters);
    const char *path;
    g_variant_get (answer, "(&o)", &path);
    g_autofree char *uuid = get_text (fixture, path, "uuid");
    g_autofree char *made_up = g_strconcat ("name-", uuid, NULL);
    assert_property (fixture, path, "name", ways[i].name != NULL ? ways[i].name : made_up);
    ck_assert_uint_eq (count_vms (fixture), i + 1);
    if (g_str_equal (ways[i].method, "create_vm_with_ui")) {
      assert_property (fixture, path, "description", "words");
      assert_property (fixture, path, "image-path", "i.png");
    }
  }
}
END_TEST

START_TEST (an_empty_name_is_none)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  g_autofree char *path = create (fixture, "", "{\"name\":\"\"}");
  g_autofree char *uuid = get_text (fixture, path, "uuid");
  g_autofree char *made_up = g_strconcat ("name-", uuid, NULL);
  assert_property (fixture, path, "name", made_up);
}
END_TEST

START_TEST (slots_run_out)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  g_autofree char *first = NULL;
  for (int slot = 1; slot <= 9; slot++) {
    g_autofree char *path = create (fixture, "new-vm-empty", "");
    g_autofree char *expected = g_strdup_printf ("%d", slot);
    assert_property (fixture, path, "slot", expected);
    if (slot == 4)
      first = g_steal_pointer (&path);
  }
  refuse_creation (fixture, "new-vm-empty", "", "205:Too many VMS");
  ck_assert_uint_eq (count_vms (fixture), 9);

  /* A given slot avoids the limit, and service VMs take none. */
  g_autofree char *given = create (fixture, "new-vm-empty", "{\"slot\":\"12\"}");
  assert_property (fixture, given, "slot", "12");
  g_autofree char *service_vm = create (fixture, "service-ndvm-pv", "{\"slot\":\"0\"}");
  assert_property (fixture, service_vm, "slot", "0");

  /* What is given back is used again. */
  run_call (fixture, first, VM, "delete", NULL);
  g_autofree char *again = create (fixture, "new-vm-empty", "");
  assert_property (fixture, again, "slot", "4");
}
END_TEST

START_TEST (refused_creations)
{
  static const struct {
    const char *template, *json, *part;
  } cases[] = {
    { "", "{\"uuid\":\"x\"}", "not a uuid: x" },
    { "", "{\"uuid\":\"../../etc\"}", "not a uuid" },
    { "", "{\"uuid\":\"8a3c1d5e4f604b7a9c210123456789ab\"}", "not a uuid" },
    { "", "{\"uuid\":\"" UUID "0\"}", "not a uuid" },
    { "", "{\"uuid\":7}", "string json value was expected: uuid" },
    { "", "{\"name\":[]}", "string json value was expected: name" },
    { "", "{", "malformed JSON" },
    { "", "[1]", "malformed JSON" },
    { "no-such", "", "223:IO error: " },
    { "../default/new-vm", "", "" },
  };
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmStore *store = service_fixture_service (fixture)->store;
  g_autofree char *before = xm_store_dump (store, "/");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    refuse_creation (fixture, cases[i].template, cases[i].json, cases[i].part);
  must_fail (fixture, "/", XENMGR, "create_vm_with_template_and_uuid",
             g_variant_new ("(ss)", "new-vm", ""), FAILED, "not a uuid");
  g_autofree char *after = xm_store_dump (store, "/");
  ck_assert_str_eq (after, before);

  g_autofree char *path = create (fixture, "", "{\"uuid\":\"" UUID "\",\"name\":\"kept\"}");
  refuse_creation (fixture, "", "{\"uuid\":\"" UUID "\"}",
                   "there is a vm with uuid " UUID " already");
  assert_property (fixture, path, "name", "kept");
}
END_TEST

START_TEST (policy_of_creating_and_deleting)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmStore *store = service_fixture_service (fixture)->store;
  fixture_write (store, "/vm-create-disallowed", "true");
  fixture_write (store, "/vm-delete-disallowed", "true");
  must_fail (fixture, "/", XENMGR, "create_vm", NULL, FAILED,
             "220:Action suppressed by active policy settings");
  refuse_creation (fixture, "", "", "220:");
  ck_assert_uint_eq (count_vms (fixture), 0);

  g_autoptr (GVariant) created =
      must_call (fixture, "/", UNRESTRICTED, "unrestricted_create_vm", NULL);
  const char *path;
  g_variant_get (created, "(&o)", &path);
  must_fail (fixture, path, VM, "delete", NULL, FAILED, "220:");
  ck_assert_uint_eq (count_vms (fixture), 1);
  g_autofree char *uuid = get_text (fixture, path, "uuid");
  run_call (fixture, "/", UNRESTRICTED, "unrestricted_delete_vm", g_variant_new ("(s)", uuid));
  ck_assert_uint_eq (count_vms (fixture), 0);
}
END_TEST

/* -- deleting ---------------------------------------------------------------------- */

static void
assert_gone (ServiceFixture *fixture, const char *path)
{
  must_fail (fixture, path, PROPERTIES, "Get", g_variant_new ("(ss)", VM, "name"), UNKNOWN_METHOD,
             "");
}

START_TEST (deleting_takes_all_with_it)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmStore *store = service_fixture_service (fixture)->store;
  g_autofree char *dir = fixture_new ();
  static const char *const files[] = { "own.vhd", "shared.vhd", "also.vhd", "raw.img", NULL };
  for (const char *const *file = files; *file != NULL; file++)
    fixture_write_file (dir, *file, "x");
  g_autofree char *json = g_strdup_printf (
      "{\"uuid\":\"" UUID "\",\"config\":{\"nic\":{\"0\":{\"enable\":\"true\"}},\"disk\":{"
      "\"0\":{\"type\":\"vhd\",\"path\":\"%s/own.vhd\"},"
      "\"1\":{\"type\":\"vhd\",\"path\":\"%s/shared.vhd\",\"shared\":\"true\"},"
      "\"2\":{\"type\":\"vhd\",\"path\":\"%s/also.vhd\"},"
      "\"3\":{\"type\":\"file\",\"path\":\"%s/raw.img\"},"
      "\"4\":{\"type\":\"vhd\",\"path\":\"%s/never-was.vhd\"}}}}",
      dir, dir, dir, dir, dir);
  g_autofree char *other_json = g_strdup_printf (
      "{\"config\":{\"disk\":{\"0\":{\"type\":\"vhd\",\"path\":\"%s/also.vhd\"}}}}", dir);
  g_autofree char *path = create (fixture, "", json);
  g_free (create (fixture, "", other_json));
  fixture_write (store, "/dom-store/" UUID "/key", "x");
  service_fixture_wait_signal (fixture, "vm_config_changed");
  service_fixture_signals (fixture);

  g_autoptr (GVariant) answer = must_call (fixture, path, VM, "delete", NULL);
  ck_assert_str_eq (g_variant_get_type_string (answer), "()");
  assert_gone (fixture, path);
  g_autofree char *disk = g_strconcat (path, "/disk/0", NULL);
  g_autofree char *nic = g_strconcat (path, "/nic/0", NULL);
  assert_gone (fixture, disk);
  assert_gone (fixture, nic);
  ck_assert (!xm_store_exists (store, "/vm/" UUID));
  ck_assert (!xm_store_exists (store, "/dom-store/" UUID));
  service_fixture_wait_signal (fixture, "vm_deleted");

  /* Only the image that was its alone is gone. */
  for (const char *const *file = files; *file != NULL; file++)
    ck_assert_msg (fixture_has_file (dir, *file) == !g_str_equal (*file, "own.vhd"), "%s", *file);
  fixture_free (g_steal_pointer (&dir));
}
END_TEST

START_TEST (a_running_vm_is_not_deleted)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  g_autofree char *path = create (fixture, "", "{\"uuid\":\"" UUID "\"}");
  g_autofree char *line = dummy_xl_domain ("n", 5, "-b----", UUID, "-");
  g_autofree char *domains = dummy_xl_domains (line);
  dummy_xl_tell ("list", domains);
  xm_domains_refresh_async (service_fixture_service (fixture)->domains, NULL, NULL, NULL);
  service_fixture_wait_signal (fixture, "vm_state_changed");
  assert_property (fixture, path, "state", "running");
  assert_property (fixture, path, "domid", "5");
  assert_property (fixture, path, "acpi-state", "0");
  must_fail (fixture, path, VM, "delete", NULL, FAILED, "204:Cannot remove running VM");
  must_fail (fixture, "/", UNRESTRICTED, "unrestricted_delete_vm", g_variant_new ("(s)", UUID),
             FAILED, "204:");
  must_fail (fixture, "/", UNRESTRICTED, "unrestricted_delete_vm", g_variant_new ("(s)", "x"),
             FAILED, "no vm with uuid x");
  assert_property (fixture, path, "state", "running");
}
END_TEST

START_TEST (an_image_that_stays_keeps_the_vm)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  g_autofree char *dir = fixture_new ();
  fixture_write_file (dir, "folder.vhd/inside", "x"); /* unlink refuses a directory */
  g_autofree char *json = g_strdup_printf ("{\"uuid\":\"" UUID "\",\"config\":{\"disk\":{\"0\":"
                                           "{\"type\":\"vhd\",\"path\":\"%s/folder.vhd\"}}}}",
                                           dir);
  g_autofree char *path = create (fixture, "", json);
  must_fail (fixture, path, VM, "delete", NULL, FAILED, "223:IO error: ");
  ck_assert_uint_eq (count_vms (fixture), 1);
  fixture_free (g_steal_pointer (&dir));
}
END_TEST

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
  tcase_add_test (tcase, json_is_merged_over_the_template);
  tcase_add_test (tcase, every_way_to_create);
  tcase_add_test (tcase, an_empty_name_is_none);
  tcase_add_test (tcase, slots_run_out);
  tcase_add_test (tcase, refused_creations);
  tcase_add_test (tcase, policy_of_creating_and_deleting);
  tcase_add_test (tcase, deleting_takes_all_with_it);
  tcase_add_test (tcase, a_running_vm_is_not_deleted);
  tcase_add_test (tcase, an_image_that_stays_keeps_the_vm);
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
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_ENV);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

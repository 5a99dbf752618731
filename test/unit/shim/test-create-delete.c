/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VMs are created and deleted: from what, by whom, and what goes with them. */
#include <check.h>
#include <string.h>

#include "dummy-xl.h"
#include "service-calls.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

#define UUID "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define PATH "/vm/8a3c1d5e_4f60_4b7a_9c21_0123456789ab"

/* -- creating ---------------------------------------------------------------------- */

static void
refuse_creation (ServiceFixture *fixture, const char *template, const char *json, const char *part)
{
  must_fail (fixture, "/", XENMGR, "create_vm_with_template_and_json",
             g_variant_new ("(ss)", template, json), FAILED, part);
}

START_TEST (json_is_merged_over_the_template)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  g_autofree char *path =
      create_vm (fixture, "new-vm-linux",
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
  g_autofree char *path = create_vm (fixture, "", "{\"name\":\"\"}");
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
    g_autofree char *path = create_vm (fixture, "new-vm-empty", "");
    g_autofree char *expected = g_strdup_printf ("%d", slot);
    assert_property (fixture, path, "slot", expected);
    if (slot == 4)
      first = g_steal_pointer (&path);
  }
  refuse_creation (fixture, "new-vm-empty", "", "205:Too many VMS");
  ck_assert_uint_eq (count_vms (fixture), 9);

  /* A given slot avoids the limit, and service VMs take none. */
  g_autofree char *given = create_vm (fixture, "new-vm-empty", "{\"slot\":\"12\"}");
  assert_property (fixture, given, "slot", "12");
  g_autofree char *service_vm = create_vm (fixture, "service-ndvm-pv", "{\"slot\":\"0\"}");
  assert_property (fixture, service_vm, "slot", "0");

  /* What is given back is used again. */
  run_call (fixture, first, VM, "delete", NULL);
  g_autofree char *again = create_vm (fixture, "new-vm-empty", "");
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

  g_autofree char *path = create_vm (fixture, "", "{\"uuid\":\"" UUID "\",\"name\":\"kept\"}");
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
  g_autofree char *path = create_vm (fixture, "", json);
  g_free (create_vm (fixture, "", other_json));
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
  g_autofree char *path = create_vm (fixture, "", "{\"uuid\":\"" UUID "\"}");
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
  g_autofree char *path = create_vm (fixture, "", json);
  must_fail (fixture, path, VM, "delete", NULL, FAILED, "223:IO error: ");
  ck_assert_uint_eq (count_vms (fixture), 1);
  fixture_free (g_steal_pointer (&dir));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("create-delete");
  TCase *tcase = tcase_create ("create-delete");
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
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Property `cd`: what is stored, and what xl is told of a running VM. */
#include <check.h>
#include <string.h>

#include "dummy-xl.h"
#include "service-fixture.h"
#include "shim/vm-cd.h"
#include "shim/vm-device.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

#define UUID "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define PATH "/vm/8a3c1d5e_4f60_4b7a_9c21_0123456789ab"

#define DRIVES                                                                                     \
  "\"0\":{\"path\":\"/x/null.iso\",\"device\":\"hdc\",\"devtype\":\"cdrom\"},"                     \
  "\"1\":{\"path\":\"/d\",\"device\":\"hda\"},\"7\":{\"device\":\"hdc\"}"

static ServiceFixture *fixture;
static XmService *service;

static void
set_up (void)
{
  fixture = service_fixture_new ();
  service = service_fixture_service (fixture);
}

static void
tear_down (void)
{
  service_fixture_free (fixture);
}

static XmVm *
add_vm (const char *disks)
{
  g_autofree char *json = g_strdup_printf ("{\"config\":{\"disk\":{%s}}}", disks);
  return service_fixture_add_vm (fixture, UUID, json);
}

static void
assert_cd (const char *expected)
{
  g_autoptr (GVariant) value = service_fixture_get (fixture, PATH, VM, "cd", NULL);
  ck_assert_ptr_nonnull (value);
  ck_assert_str_eq (g_variant_get_string (value, NULL), expected);
}

static gboolean
set_cd (const char *name, GError **error)
{
  gboolean done = service_fixture_set (fixture, PATH, VM, "cd", g_variant_new_string (name), error);
  if (!done && error != NULL)
    g_dbus_error_strip_remote_error (*error);
  return done;
}

START_TEST (names)
{
  static const struct {
    const char *disks, *name;
  } cases[] = {
    { "", "" },
    { "\"0\":{\"path\":\"/d\",\"device\":\"hda\"}", "" },
    { "\"0\":{\"device\":\"hdc\"}", "" },
    { "\"0\":{\"path\":\"/storage/isos/null.iso\",\"device\":\"hdc\"}", "" },
    { "\"0\":{\"path\":\"/storage/isos/xc-tools.iso\",\"device\":\"hdc\"}", "xc-tools.iso" },
    { "\"9\":{\"path\":\"/b.iso\",\"device\":\"hdc\"},\"2\":{\"path\":\"/"
      "a.iso\",\"device\":\"hdc\","
      "\"devtype\":\"disk\"}",
      "a.iso" },
  };
  add_vm (cases[_i].disks);
  assert_cd (cases[_i].name);
}
END_TEST

START_TEST (storing)
{
  XmVm *vm = add_vm (DRIVES);
  ck_assert (set_cd ("a b.iso", NULL));
  assert_cd ("a b.iso");
  ck_assert_str_eq (xm_vm_device_read (vm, "disk", 0, "path"), "/storage/isos/a b.iso");
  ck_assert_str_eq (xm_vm_device_read (vm, "disk", 7, "path"), "/storage/isos/a b.iso");
  ck_assert_str_eq (xm_vm_device_read (vm, "disk", 1, "path"), "/d");
  service_fixture_wait_signal (fixture, "vm_config_changed");

  fixture_write (service->store, "/xenmgr/isos", "/my/isos");
  ck_assert (set_cd ("sub/b.iso", NULL));
  assert_cd ("b.iso");
  ck_assert_str_eq (xm_vm_device_read (vm, "disk", 0, "path"), "/my/isos/sub/b.iso");
  ck_assert (set_cd ("", NULL));
  assert_cd ("");
  ck_assert_str_eq (xm_vm_device_read (vm, "disk", 7, "path"), "/my/isos/null.iso");
  ck_assert_uint_eq (dummy_xl_count ("cd-insert") + dummy_xl_count ("cd-eject"), 0);
}
END_TEST

START_TEST (names_that_lead_astray)
{
  static const char *const bad[] = { "/etc/shadow", "../x.iso", "a/../../x.iso", "..", "a/.." };
  XmVm *vm = add_vm (DRIVES);
  vm->domid = 5;
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;
    ck_assert (!set_cd (bad[i], &error));
    ck_assert_msg (strstr (error->message, "not the name of an image") != NULL, "%s",
                   error->message);
  }
  ck_assert_str_eq (xm_vm_device_read (vm, "disk", 0, "path"), "/x/null.iso");
  ck_assert_uint_eq (dummy_xl_count ("cd-insert"), 0);
  ck_assert (set_cd ("..iso", NULL)); /* a strange name, but one in the folder */
}
END_TEST

START_TEST (policy)
{
  service_fixture_add_vm (fixture, UUID,
                          "{\"policies\":{\"modify-vm-settings\":\"false\"},"
                          "\"config\":{\"disk\":{" DRIVES "}}}");
  g_autoptr (GError) error = NULL;
  ck_assert (!set_cd ("a.iso", &error));
  ck_assert (g_str_has_prefix (error->message, "202:"));
  ck_assert (
      service_fixture_set (fixture, PATH, VM_FREE, "cd", g_variant_new_string ("a.iso"), NULL));
  assert_cd ("a.iso");
}
END_TEST

static void
assert_last_call (const char *expected)
{
  g_auto (GStrv) calls = dummy_xl_calls ();
  ck_assert_str_eq (calls[g_strv_length (calls) - 1], expected);
}

START_TEST (a_running_vm)
{
  XmVm *vm = add_vm (DRIVES);
  vm->domid = 5;
  ck_assert (set_cd ("a.iso", NULL));
  assert_last_call ("cd-insert 5 hdc /storage/isos/a.iso");
  ck_assert (set_cd ("", NULL));
  assert_last_call ("cd-eject 5 hdc");

  dummy_xl_tell ("cd-insert.status", "1");
  g_autoptr (GError) error = NULL;
  ck_assert (!set_cd ("b.iso", &error));
  ck_assert_str_eq (error->message, "223:IO error: \"Error changing cd.\"");
  assert_cd ("b.iso"); /* for the next start */

  /* A disc that the guest ejects is only noted. */
  guint n = dummy_xl_count ("cd-eject");
  ck_assert (xm_vm_store_cd (vm, "", NULL));
  assert_cd ("");
  ck_assert_uint_eq (dummy_xl_count ("cd-eject"), n);
}
END_TEST

START_TEST (a_running_vm_without_a_drive)
{
  XmVm *vm = add_vm ("\"1\":{\"path\":\"/d\",\"device\":\"hda\"}");
  vm->domid = 5;
  ck_assert (set_cd ("a.iso", NULL));
  ck_assert_uint_eq (dummy_xl_count ("cd-insert"), 0);
}
END_TEST

static guint answers;

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);
  ck_assert_ptr_nonnull (answer);
  answers++;
}

static void
begin_to_set (const char *name)
{
  g_dbus_connection_call (service_fixture_client (fixture), XENMGR, PATH,
                          "org.freedesktop.DBus.Properties", "Set",
                          g_variant_new ("(ssv)", VM, "cd", g_variant_new_string (name)), NULL,
                          G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, on_answer, NULL);
}

/* The drive ends with what was asked for last, whichever xl is slow. */
START_TEST (changes_in_order)
{
  XmVm *vm = add_vm (DRIVES);
  vm->domid = 5;
  answers = 0;
  dummy_xl_shut_gate ("cd-insert");
  begin_to_set ("a.iso");
  begin_to_set ("");
  begin_to_set ("c.iso");
  while (dummy_xl_count ("cd-insert") == 0)
    g_main_context_iteration (NULL, FALSE);
  for (int i = 0; i < 100; i++)
    g_main_context_iteration (NULL, FALSE);
  ck_assert_uint_eq (dummy_xl_count ("cd-eject"), 0);
  assert_cd ("c.iso");

  dummy_xl_open_gate ("cd-insert");
  while (answers < 3)
    g_main_context_iteration (NULL, TRUE);
  assert_last_call ("cd-insert 5 hdc /storage/isos/c.iso");
  ck_assert_uint_eq (dummy_xl_count ("cd-eject"), 1);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("vm-cd");
  TCase *tcase = tcase_create ("vm-cd");
  tcase_add_checked_fixture (tcase, set_up, tear_down);
  tcase_set_timeout (tcase, 60);
  tcase_add_loop_test (tcase, names, 0, 6);
  tcase_add_test (tcase, storing);
  tcase_add_test (tcase, names_that_lead_astray);
  tcase_add_test (tcase, policy);
  tcase_add_test (tcase, a_running_vm);
  tcase_add_test (tcase, a_running_vm_without_a_drive);
  tcase_add_test (tcase, changes_in_order);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

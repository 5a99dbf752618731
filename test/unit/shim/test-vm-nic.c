/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NICs on the bus, their records, what xl is told of them, and whom a VM depends on. */
#include <check.h>
#include <string.h>

#include "service-fixture.h"
#include "shim/error.h"
#include "shim/nic-backend.h"
#include "shim/nic-record.h"
#include "shim/vm-nic-specs.h"
#include "test/unit/run-suite.h"

#define UUID  "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define PATH  "/vm/8a3c1d5e_4f60_4b7a_9c21_0123456789ab"
#define NIC   PATH "/nic/0"
#define VMNIC "com.citrix.xenclient.vmnic"

/* Uuid and path of a VM that is known by one letter. */
#define U(letter) "00000000-0000-0000-0000-00000000000" letter
#define P(letter) "/vm/00000000_0000_0000_0000_00000000000" letter

static void
assert_property (ServiceFixture *fixture,
                 const char *path,
                 const char *interface,
                 const char *name,
                 const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = service_fixture_get (fixture, path, interface, name, &error);
  ck_assert_msg (value != NULL, "%s: %s", name, error != NULL ? error->message : "");
  g_autofree char *text = g_variant_print (value, FALSE);
  ck_assert_msg (g_str_equal (text, expected), "%s is %s, not %s", name, text, expected);
}

static void
assert_set_fails (ServiceFixture *fixture,
                  const char *path,
                  const char *interface,
                  const char *name,
                  GVariant *value,
                  const char *message)
{
  g_autoptr (GError) error = NULL;
  ck_assert (!service_fixture_set (fixture, path, interface, name, value, &error));
  g_dbus_error_strip_remote_error (error);
  ck_assert_str_eq (error->message, message);
}

static GVariant *
call (ServiceFixture *fixture, const char *path, const char *interface, const char *method)
{
  g_autoptr (GError) error = NULL;
  GVariant *answer = service_fixture_call (fixture, XENMGR, path, interface, method, NULL, &error);
  ck_assert_msg (answer != NULL, "%s: %s", method, error != NULL ? error->message : "");
  return answer;
}

static void
assert_answer (ServiceFixture *fixture,
               const char *path,
               const char *interface,
               const char *method,
               const char *expected)
{
  g_autoptr (GVariant) answer = call (fixture, path, interface, method);
  g_autofree char *text = g_variant_print (answer, FALSE);
  ck_assert_str_eq (text, expected);
}

/* -- adding, listing, deleting ----------------------------------------------------- */

START_TEST (nics_come_and_go)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmVm *vm = service_fixture_add_vm (fixture, UUID, "{}");
  assert_answer (fixture, PATH, VM, "list_nics", "([],)");
  assert_answer (fixture, PATH, VM, "add_nic", "('" NIC "',)");
  ck_assert_str_eq (xm_vm_read (vm, "config/nic/0/id"), "0");
  ck_assert_str_eq (xm_vm_read (vm, "config/nic/0/network"), "/wired/0/bridged");
  assert_answer (fixture, PATH, VM, "add_nic", "('" PATH "/nic/1',)");
  assert_answer (fixture, PATH, VM, "add_nic", "('" PATH "/nic/2',)");
  assert_answer (fixture, PATH "/nic/1", VMNIC, "delete", "()");
  assert_answer (fixture, PATH, VM, "list_nics", "(['" NIC "', '" PATH "/nic/2'],)");
  ck_assert (
      !xm_store_exists (service_fixture_service (fixture)->store, "/vm/" UUID "/config/nic/1"));
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) gone = service_fixture_get (fixture, PATH "/nic/1", VMNIC, "mac", &error);
  ck_assert_ptr_null (gone);

  /* Ids are not used again while a higher one is there. */
  assert_answer (fixture, PATH, VM, "add_nic", "('" PATH "/nic/3',)");
  for (char id = '0'; id <= '3'; id++) {
    g_autofree char *path = g_strdup_printf (PATH "/nic/%c", id);
    if (id != '1')
      assert_answer (fixture, path, VMNIC, "delete", "()");
  }
  assert_answer (fixture, PATH, VM, "list_nics", "([],)");
  assert_answer (fixture, PATH, VM, "add_nic", "('" NIC "',)");
}
END_TEST

START_TEST (changes_are_told)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmVm *vm = service_fixture_add_vm (fixture, UUID, "{}");
  g_variant_unref (call (fixture, PATH, VM, "add_nic"));
  ck_assert_uint_ne (vm->config_changed_timer, 0);
  g_clear_handle_id (&vm->config_changed_timer, g_source_remove);
  g_variant_unref (call (fixture, NIC, VMNIC, "delete"));
  ck_assert_uint_ne (vm->config_changed_timer, 0);
}
END_TEST

START_TEST (ids_have_an_end)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  service_fixture_add_vm (fixture, UUID, "{\"config\":{\"nic\":{\"2147483647\":{\"id\":\"0\"}}}}");
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      service_fixture_call (fixture, XENMGR, PATH, VM, "add_nic", NULL, &error);
  ck_assert_ptr_null (answer);
  ck_assert_ptr_nonnull (strstr (error->message, "no id is left"));
}
END_TEST

/* -- properties -------------------------------------------------------------------- */

static const struct {
  const char *name, *unset;
} defaults[] = {
  { "backend-name", "''" },
  { "backend-uuid", "''" },
  { "enabled", "true" },
  { "mac", "'auto'" },
  { "mac-actual", "'86:8a:f6:9c:54:6d'" },
  { "model", "'e1000'" },
  { "network", "'/wired/0/bridged'" },
  { "wireless-driver", "false" },
};

START_TEST (unset_values)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  service_fixture_add_vm (fixture, UUID, "{\"config\":{\"nic\":{\"0\":{\"other\":\"x\"}}}}");
  for (gsize i = 0; i < G_N_ELEMENTS (defaults); i++)
    assert_property (fixture, NIC, VMNIC, defaults[i].name, defaults[i].unset);

  g_autoptr (GVariant) all =
      service_fixture_call (fixture, XENMGR, NIC, "org.freedesktop.DBus.Properties", "GetAll",
                            g_variant_new ("(s)", VMNIC), NULL);
  g_autoptr (GVariant) dict = g_variant_get_child_value (all, 0);
  ck_assert_uint_eq (g_variant_n_children (dict), G_N_ELEMENTS (defaults));
}
END_TEST

/** Check: one Set, what it stores (NULL: no key) and what Get answers then. */
typedef struct {
  const char *name, *value, *key, *stored, *got;
  gboolean told;
} Check;

static const Check checks[] = {
  { "backend-name", "''", "backend-name", NULL, "''", FALSE },
  { "backend-name", "'Network'", "backend-name", "Network", "'Network'", TRUE },
  { "backend-name", "''", "backend-name", NULL, "''", TRUE },
  { "backend-uuid", "'" UUID "'", "backend-uuid", UUID, "'" UUID "'", TRUE },
  { "backend-uuid", "'" UUID "'", "backend-uuid", UUID, "'" UUID "'", FALSE },
  { "backend-uuid", "''", "backend-uuid", NULL, "''", TRUE },
  { "enabled", "true", "enable", NULL, "true", FALSE },
  { "enabled", "false", "enable", "false", "false", TRUE },
  { "enabled", "true", "enable", "true", "true", TRUE },
  { "mac", "'auto'", "mac", NULL, "'auto'", FALSE },
  { "mac", "'00:16:3e:00:00:01'", "mac", "00:16:3e:00:00:01", "'00:16:3e:00:00:01'", TRUE },
  { "mac", "'no mac at all'", "mac", "no mac at all", "'no mac at all'", TRUE },
  { "mac", "'auto'", "mac", NULL, "'auto'", TRUE },
  { "model", "'rtl8139'", "model", "rtl8139", "'rtl8139'", TRUE },
  { "model", "''", "model", NULL, "'e1000'", TRUE },
  { "network", "'/wired/0/bridged'", "network", NULL, "'/wired/0/bridged'", FALSE },
  { "network", "'/a_B/9'", "network", "/a_B/9", "'/a_B/9'", TRUE },
  { "network", "'brshared'", "network", "/wired/0/shared", "'/wired/0/shared'", TRUE },
  { "network", "'brwireless'", "network", "/wifi/0/shared", "'/wifi/0/shared'", TRUE },
  { "network", "'brinternal'", "network", "/internal", "'/internal'", TRUE },
  { "network", "'brbridged'", "network", "/wired/0/bridged", "'/wired/0/bridged'", TRUE },
  { "network", "'/wired/0/bridged'", "network", "/wired/0/bridged", "'/wired/0/bridged'", FALSE },
  { "wireless-driver", "false", "wireless-driver", NULL, "false", FALSE },
  { "wireless-driver", "true", "wireless-driver", "true", "true", TRUE },
  { "wireless-driver", "false", "wireless-driver", NULL, "false", TRUE },
};

START_TEST (set_and_get)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  /* The VM's policy is about the VM's own properties. */
  XmVm *vm = service_fixture_add_vm (
      fixture, UUID,
      "{\"policies\":{\"modify-vm-settings\":\"false\"},\"config\":{\"nic\":{\"0\":{\"id\":\"0\"}}}"
      "}");
  for (gsize i = 0; i < G_N_ELEMENTS (checks); i++) {
    const Check *check = &checks[i];
    g_autoptr (GVariant) value = g_variant_parse (NULL, check->value, NULL, NULL, NULL);
    g_autoptr (GError) error = NULL;
    g_clear_handle_id (&vm->config_changed_timer, g_source_remove);
    ck_assert_msg (service_fixture_set (fixture, NIC, VMNIC, check->name, value, &error), "%s: %s",
                   check->name, error != NULL ? error->message : "");
    ck_assert_msg ((vm->config_changed_timer != 0) == check->told, "%s=%s", check->name,
                   check->value);
    g_autofree char *key = g_strconcat ("config/nic/0/", check->key, NULL);
    const char *stored = xm_vm_read (vm, key);
    ck_assert_msg (g_strcmp0 (stored, check->stored) == 0, "%s=%s: stored %s", check->name,
                   check->value, stored);
    assert_property (fixture, NIC, VMNIC, check->name, check->got);
  }
  ck_assert (service_fixture_set (fixture, NIC, VMNIC, "mac",
                                  g_variant_new_string ("00:16:3e:00:00:02"), NULL));
  assert_property (fixture, NIC, VMNIC, "mac-actual", "'00:16:3e:00:00:02'");
}
END_TEST

START_TEST (refused_values)
{
  static const char *const networks[] = {
    "", "wired", "brother", "/wired/0/a b", "/wired/0/a,b", "/a\n", "/\xc3\xa9", "/a-b", " /a",
  };
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmVm *vm = service_fixture_add_vm (fixture, UUID, "{\"config\":{\"nic\":{\"0\":{}}}}");
  ck_assert (xm_vm_write (vm, "config/nic/0/enable", "perhaps", NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (networks); i++) {
    g_autofree char *message = g_strconcat ("invalid object path: ", networks[i], NULL);
    assert_set_fails (fixture, NIC, VMNIC, "network", g_variant_new_string (networks[i]), message);
    assert_set_fails (fixture, PATH, VM, "wired-network", g_variant_new_string (networks[i]),
                      message);
  }
  ck_assert_ptr_null (xm_vm_read (vm, "config/nic/0/network"));
  ck_assert_uint_eq (vm->config_changed_timer, 0);

  g_autoptr (GError) error = NULL;
  ck_assert_ptr_null (service_fixture_get (fixture, NIC, VMNIC, "enabled", &error));
  g_dbus_error_strip_remote_error (error);
  ck_assert_str_eq (error->message, "unexpected boolean text representation: perhaps while reading "
                                    "/vm/" UUID "/config/nic/0/enable");
  /* A bad text can be mended. */
  ck_assert (
      service_fixture_set (fixture, NIC, VMNIC, "enabled", g_variant_new_boolean (TRUE), NULL));
  ck_assert_str_eq (xm_vm_read (vm, "config/nic/0/enable"), "true");
}
END_TEST

/* -- properties of the VM that are about its NICs ---------------------------------- */

START_TEST (networks_of_the_vm)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmVm *vm =
      service_fixture_add_vm (fixture, UUID, "{\"policies\":{\"modify-vm-settings\":\"false\"}}");
  static const char *const names[] = { "mac", "wired-network", "wireless-network" };
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    assert_property (fixture, PATH, VM, names[i], "''");
  /* Without a NIC there is nothing to set, and no one to complain. */
  ck_assert (service_fixture_set (fixture, PATH, VM, "wired-network",
                                  g_variant_new_string ("/wired/1/shared"), NULL));
  ck_assert_uint_eq (vm->config_changed_timer, 0);

  vm = service_fixture_add_vm (fixture, UUID,
                               "{\"policies\":{\"modify-vm-settings\":\"false\"},\"config\":{"
                               "\"nic\":{\"10\":{},\"2\":{\"wireless-driver\":\"true\"},"
                               "\"3\":{\"network\":\"brshared\"}}}}");
  assert_property (fixture, PATH, VM, "mac", "'fe:a4:b7:d0:f2:c4'");
  assert_property (fixture, PATH, VM, "wired-network", "'/wired/0/shared'");
  assert_property (fixture, PATH, VM, "wireless-network", "'/wired/0/bridged'");
  ck_assert (service_fixture_set (fixture, PATH, VM, "wired-network",
                                  g_variant_new_string ("/wired/1/bridged"), NULL));
  ck_assert (service_fixture_set (fixture, PATH, VM_FREE, "wireless-network",
                                  g_variant_new_string ("brwireless"), NULL));
  ck_assert_str_eq (xm_vm_read (vm, "config/nic/3/network"), "/wired/1/bridged");
  ck_assert_str_eq (xm_vm_read (vm, "config/nic/2/network"), "/wifi/0/shared");
  ck_assert_ptr_null (xm_vm_read (vm, "config/nic/10/network"));
  assert_property (fixture, PATH "/nic/3", VMNIC, "network", "'/wired/1/bridged'");
  ck_assert_uint_ne (vm->config_changed_timer, 0);
}
END_TEST

/* -- who depends on whom ----------------------------------------------------------- */

static XmVm *
add_with_backends (ServiceFixture *fixture,
                   const char *uuid,
                   const char *name,
                   const char *backends)
{
  g_autofree char *json =
      g_strdup_printf ("{\"name\":\"%s\",\"config\":{\"nic\":{%s}}}", name, backends);
  return service_fixture_add_vm (fixture, uuid, json);
}

START_TEST (dependencies)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  add_with_backends (
      fixture, U ("a"), "a",
      "\"0\":{\"backend-uuid\":\"" U ("b") "\"},"
                                           "\"1\":{\"backend-name\":\"c\",\"enable\":\"false\"},"
                                           "\"2\":{\"backend-uuid\":\"" U (
                                               "b") "\"},\"3\":{},"
                                                    "\"4\":{\"backend-uuid\":\"" U (
                                                        "f") "\"},\"5\":{\"backend-name\":\"x\"}");
  add_with_backends (fixture, U ("b"), "b", "\"0\":{\"backend-name\":\"d\"}");
  add_with_backends (fixture, U ("c"), "c", "\"0\":{\"backend-name\":\"d\"}");
  XmVm *d = add_with_backends (fixture, U ("d"), "d", "");
  assert_property (fixture, P ("a"), VM, "dependencies",
                   "['" P ("d") "', '" P ("b") "', '" P ("c") "']");
  assert_property (fixture, P ("b"), VM, "dependencies", "['" P ("d") "']");
  assert_property (fixture, P ("d"), VM_FREE, "dependencies", "[]");

  /* NICs that name no backend depend on the default one; itself it needs none. */
  XmVm *e = add_with_backends (fixture, U ("e"), "e", "\"0\":{}");
  ck_assert (xm_vm_write (e, "provides-default-network-backend", "true", NULL));
  assert_property (fixture, P ("a"), VM, "dependencies",
                   "['" P ("d") "', '" P ("b") "', '" P ("c") "', '" P ("e") "']");
  assert_property (fixture, P ("e"), VM, "dependencies", "[]");
  ck_assert (xm_vm_write (e, "provides-default-network-backend", "false", NULL));
  assert_property (fixture, P ("a"), VM, "dependencies",
                   "['" P ("d") "', '" P ("b") "', '" P ("c") "']");
  ck_assert (xm_vm_write (d, "config/nic/0/id", "0", NULL));
  ck_assert (xm_vm_write (e, "provides-default-network-backend", "1", NULL));
  assert_property (fixture, P ("a"), VM, "dependencies",
                   "['" P ("e") "', '" P ("d") "', '" P ("b") "', '" P ("c") "']");
  /* It goes with the VM. */
  ck_assert (xm_store_remove (service_fixture_service (fixture)->store, "/vm/" U ("e"), NULL));
  assert_property (fixture, P ("d"), VM, "dependencies", "[]");
}
END_TEST

START_TEST (cycles)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  add_with_backends (fixture, U ("a"), "a", "\"0\":{\"backend-name\":\"b\"}");
  add_with_backends (fixture, U ("b"), "b", "\"0\":{\"backend-name\":\"c\"}");
  add_with_backends (fixture, U ("c"), "c", "\"0\":{\"backend-name\":\"b\"}");
  add_with_backends (fixture, U ("d"), "d", "\"0\":{\"backend-name\":\"d\"}");
  for (const char *letter = "abcd"; *letter != '\0'; letter++) {
    g_autofree char *path = g_strdup_printf (P ("%c"), *letter);
    g_autoptr (GError) error = NULL;
    ck_assert_ptr_null (service_fixture_get (fixture, path, VM, "dependencies", &error));
    g_dbus_error_strip_remote_error (error);
    ck_assert_str_eq (error->message, "errors in dependency graph; check for cycles");
  }
}
END_TEST

/* Of equal names the first VM of the store counts, whatever the hash table's order. */
START_TEST (names_are_not_unique)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  for (const char *letter = "bcdef"; *letter != '\0'; letter++) {
    g_autofree char *uuid = g_strdup_printf (U ("%c"), *letter);
    add_with_backends (fixture, uuid, "same", "");
  }
  XmVm *vm = add_with_backends (fixture, U ("1"), "a", "\"0\":{\"backend-name\":\"same\"}");
  gboolean is_explicit;
  ck_assert_str_eq (xm_nic_backend (vm, 0, &is_explicit)->uuid, U ("b"));
  ck_assert (is_explicit);
}
END_TEST

/* -- what xl is told --------------------------------------------------------------- */

#define MAC0 "mac=86:8a:f6:9c:54:6d"

static const struct {
  const char *nic, *more; /* of the VM's node */
  gboolean openxt, hvm;
  const char *spec; /* NULL: the NIC is not given */
} specs[] = {
  { "", "", FALSE, FALSE, MAC0 ",bridge=xenbr0" },
  { "", "", FALSE, TRUE, MAC0 ",bridge=xenbr0,model=e1000" },
  { "\"wireless-driver\":\"true\"", "", FALSE, FALSE, MAC0 ",bridge=xenbr0" },
  { "\"network\":\"/wifi/0/shared\"", "", FALSE, FALSE, MAC0 },
  { "\"network\":\"/wired/7/bridged\"", "", FALSE, FALSE, MAC0 ",bridge=br7" },
  { "\"enable\":\"false\"", "", FALSE, FALSE, NULL },
  { "", ",\"policies\":{\"wired-networking\":\"false\"}", FALSE, FALSE, NULL },
  { "", ",\"policies\":{\"wireless-networking\":\"false\"}", TRUE, FALSE,
    "bridge=/wired/0/bridged,backend=0," MAC0 ",type=vif" },
  { "\"network\":\"/modem/0/shared\"", ",\"policies\":{\"wireless-networking\":\"false\"}", TRUE,
    FALSE, NULL },
  { "", "", TRUE, FALSE, "bridge=/wired/0/bridged,backend=0," MAC0 ",type=vif" },
  { "", ",\"stubdom\":\"true\"", TRUE, FALSE,
    "bridge=/wired/0/bridged,backend=0," MAC0 ",type=vif" },
  { "", "", TRUE, TRUE, "bridge=/wired/0/bridged,backend=0," MAC0 ",type=vif" },
  { "\"model\":\"rtl8139\"", ",\"stubdom\":\"true\"", TRUE, TRUE,
    "bridge=/wired/0/bridged,backend=0," MAC0 ",type=ioemu,model=rtl8139" },
  { "\"wireless-driver\":\"true\",\"network\":\"brwireless\"", ",\"os\":\"windows\"", TRUE, FALSE,
    "bridge=/wifi/0/shared,backend=0,wireless=1," MAC0 ",type=vif" },
  { "\"wireless-driver\":\"true\"", ",\"os\":\"linux\"", TRUE, FALSE,
    "bridge=/wired/0/bridged,backend=0," MAC0 ",type=vif" },
};

START_TEST (specifications)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  for (gsize i = 0; i < G_N_ELEMENTS (specs); i++) {
    g_autofree char *json =
        g_strdup_printf ("{\"config\":{\"nic\":{\"0\":{\"id\":\"0\"%s%s}}}%s}",
                         *specs[i].nic != '\0' ? "," : "", specs[i].nic, specs[i].more);
    XmVm *vm = service_fixture_add_vm (fixture, UUID, json);
    g_autoptr (GCancellable) cancellable = g_cancellable_new ();
    g_autoptr (XmStart) start = xm_start_new (vm, cancellable);
    start->openxt = specs[i].openxt;
    g_autoptr (GError) error = NULL;
    g_auto (GStrv) got = xm_vm_nic_specs (vm, start, specs[i].hvm, &error);
    ck_assert_msg (got != NULL, "%s", error != NULL ? error->message : "");
    const char *first = got[0];
    ck_assert_msg (g_strcmp0 (first, specs[i].spec) == 0, "%zu: %s", i, first);
  }
}
END_TEST

START_TEST (backends_that_the_start_found)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmVm *vm =
      add_with_backends (fixture, UUID, "n", "\"0\":{},\"1\":{\"enable\":\"false\"},\"5\":{}");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (XmStart) start = xm_start_new (vm, cancellable);
  g_hash_table_insert (start->nic_backends, GUINT_TO_POINTER (5), GINT_TO_POINTER (9));
  g_auto (GStrv) stock = xm_vm_nic_specs (vm, start, FALSE, NULL);
  ck_assert_str_eq (stock[0], MAC0 ",bridge=xenbr0");
  ck_assert_ptr_nonnull (g_str_has_suffix (stock[1], ",bridge=xenbr0,backend=9,devid=5") ? stock
                                                                                         : NULL);
  start->openxt = TRUE;
  g_auto (GStrv) openxt = xm_vm_nic_specs (vm, start, FALSE, NULL);
  ck_assert (g_str_has_prefix (openxt[1], "bridge=/wired/0/bridged,backend=9,mac="));
  ck_assert_ptr_null (openxt[2]);
}
END_TEST

START_TEST (nothing_breaks_out_of_its_specification)
{
  static const struct {
    const char *key, *property;
  } keys[] = { { "mac", "mac" }, { "model", "model" }, { "network", "network" } };
  static const char *const attacks[] = { "x,script=/evil", "x=y", " x", "x\n", "x,", "\xff" };
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmVm *vm = service_fixture_add_vm (fixture, UUID,
                                     "{\"stubdom\":\"true\",\"config\":{\"nic\":{\"0\":{}}}}");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (XmStart) start = xm_start_new (vm, cancellable);
  start->openxt = TRUE;
  for (gsize k = 0; k < G_N_ELEMENTS (keys); k++) {
    g_autofree char *key = g_strconcat ("config/nic/0/", keys[k].key, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (attacks); i++) {
      g_autoptr (GError) error = NULL;
      if (!xm_vm_write (vm, key, attacks[i], NULL))
        continue; /* the store holds no such text */
      g_auto (GStrv) got = xm_vm_nic_specs (vm, start, TRUE, &error);
      ck_assert_msg (got == NULL, "%s=%s", keys[k].key, attacks[i]);
      g_autofree char *part =
          g_strdup_printf ("property %s of nic 0 of vm " UUID, keys[k].property);
      ck_assert_msg (strstr (error->message, part) != NULL, "%s", error->message);
    }
    ck_assert (xm_vm_write (vm, key, NULL, NULL));
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("vm-nic");
  TCase *tcase = tcase_create ("vm-nic");
  tcase_set_timeout (tcase, 120);
  tcase_add_test (tcase, nics_come_and_go);
  tcase_add_test (tcase, changes_are_told);
  tcase_add_test (tcase, ids_have_an_end);
  tcase_add_test (tcase, unset_values);
  tcase_add_test (tcase, set_and_get);
  tcase_add_test (tcase, refused_values);
  tcase_add_test (tcase, networks_of_the_vm);
  tcase_add_test (tcase, dependencies);
  tcase_add_test (tcase, cycles);
  tcase_add_test (tcase, names_are_not_unique);
  tcase_add_test (tcase, specifications);
  tcase_add_test (tcase, backends_that_the_start_found);
  tcase_add_test (tcase, nothing_breaks_out_of_its_specification);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

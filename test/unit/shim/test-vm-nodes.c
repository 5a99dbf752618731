/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is written to xenstore for a domain, and what its guest writes there: with the real
 * xenstored and a scripted xl. */
#include <check.h>
#include <string.h>
#include <xenstore.h>

#include "dummy-xl.h"
#include "operation-fixture.h"
#include "service-fixture.h"
#include "shim/guest-nodes.h"
#include "shim/lifecycle.h"
#include "test/simhost/standin/standin-host.h"
#include "test/unit/run-suite.h"

#define UUID  "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define SHOWN "/xenmgr/vms/" UUID
#define HOME  "/local/domain/5"

static StandinHost *host;
static ServiceFixture *fixture;
static struct xs_handle *other; /* somebody else's connection */
static XmVm *vm;

static void
tell_domain (const char *file, const char *state)
{
  g_autofree char *line = dummy_xl_domain ("n", 5, state, UUID, "-");
  g_autofree char *text = dummy_xl_domains (line);
  dummy_xl_tell (file, text);
}

static void
put (const char *path, const char *text)
{
  ck_assert (xs_write (other, XBT_NULL, path, text, (unsigned)strlen (text)));
}

/* (transfer full) (nullable) */
static char *
get (const char *path)
{
  unsigned length;
  return xs_read (other, XBT_NULL, path, &length);
}

static void
assert_node (const char *path, const char *expected)
{
  g_autofree char *text = get (path);
  ck_assert_pstr_eq (text, expected);
}

static void
set_up (void)
{
  host = standin_host_new ();
  standin_host_start_xenstored (host);
  standin_host_introduce (host, 5); /* a node's owner must exist */
  other = xs_open (0);
  ck_assert_ptr_nonnull (other);
  fixture = service_fixture_new_with_xenstored ();
  const char *base = xm_store_get_base (service_fixture_service (fixture)->store);
  g_autofree char *json =
      g_strdup_printf ("{\"name\":\"n\",\"slot\":\"3\",\"config\":{\"virt-type\":\"pv\","
                       "\"memory\":\"64\",\"kernel\":\"%s/../test.conf\"}}",
                       base);
  vm = service_fixture_add_vm (fixture, UUID, json);
  tell_domain ("create.domains", "--p---");
  tell_domain ("unpause.domains", "-b----");
  g_autofree char *none = dummy_xl_domains ("");
  dummy_xl_tell ("destroy.domains", none);
  put (HOME "/vm", "/vm/" UUID); /* as libxl does */
  put ("/vm/" UUID "/uuid", UUID);
}

static void
tear_down (void)
{
  service_fixture_free (fixture);
  xs_close (other);
  standin_host_free (host);
}

static void
wait_node (const char *path, const char *expected)
{
  for (;;) {
    g_autofree char *text = get (path);
    if (g_strcmp0 (text, expected) == 0)
      return;
    g_main_context_iteration (NULL, FALSE);
    g_usleep (1000);
  }
}

START_TEST (shown_while_it_lives)
{
  operation_run (vm, XM_OPERATION_START);
  assert_node (SHOWN "/domid", "5");
  assert_node (SHOWN "/name", "n");
  assert_node (SHOWN "/slot", "3");
  assert_node (HOME "/acpi-state", "");
  assert_node (HOME "/power-state", "");
  ck_assert (service_fixture_set (fixture, vm->path, VM, "slot", g_variant_new_int32 (4), NULL));
  wait_node (SHOWN "/slot", "4");
  operation_run (vm, XM_OPERATION_DESTROY);
  wait_node (SHOWN "/domid", NULL);
  wait_node (SHOWN, NULL);
}
END_TEST

/* A domain that ended meanwhile gets no nodes: they would stay. */
START_TEST (nothing_for_a_domain_without_nodes)
{
  ck_assert (xs_rm (other, XBT_NULL, HOME));
  operation_run (vm, XM_OPERATION_START);
  assert_node (SHOWN "/domid", NULL);
  assert_node (HOME, NULL);
}
END_TEST

/* A guest may write anything: only the known words count. */
START_TEST (the_guest_sleeps_and_wakes)
{
  operation_run (vm, XM_OPERATION_START);
  put (HOME "/acpi-state", "s3");
  while (xm_vm_acpi_state (vm) != 3)
    g_main_context_iteration (NULL, TRUE);
  put (HOME "/acpi-state", "s7");
  put (HOME "/attr/PVAddons/MajorVersion", "7");
  put (HOME "/attr/PVAddons/MinorVersion", "0");
  put (HOME "/attr/PVAddons/MicroVersion", "x");
  put (HOME "/attr/PVAddons/BuildVersion", "9");
  put (HOME "/attr/PVAddons/Installed", "1");
  while (!xm_vm_read_boolean (vm, "pv-addons-installed", FALSE))
    g_main_context_iteration (NULL, TRUE);
  ck_assert_ptr_null (xm_vm_read (vm, "pv-addons-version")); /* x is no number */
  ck_assert_int_eq (xm_vm_acpi_state (vm), 3);
  put (HOME "/acpi-state", "s0");
  while (xm_vm_acpi_state (vm) != 0)
    g_main_context_iteration (NULL, TRUE);
}
END_TEST

#define INSTALLED   HOME "/attr/PVAddons/Installed"
#define UNINSTALLED HOME "/attr/PVAddonsUninstalled"

static void
on_flushed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  G_GNUC_UNUSED g_autofree char *text =
      xl_xenstore_read_finish (XL_XENSTORE (source), result, NULL);
  *(gboolean *)user_data = TRUE;
}

/* Has the nodes looked at once more; xenstored answers in order. */
static void
look_again (void)
{
  gboolean flushed = FALSE;
  xm_guest_nodes_agent_told (vm, TRUE);
  xl_xenstore_read_async (vm->service->xenstore, HOME "/vm", NULL, on_flushed, &flushed);
  while (!flushed)
    g_main_context_iteration (NULL, TRUE);
}

static void
assert_addons (gboolean installed)
{
  look_again ();
  ck_assert_int_eq (xm_vm_read_boolean (vm, "pv-addons-installed", !installed), installed);
}

static void
put_together (const char *first, const char *second)
{
  xs_transaction_t transaction = xs_transaction_start (other);
  ck_assert_uint_ne (transaction, XBT_NULL);
  ck_assert (xs_write (other, transaction, first, "1", 1));
  ck_assert (xs_write (other, transaction, second, "1", 1));
  ck_assert (xs_transaction_end (other, transaction, FALSE));
}

/* In whatever order, and however close together, the guest writes both. */
START_TEST (drivers_that_are_installed_and_uninstalled)
{
  static const char *const orders[][2] = { { INSTALLED, UNINSTALLED }, { UNINSTALLED, INSTALLED } };
  operation_run (vm, XM_OPERATION_START);
  for (gsize i = 0; i < G_N_ELEMENTS (orders); i++) {
    for (guint together = 0; together < 2; together++) {
      ck_assert (service_fixture_set (fixture, vm->path, VM, "pv-addons",
                                      g_variant_new_boolean (TRUE), NULL));
      if (together) {
        put_together (orders[i][0], orders[i][1]);
      } else {
        put (orders[i][0], "1");
        put (orders[i][1], "1");
      }
      assert_addons (FALSE);
      assert_addons (FALSE);
      put (UNINSTALLED, "0"); /* installed anew */
      assert_addons (TRUE);
      ck_assert (xs_rm (other, XBT_NULL, INSTALLED));
      assert_addons (TRUE); /* nothing new is said */
    }
  }
}
END_TEST

START_TEST (the_agent_says_that_it_was_removed)
{
  operation_run (vm, XM_OPERATION_START);
  put (INSTALLED, "1");
  while (!xm_vm_read_boolean (vm, "pv-addons-installed", FALSE)) /* noticed without being told */
    g_main_context_iteration (NULL, TRUE);
  xm_guest_nodes_agent_told (vm, FALSE);
  ck_assert (!xm_vm_read_boolean (vm, "pv-addons-installed", TRUE));
  assert_addons (TRUE);
  put (UNINSTALLED, "1");
  while (xm_vm_read_boolean (vm, "pv-addons-installed", TRUE))
    g_main_context_iteration (NULL, TRUE);
}
END_TEST

START_TEST (a_start_waits_for_the_boot_sentinel)
{
  Operation start;
  ck_assert (service_fixture_set (fixture, vm->path, VM, "boot-sentinel",
                                  g_variant_new_string ("booted"), NULL));
  operation_begin (vm, XM_OPERATION_START, &start);
  wait_node (HOME "/booted", "");
  while (vm->state != XM_VM_RUNNING)
    g_main_context_iteration (NULL, TRUE);
  ck_assert (!start.ended);
  tell_domain ("pause.domains", "--p---");
  operation_run (vm, XM_OPERATION_PAUSE); /* what else is asked for goes on */
  ck_assert (!start.ended);
  put (HOME "/booted", "1");
  operation_end_well (&start);
}
END_TEST

/* A node of libxl's or the guest's is never given away. */
START_TEST (a_sentinel_that_is_a_node_already)
{
  put (HOME "/control", "mine");
  ck_assert (service_fixture_set (fixture, vm->path, VM, "boot-sentinel",
                                  g_variant_new_string ("control"), NULL));
  operation_run (vm, XM_OPERATION_START);
  assert_node (HOME "/control", "mine");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("vm-nodes");
  TCase *tcase = tcase_create ("vm-nodes");
  tcase_set_timeout (tcase, 120);
  tcase_add_checked_fixture (tcase, set_up, tear_down);
  tcase_add_test (tcase, shown_while_it_lives);
  tcase_add_test (tcase, nothing_for_a_domain_without_nodes);
  tcase_add_test (tcase, the_guest_sleeps_and_wakes);
  tcase_add_test (tcase, drivers_that_are_installed_and_uninstalled);
  tcase_add_test (tcase, the_agent_says_that_it_was_removed);
  tcase_add_test (tcase, a_start_waits_for_the_boot_sentinel);
  tcase_add_test (tcase, a_sentinel_that_is_a_node_already);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

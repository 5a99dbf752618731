/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A VM's life with a scripted xl: which commands run, and which states are told. */
#include <check.h>
#include <string.h>

#include "dummy-xl.h"
#include "operation-fixture.h"
#include "service-fixture.h"
#include "shim/lifecycle-private.h"
#include "test/unit/run-suite.h"

#define UUID "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define PATH "/vm/8a3c1d5e_4f60_4b7a_9c21_0123456789ab"

/** Host: a VM, and what xl does to it unless told otherwise: create makes domain 5, destroy ends
 * it. */
typedef struct {
  ServiceFixture *fixture;
  XmVm *vm;
} Host;

static void
tell_domain (const char *file, int domid, const char *state, const char *reason)
{
  g_autofree char *line = dummy_xl_domain ("n", domid, state, UUID, reason);
  g_autofree char *text = dummy_xl_domains (domid < 0 ? "" : line);
  dummy_xl_tell (file, text);
}

static void
tell_life (int domid)
{
  tell_domain ("create.domains", domid, "--p---", "-");
  tell_domain ("unpause.domains", domid, "-b----", "-");
  tell_domain ("destroy.domains", -1, "", "");
}

static Host
host_new (const char *virt_type)
{
  Host host = { service_fixture_new (), NULL };
  const char *kernel = xm_store_get_base (service_fixture_service (host.fixture)->store);
  g_autofree char *json = g_strdup_printf ("{\"name\":\"n\",\"config\":{\"virt-type\":\"%s\","
                                           "\"memory\":\"64\",\"kernel\":\"%s/../test.conf\"}}",
                                           virt_type, kernel);
  host.vm = service_fixture_add_vm (host.fixture, UUID, json);
  tell_life (5);
  return host;
}

static void
start (Host *host)
{
  Operation operation;
  operation_begin (host->vm, XM_OPERATION_START, &operation);
  operation_end_well (&operation);
  ck_assert_int_eq (host->vm->state, XM_VM_RUNNING);
}

static void
on_refreshed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  xm_domains_refresh_finish (XM_DOMAINS (source), result, NULL);
  *(gboolean *)user_data = TRUE;
}

static void
look (Host *host)
{
  gboolean done = FALSE;
  xm_domains_refresh_async (service_fixture_service (host->fixture)->domains, NULL, on_refreshed,
                            &done);
  while (!done)
    g_main_context_iteration (NULL, TRUE);
}

static void
wait_state (Host *host, XmVmState state)
{
  while (host->vm->state != state || xm_lifecycle_is_busy (host->vm))
    g_main_context_iteration (NULL, TRUE);
}

/* Public words of the `vm_state_changed` signals since the last call, joined by blanks. */
static char *
told_states (Host *host)
{
  /* Signals arrive in order: when a call has come back, they all have. */
  g_variant_unref (service_fixture_get (host->fixture, PATH, VM, "state", NULL));
  GPtrArray *signals = service_fixture_signals (host->fixture);
  GString *states = g_string_new (NULL);
  for (guint i = 0; i < signals->len; i++) {
    g_auto (GStrv) words = g_strsplit (signals->pdata[i], "'", -1);
    if (g_str_has_prefix (signals->pdata[i], "vm_state_changed "))
      g_string_append_printf (states, "%s%s", states->len > 0 ? " " : "", words[5]);
  }
  return g_string_free (states, FALSE);
}

static void
assert_states (Host *host, const char *expected)
{
  g_autofree char *states = told_states (host);
  ck_assert_str_eq (states, expected);
}

/* -- starting ---------------------------------------------------------------------- */

START_TEST (start_and_shutdown)
{
  Host host = host_new ("pv");
  start (&host);
  ck_assert_int_eq (host.vm->domid, 5);
  assert_states (&host, "creating creating running");
  ck_assert_uint_eq (dummy_xl_count ("create"), 1);
  g_auto (GStrv) calls = dummy_xl_calls ();
  gboolean found = FALSE;
  for (char **call = calls; *call != NULL; call++) {
    g_auto (GStrv) words = g_strsplit (*call, " ", -1);
    if (!g_str_equal (words[0], "create"))
      continue;
    found = g_strv_contains ((const char *const *)words, "-e") &&
            g_strv_contains ((const char *const *)words, "-p");
  }
  ck_assert (found);

  /* Once more is no error and starts nothing. */
  start (&host);
  ck_assert_uint_eq (dummy_xl_count ("create"), 1);

  tell_domain ("shutdown.domains", 5, "---s--", "0");
  Operation shutdown;
  operation_begin (host.vm, XM_OPERATION_SHUTDOWN, &shutdown);
  while (dummy_xl_count ("shutdown") == 0 || !host.vm->lifecycle->current->waiting)
    g_main_context_iteration (NULL, TRUE);
  look (&host); /* in place of xenstored's event */
  operation_end_well (&shutdown);
  wait_state (&host, XM_VM_SHUTDOWN);
  ck_assert_int_eq (host.vm->domid, -1);
  ck_assert_uint_eq (dummy_xl_count ("destroy"), 1);
  assert_states (&host, "stopping stopped");
  service_fixture_free (host.fixture);
}
END_TEST

START_TEST (a_failed_create_leaves_nothing)
{
  Host host = host_new ("pv");
  Operation operation;
  dummy_xl_tell ("create", "xl: it does not work\n");
  dummy_xl_tell ("create.status", "1");
  operation_begin (host.vm, XM_OPERATION_START, &operation);
  operation_end_badly (&operation, "223:IO error: \"xl: it does not work\"");
  ck_assert_uint_eq (dummy_xl_count ("destroy"), 0);
  ck_assert_int_eq (host.vm->state, XM_VM_SHUTDOWN);
  ck_assert_int_eq (host.vm->lifecycle->own_domid, -1);
  assert_states (&host, "");
  service_fixture_free (host.fixture);
}
END_TEST

#define NAME_TAKEN                                                                                 \
  "libxl: error: libxl_domain.c:81:libxl__domain_rename:Domain 8:Domain with name \"n\" already "  \
  "exists.\n"

/* While its xl waits, somebody else's makes what @list shows. */
static void
start_too_late (Host *host, const char *list, Operation *operation)
{
  guint before = dummy_xl_count ("create");
  dummy_xl_tell ("create", NAME_TAKEN);
  dummy_xl_tell ("create.status", "3");
  dummy_xl_shut_gate ("create");
  operation_begin (host->vm, XM_OPERATION_START, operation);
  while (dummy_xl_count ("create") == before)
    g_main_context_iteration (NULL, FALSE);
  g_autofree char *text = dummy_xl_domains (list);
  dummy_xl_tell ("list", text);
  dummy_xl_open_gate ("create");
}

/* Between the service's last look and its xl, an admin has started the VM: nothing is wrong. */
START_TEST (an_admin_was_faster)
{
  Host host = host_new ("pv");
  Operation operation;
  g_autofree char *line = dummy_xl_domain ("n", 7, "-b----", UUID, "-");
  start_too_late (&host, line, &operation);
  operation_end_well (&operation);
  wait_state (&host, XM_VM_RUNNING);
  ck_assert_int_eq (host.vm->domid, 7);
  ck_assert_int_eq (host.vm->lifecycle->own_domid, -1);
  ck_assert_uint_eq (dummy_xl_count ("create"), 1);
  ck_assert_uint_eq (dummy_xl_count ("destroy"), 0);
  ck_assert_uint_eq (dummy_xl_count ("unpause"), 0);
  service_fixture_free (host.fixture);
}
END_TEST

/* Another VM has the name, or a domain of this one's that has ended. */
START_TEST (a_taken_name_is_an_error)
{
  static const char foreign[] = "00000000-0000-0000-0000-00000000000a";
  Host host = host_new ("pv");
  Operation operation;
  g_autofree char *other = dummy_xl_domain ("n", 7, "-b----", foreign, "-");
  start_too_late (&host, other, &operation);
  operation_end_badly (&operation, "already exists");
  wait_state (&host, XM_VM_SHUTDOWN);
  ck_assert_int_eq (host.vm->domid, -1);

  g_autofree char *ended = dummy_xl_domain ("n", 8, "---s--", UUID, "0");
  start_too_late (&host, ended, &operation);
  operation_end_badly (&operation, "already exists");
  ck_assert_uint_eq (dummy_xl_count ("destroy"), 0);
  service_fixture_free (host.fixture);
}
END_TEST

START_TEST (a_failed_unpause_is_cleaned_up)
{
  Host host = host_new ("pv");
  Operation operation;
  dummy_xl_tell ("unpause.status", "1");
  operation_begin (host.vm, XM_OPERATION_START, &operation);
  operation_end_badly (&operation, "223:IO error: \"Error unpausing domain.\"");
  ck_assert_uint_eq (dummy_xl_count ("destroy"), 1);
  ck_assert_int_eq (host.vm->state, XM_VM_SHUTDOWN);
  ck_assert_int_eq (host.vm->domid, -1);
  service_fixture_free (host.fixture);
}
END_TEST

START_TEST (destroy_overtakes_start)
{
  Host host = host_new ("pv");
  Operation starting, waiting, destroying;
  dummy_xl_shut_gate ("create");
  operation_begin (host.vm, XM_OPERATION_START, &starting);
  operation_begin (host.vm, XM_OPERATION_PAUSE, &waiting);
  while (dummy_xl_count ("create") == 0)
    g_main_context_iteration (NULL, FALSE);
  tell_domain ("list", 5, "--p---", "-"); /* half built */
  operation_begin (host.vm, XM_OPERATION_DESTROY, &destroying);
  operation_end_badly (&waiting, "overtaken by destroy");
  operation_end_badly (&starting, "overtaken by destroy");
  operation_end_well (&destroying);
  ck_assert_int_eq (host.vm->state, XM_VM_SHUTDOWN);
  ck_assert_uint_eq (dummy_xl_count ("destroy"), 1);
  ck_assert_uint_eq (dummy_xl_count ("pause"), 0);
  service_fixture_free (host.fixture);
}
END_TEST

/* -- ends of domains --------------------------------------------------------------- */

START_TEST (a_reboot_from_inside_starts_again)
{
  Host host = host_new ("pv");
  start (&host);
  assert_states (&host, "creating creating running");
  tell_life (6);
  tell_domain ("list", 5, "---s--", "1");
  look (&host);
  ck_assert_int_eq (host.vm->state, XM_VM_REBOOTING);
  wait_state (&host, XM_VM_RUNNING);
  ck_assert_int_eq (host.vm->domid, 6);
  ck_assert_uint_eq (dummy_xl_count ("destroy"), 1);
  assert_states (&host, "rebooting stopped creating creating running");
  service_fixture_free (host.fixture);
}
END_TEST

START_TEST (a_crash_ends_the_vm)
{
  Host host = host_new ("pv");
  start (&host);
  assert_states (&host, "creating creating running");
  tell_domain ("list", 5, "---sc-", "3");
  look (&host);
  wait_state (&host, XM_VM_SHUTDOWN);
  ck_assert_uint_eq (dummy_xl_count ("destroy"), 1);
  ck_assert_uint_eq (dummy_xl_count ("create"), 1);
  assert_states (&host, "stopped");
  service_fixture_free (host.fixture);
}
END_TEST

/* Domains that the service did not start are watched, not touched. */
START_TEST (a_foreign_domain_is_left_alone)
{
  Host host = host_new ("pv");
  tell_domain ("list", 9, "-b----", "-");
  look (&host);
  ck_assert_int_eq (host.vm->state, XM_VM_RUNNING);
  ck_assert_int_eq (host.vm->domid, 9);
  tell_domain ("list", 9, "---s--", "0");
  look (&host);
  look (&host);
  ck_assert_uint_eq (dummy_xl_count ("destroy"), 0);
  tell_domain ("list", -1, "", "");
  look (&host);
  assert_states (&host, "creating creating running stopping stopped");
  service_fixture_free (host.fixture);
}
END_TEST

/* An ended domain that cannot be removed is tried again at the next refresh, not at once. */
START_TEST (a_domain_that_cannot_be_removed)
{
  Host host = host_new ("pv");
  start (&host);
  dummy_xl_tell ("destroy.status", "1");
  tell_domain ("list", 5, "---s--", "0");
  look (&host);
  while (dummy_xl_count ("destroy") == 0 || host.vm->lifecycle->reaping)
    g_main_context_iteration (NULL, TRUE);
  look (&host);
  while (host.vm->lifecycle->reaping)
    g_main_context_iteration (NULL, TRUE);
  ck_assert_uint_eq (dummy_xl_count ("destroy"), 2);

  dummy_xl_tell ("destroy.status", NULL);
  look (&host);
  wait_state (&host, XM_VM_SHUTDOWN);
  ck_assert_uint_eq (dummy_xl_count ("destroy"), 3);
  service_fixture_free (host.fixture);
}
END_TEST

/* What was read before a restart of the service is known after it. */
START_TEST (own_domains_are_remembered)
{
  Host host = host_new ("pv");
  start (&host);
  XmLifecycle *other = xm_lifecycle_new (host.vm);
  ck_assert_int_eq (other->own_domid, 5);
  xm_lifecycle_free (other);
  xm_lifecycle_own (host.vm, -1);
  other = xm_lifecycle_new (host.vm);
  ck_assert_int_eq (other->own_domid, -1);
  xm_lifecycle_free (other);
  service_fixture_free (host.fixture);
}
END_TEST

/* -- the other operations ---------------------------------------------------------- */

START_TEST (pause_counts_once)
{
  Host host = host_new ("pv");
  Operation operation;
  start (&host);
  tell_domain ("pause.domains", 5, "--p---", "-");
  operation_begin (host.vm, XM_OPERATION_PAUSE, &operation);
  operation_end_well (&operation);
  ck_assert_int_eq (host.vm->state, XM_VM_PAUSED);
  operation_begin (host.vm, XM_OPERATION_PAUSE, &operation);
  operation_end_well (&operation);
  ck_assert_uint_eq (dummy_xl_count ("pause"), 1);

  tell_domain ("unpause.domains", 5, "-b----", "-");
  operation_begin (host.vm, XM_OPERATION_UNPAUSE, &operation);
  operation_end_well (&operation);
  operation_begin (host.vm, XM_OPERATION_UNPAUSE, &operation);
  operation_end_well (&operation);
  ck_assert_uint_eq (dummy_xl_count ("unpause"), 2); /* one of them of the start */

  /* xl says that it is done, and Xen shows that it is not. */
  operation_begin (host.vm, XM_OPERATION_PAUSE, &operation);
  operation_end_badly (&operation, "223:IO error: \"Error parsing domain.\"");
  service_fixture_free (host.fixture);
}
END_TEST

START_TEST (destroy_tells_the_truth)
{
  Host host = host_new ("pv");
  Operation operation;
  operation_begin (host.vm, XM_OPERATION_DESTROY, &operation);
  operation_end_well (&operation); /* nothing to destroy */
  ck_assert_uint_eq (dummy_xl_count ("destroy"), 0);

  start (&host);
  dummy_xl_tell ("destroy.domains", NULL);
  operation_begin (host.vm, XM_OPERATION_DESTROY, &operation);
  operation_end_badly (&operation, "223:IO error: \"Error destroying domain.\"");
  ck_assert_int_eq (host.vm->state, XM_VM_RUNNING);

  dummy_xl_tell ("destroy.status", "1");
  operation_begin (host.vm, XM_OPERATION_DESTROY, &operation);
  operation_end_badly (&operation, "223:IO error: \"Error destroying domain.\"");
  service_fixture_free (host.fixture);
}
END_TEST

/* A guest without PV drivers gets the ACPI power button. */
START_TEST (hvm_shutdown_has_a_second_means)
{
  Host host = host_new ("hvm");
  Operation operation;
  start (&host);
  dummy_xl_tell ("shutdown.status", "1");
  operation_begin (host.vm, XM_OPERATION_SHUTDOWN, &operation);
  operation_end_badly (&operation, "223:");
  ck_assert_uint_eq (dummy_xl_count ("shutdown"), 2);
  g_auto (GStrv) calls = dummy_xl_calls ();
  gboolean fallback = FALSE;
  for (char **call = calls; *call != NULL; call++)
    fallback |= g_str_has_prefix (*call, "shutdown ") && strstr (*call, "-F") != NULL;
  ck_assert (fallback);
  look (&host);
  ck_assert_int_eq (host.vm->state, XM_VM_RUNNING);
  service_fixture_free (host.fixture);
}
END_TEST

START_TEST (a_guest_that_does_not_end)
{
  Host host = host_new ("pv");
  Operation operation;
  start (&host);
  xl_runner_set_timeout (service_fixture_service (host.fixture)->runner, XL_TIMEOUT_SHUTDOWN, 1);
  operation_begin (host.vm, XM_OPERATION_SHUTDOWN, &operation);
  operation_end_badly (&operation,
                       "Timeout while waiting for vm " UUID " state to become shutdown after 1s");
  ck_assert_int_eq (host.vm->state, XM_VM_RUNNING);
  service_fixture_free (host.fixture);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("lifecycle");
  TCase *tcase = tcase_create ("lifecycle");
  tcase_set_timeout (tcase, 120);
  tcase_add_test (tcase, start_and_shutdown);
  tcase_add_test (tcase, a_failed_create_leaves_nothing);
  tcase_add_test (tcase, an_admin_was_faster);
  tcase_add_test (tcase, a_taken_name_is_an_error);
  tcase_add_test (tcase, a_failed_unpause_is_cleaned_up);
  tcase_add_test (tcase, destroy_overtakes_start);
  tcase_add_test (tcase, a_reboot_from_inside_starts_again);
  tcase_add_test (tcase, a_crash_ends_the_vm);
  tcase_add_test (tcase, a_foreign_domain_is_left_alone);
  tcase_add_test (tcase, a_domain_that_cannot_be_removed);
  tcase_add_test (tcase, own_domains_are_remembered);
  tcase_add_test (tcase, pause_counts_once);
  tcase_add_test (tcase, destroy_tells_the_truth);
  tcase_add_test (tcase, hvm_shutdown_has_a_second_means);
  tcase_add_test (tcase, a_guest_that_does_not_end);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

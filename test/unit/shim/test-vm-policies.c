/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the service does by itself around a VM's life: keep-alive, the host's power, the end of all
 * VMs. */
#include <check.h>
#include <string.h>

#include "dummy-xl.h"
#include "operation-fixture.h"
#include "service-fixture.h"
#include "shim/error.h"
#include "shim/keep-alive.h"
#include "shim/lifecycle-private.h"
#include "shim/shutdown-all.h"
#include "shim/vm-power.h"
#include "test/unit/run-suite.h"

#define UUID(n) "8a3c1d5e-4f60-4b7a-9c21-01234567890" n

typedef struct {
  ServiceFixture *fixture;
  XmService *service;
  XmVm *vm;
} Host;

static GString *logged; /* since the last look */

static GLogWriterOutput
on_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  for (gsize i = 0; i < n_fields; i++) {
    if (g_str_equal (fields[i].key, "MESSAGE"))
      g_string_append_printf (logged, "%s\n", (const char *)fields[i].value);
  }
  return G_LOG_WRITER_HANDLED;
}

/* Whether the log said @part since the last call. */
static gboolean
was_logged (const char *part)
{
  gboolean found = strstr (logged->str, part) != NULL;
  g_string_truncate (logged, 0);
  return found;
}

/* What xl does to it the next time. */
static void
tell_life (void)
{
  g_autofree char *built = dummy_xl_domain ("n", 5, "--p---", UUID ("1"), "-");
  g_autofree char *runs = dummy_xl_domain ("n", 5, "-b----", UUID ("1"), "-");
  g_autofree char *with_built = dummy_xl_domains (built);
  g_autofree char *with_running = dummy_xl_domains (runs);
  g_autofree char *without = dummy_xl_domains ("");
  dummy_xl_tell ("create.domains", with_built);
  dummy_xl_tell ("unpause.domains", with_running);
  dummy_xl_tell ("destroy.domains", without);
}

/* VM 1, which xl creates as domain 5, and destroys. */
static Host
host_new (void)
{
  Host host = { service_fixture_new (), NULL, NULL };
  host.service = service_fixture_service (host.fixture);
  host.service->settings->keep_alive_delay_ms = 1;
  const char *base = xm_store_get_base (host.service->store);
  g_autofree char *json = g_strdup_printf ("{\"name\":\"n\",\"config\":{\"virt-type\":\"pv\","
                                           "\"memory\":\"64\",\"kernel\":\"%s/../test.conf\"}}",
                                           base);
  host.vm = service_fixture_add_vm (host.fixture, UUID ("1"), json);
  tell_life ();
  return host;
}

static void
run (XmVm *vm, XmOperationKind kind)
{
  tell_life ();
  operation_run (vm, kind);
}

static void
wait_state (XmVm *vm, XmVmState state)
{
  while (vm->state != state || xm_lifecycle_is_busy (vm))
    g_main_context_iteration (NULL, TRUE);
}

/* -- keep-alive -------------------------------------------------------------------- */

START_TEST (the_wait_grows_to_a_minute)
{
  static const guint expected[] = { 1000, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000 };
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    ck_assert_uint_eq (xm_keep_alive_delay_ms (1000, i), expected[i]);
  ck_assert_uint_eq (xm_keep_alive_delay_ms (60000, 1000000), 60000);
}
END_TEST

START_TEST (short_runs_end_it_and_long_ones_do_not)
{
  Host host = host_new ();
  ck_assert (xm_vm_write (host.vm, "keep-alive", "true", NULL));
  host.service->settings->keep_alive_failures = 3;
  host.service->settings->keep_alive_run = 0; /* each run is long enough */
  run (host.vm, XM_OPERATION_START);
  for (int i = 0; i < 5; i++) {
    run (host.vm, XM_OPERATION_DESTROY);
    wait_state (host.vm, XM_VM_RUNNING);
  }
  ck_assert_uint_eq (dummy_xl_count ("create"), 6);

  host.service->settings->keep_alive_run = 86400; /* none is */
  for (int i = 0; i < 2; i++) {
    run (host.vm, XM_OPERATION_DESTROY);
    wait_state (host.vm, XM_VM_RUNNING);
  }
  run (host.vm, XM_OPERATION_DESTROY);
  wait_state (host.vm, XM_VM_SHUTDOWN);
  ck_assert (was_logged ("it has failed 3 times in a row"));
  ck_assert_uint_eq (dummy_xl_count ("create"), 8);
  service_fixture_free (host.fixture);
}
END_TEST

START_TEST (a_start_that_fails_is_tried_again)
{
  Host host = host_new ();
  ck_assert (xm_vm_write (host.vm, "keep-alive", "true", NULL));
  run (host.vm, XM_OPERATION_START);
  dummy_xl_tell ("create.status", "1");
  run (host.vm, XM_OPERATION_DESTROY);
  while (dummy_xl_count ("create") < 4)
    g_main_context_iteration (NULL, TRUE);
  tell_life ();
  dummy_xl_tell ("create.status", NULL);
  wait_state (host.vm, XM_VM_RUNNING);
  service_fixture_free (host.fixture);
}
END_TEST

/* -- the host's power -------------------------------------------------------------- */

START_TEST (a_vm_that_controls_the_host)
{
  Host host = host_new ();
  ck_assert (xm_vm_write (host.vm, "control-platform-power-state", "true", NULL));
  run (host.vm, XM_OPERATION_START);
  ck_assert (!was_logged ("the host would"));
  xm_vm_power_told (host.vm, 3);
  ck_assert (was_logged ("the host would sleep now"));
  xm_vm_power_told (host.vm, 0);
  ck_assert (!was_logged ("the host would"));
  run (host.vm, XM_OPERATION_DESTROY);
  ck_assert (was_logged ("the host would shut down now"));

  run (host.vm, XM_OPERATION_START);
  xm_vm_power_told (host.vm, 4);
  ck_assert (!was_logged ("the host would")); /* only when the guest is off */
  run (host.vm, XM_OPERATION_DESTROY);
  ck_assert (was_logged ("the host would hibernate now"));

  /* Not while an update waits, nor when the host is on its way down. */
  ck_assert (xm_store_write (host.service->store, "/updatemgr/update-state", "downloaded", NULL));
  run (host.vm, XM_OPERATION_START);
  xm_vm_power_told (host.vm, 3);
  run (host.vm, XM_OPERATION_DESTROY);
  ck_assert (!was_logged ("the host would"));
  ck_assert (xm_store_remove (host.service->store, "/updatemgr/update-state", NULL));
  run (host.vm, XM_OPERATION_START);
  host.service->going_down = TRUE;
  run (host.vm, XM_OPERATION_DESTROY);
  ck_assert (!was_logged ("the host would"));
  service_fixture_free (host.fixture);
}
END_TEST

/* -- the end of all ---------------------------------------------------------------- */

typedef struct {
  gboolean ended;
  GError *error;
} Descent;

static void
on_all_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Descent *descent = user_data;
  xm_shutdown_all_finish (result, &descent->error);
  descent->ended = TRUE;
}

static void
end_all (Host *host, gboolean forced, Descent *descent)
{
  *descent = (Descent){ FALSE, NULL };
  xm_shutdown_all_async (host->service, forced, on_all_ended, descent);
  while (!descent->ended)
    g_main_context_iteration (NULL, TRUE);
}

START_TEST (nothing_runs)
{
  Host host = host_new ();
  Descent descent;
  end_all (&host, FALSE, &descent);
  ck_assert_ptr_null (descent.error);
  ck_assert_uint_eq (dummy_xl_count ("shutdown"), 0);
  service_fixture_free (host.fixture);
}
END_TEST

START_TEST (by_force_and_for_good)
{
  Host host = host_new ();
  Descent descent;
  ck_assert (xm_vm_write (host.vm, "keep-alive", "true", NULL));
  run (host.vm, XM_OPERATION_START);
  end_all (&host, TRUE, &descent);
  ck_assert_ptr_null (descent.error);
  ck_assert_uint_eq (dummy_xl_count ("shutdown"), 0);
  ck_assert_uint_eq (dummy_xl_count ("destroy"), 1);
  ck_assert_int_eq (host.vm->state, XM_VM_SHUTDOWN);

  run (host.vm, XM_OPERATION_START); /* ends well, and does nothing */
  ck_assert_uint_eq (dummy_xl_count ("create"), 1);
  xm_shutdown_all_take_back (host.service);
  run (host.vm, XM_OPERATION_START);
  ck_assert_int_eq (host.vm->state, XM_VM_RUNNING);
  service_fixture_free (host.fixture);
}
END_TEST

/* A VM whose shutdown fails keeps no other from ending. */
START_TEST (one_that_stays)
{
  Host host = host_new ();
  Descent descent;
  ck_assert (xm_vm_write (host.vm, "shutdown-priority", "10", NULL));
  XmVm *second = service_fixture_add_vm (host.fixture, UUID ("2"), "{\"name\":\"m\"}");
  g_autofree char *one = dummy_xl_domain ("n", 5, "-b----", UUID ("1"), "-");
  g_autofree char *two = dummy_xl_domain ("m", 6, "-b----", UUID ("2"), "-");
  g_autofree char *lines = g_strconcat (one, two, NULL);
  g_autofree char *both = dummy_xl_domains (lines);
  dummy_xl_tell ("list", both);
  dummy_xl_tell ("shutdown", "xl: no\n");
  dummy_xl_tell ("shutdown.status", "1");
  end_all (&host, FALSE, &descent);
  ck_assert_ptr_nonnull (descent.error);
  ck_assert_ptr_nonnull (strstr (descent.error->message, "xl: no"));
  g_clear_error (&descent.error);
  g_auto (GStrv) calls = dummy_xl_calls ();
  g_autofree char *joined = g_strjoinv ("\n", calls);
  const char *first = strstr (joined, "shutdown 5"), *then = strstr (joined, "shutdown 6");
  ck_assert (first != NULL && then != NULL && first < then);
  ck_assert_int_eq (second->state, XM_VM_RUNNING);
  service_fixture_free (host.fixture);
}
END_TEST

/* One that sleeps is woken before it is asked. */
START_TEST (one_that_sleeps)
{
  Host host = host_new ();
  Descent descent;
  run (host.vm, XM_OPERATION_START);
  ck_assert (xm_vm_write (host.vm, "config/virt-type", "hvm", NULL));
  xm_vm_power_told (host.vm, 3);
  dummy_xl_tell ("qemu-monitor-command", "VM status: running\n"); /* once it is woken */
  dummy_xl_tell ("shutdown.status", "1");
  end_all (&host, FALSE, &descent);
  ck_assert_ptr_nonnull (descent.error);
  g_clear_error (&descent.error);
  g_auto (GStrv) calls = dummy_xl_calls ();
  g_autofree char *joined = g_strjoinv ("\n", calls);
  const char *first = strstr (joined, "trigger 5 s3resume"), *then = strstr (joined, "shutdown ");
  ck_assert (first != NULL && then != NULL && first < then);
  service_fixture_free (host.fixture);
}
END_TEST

int
main (void)
{
  logged = g_string_new (NULL);
  g_log_set_writer_func (on_log, NULL, NULL);
  Suite *suite = suite_create ("vm-policies");
  TCase *tcase = tcase_create ("vm-policies");
  tcase_set_timeout (tcase, 60);
  tcase_add_test (tcase, the_wait_grows_to_a_minute);
  tcase_add_test (tcase, short_runs_end_it_and_long_ones_do_not);
  tcase_add_test (tcase, a_start_that_fails_is_tried_again);
  tcase_add_test (tcase, a_vm_that_controls_the_host);
  tcase_add_test (tcase, nothing_runs);
  tcase_add_test (tcase, by_force_and_for_good);
  tcase_add_test (tcase, one_that_stays);
  tcase_add_test (tcase, one_that_sleeps);
  suite_add_tcase (suite, tcase);
  int status = run_suite (suite);
  g_string_free (logged, TRUE);
  return status;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A start that first starts what it depends on, and what can go wrong with that. */
#include <check.h>
#include <string.h>

#include "dummy-xl.h"
#include "operation-fixture.h"
#include "service-fixture.h"
#include "shim/error.h"
#include "shim/lifecycle.h"
#include "test/unit/run-suite.h"

#define FRONT "00000000-0000-0000-0000-00000000000a"
#define BACK  "00000000-0000-0000-0000-00000000000b"

/** Host: front depends on back; `xl create` makes back's domain, whatever it is told. */
typedef struct {
  ServiceFixture *fixture;
  XmVm *front, *back;
} Host;

static XmVm *
add_vm (ServiceFixture *fixture, const char *uuid, const char *more)
{
  const char *base = xm_store_get_base (service_fixture_service (fixture)->store);
  g_autofree char *json = g_strdup_printf (
      "{\"name\":\"%s\",\"track-dependencies\":\"true\",\"config\":{\"memory\":\"64\","
      "\"kernel\":\"%s/../test.conf\"%s}}",
      uuid, base, more);
  return service_fixture_add_vm (fixture, uuid, json);
}

static void
tell_domain (const char *file, const char *state)
{
  g_autofree char *line = dummy_xl_domain ("b", 5, state, BACK, "-");
  g_autofree char *text = dummy_xl_domains (line);
  dummy_xl_tell (file, text);
}

static void
host_open (Host *host)
{
  host->fixture = service_fixture_new ();
  host->back = add_vm (host->fixture, BACK, "");
  host->front = add_vm (host->fixture, FRONT,
                        ",\"nic\":{\"0\":{\"backend-uuid\":\"" BACK "\",\"enable\":\"false\"}}");
  tell_domain ("create.domains", "--p---");
  tell_domain ("unpause.domains", "-b----");
}

/* The dependency runs; then xl, asked for the second domain, makes none. */
START_TEST (the_dependency_comes_first)
{
  Host host;
  Operation operation;
  host_open (&host);
  operation_begin (host.front, XM_OPERATION_START, &operation);
  operation_end_badly (&operation, "there is no domain with uuid " FRONT);
  ck_assert_int_eq (host.back->state, XM_VM_RUNNING);
  ck_assert_uint_eq (dummy_xl_count ("create"), 2);
  ck_assert_ptr_null (host.front->waits_for);
  service_fixture_free (host.fixture);
}
END_TEST

START_TEST (only_when_asked_to)
{
  Host host;
  Operation operation;
  host_open (&host);
  ck_assert (xm_vm_write (host.front, "track-dependencies", "false", NULL));
  operation_begin (host.front, XM_OPERATION_START, &operation);
  operation_end_badly (&operation, "there is no domain with uuid " FRONT);
  ck_assert_uint_eq (dummy_xl_count ("create"), 1);
  service_fixture_free (host.fixture);
}
END_TEST

/* As in the original: why is logged, and nobody is told. */
START_TEST (a_dependency_that_does_not_start)
{
  Host host;
  Operation operation;
  host_open (&host);
  ck_assert (xm_vm_write (host.back, "config/kernel", "/no/such/kernel", NULL));
  operation_begin (host.front, XM_OPERATION_START, &operation);
  operation_end (&operation);
  ck_assert_ptr_null (operation.error);
  ck_assert (!xm_vm_is_running (host.front));
  ck_assert_uint_eq (dummy_xl_count ("create"), 0);
  service_fixture_free (host.fixture);
}
END_TEST

START_TEST (a_cycle_is_an_error)
{
  Host host;
  Operation operation;
  host_open (&host);
  ck_assert (xm_vm_write (host.back, "config/nic/0/backend-uuid", FRONT, NULL));
  operation_begin (host.front, XM_OPERATION_START, &operation);
  operation_end_badly (&operation, "errors in dependency graph; check for cycles");
  ck_assert_uint_eq (dummy_xl_count ("create"), 0);
  service_fixture_free (host.fixture);
}
END_TEST

/* One that the graph no longer shows, because it has changed since back began to wait. */
START_TEST (two_starts_never_wait_for_each_other)
{
  Host host;
  Operation operation;
  host_open (&host);
  host.back->waits_for = host.front;
  operation_begin (host.front, XM_OPERATION_START, &operation);
  operation_end_badly (&operation, "errors in dependency graph; check for cycles");
  ck_assert_ptr_null (host.front->waits_for);
  host.back->waits_for = NULL;
  service_fixture_free (host.fixture);
}
END_TEST

/* Destroy does not wait for a dependency that takes its time. */
START_TEST (destroy_overtakes_the_wait)
{
  Host host;
  Operation start, destroy;
  host_open (&host);
  dummy_xl_shut_gate ("create");
  operation_begin (host.front, XM_OPERATION_START, &start);
  while (dummy_xl_count ("create") == 0)
    g_main_context_iteration (NULL, FALSE);
  ck_assert_ptr_eq (host.front->waits_for, host.back);
  operation_begin (host.front, XM_OPERATION_DESTROY, &destroy);
  operation_end_badly (&start, "overtaken by destroy");
  operation_end (&destroy);
  ck_assert_ptr_null (destroy.error);
  ck_assert_ptr_null (host.front->waits_for);
  ck_assert (xm_lifecycle_is_busy (host.back)); /* nobody told the dependency to stop */
  dummy_xl_open_gate ("create");
  while (xm_lifecycle_is_busy (host.back))
    g_main_context_iteration (NULL, TRUE);
  ck_assert_int_eq (host.back->state, XM_VM_RUNNING);
  ck_assert_uint_eq (dummy_xl_count ("create"), 1);
  service_fixture_free (host.fixture);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("dependencies");
  TCase *tcase = tcase_create ("dependencies");
  tcase_set_timeout (tcase, 120);
  tcase_add_test (tcase, the_dependency_comes_first);
  tcase_add_test (tcase, only_when_asked_to);
  tcase_add_test (tcase, a_dependency_that_does_not_start);
  tcase_add_test (tcase, a_cycle_is_an_error);
  tcase_add_test (tcase, two_starts_never_wait_for_each_other);
  tcase_add_test (tcase, destroy_overtakes_the_wait);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

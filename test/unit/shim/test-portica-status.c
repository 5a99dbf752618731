/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What OpenXT's seamless windows tell of guests, with the real xenstored. */
#include <check.h>
#include <string.h>
#include <xenstore.h>

#include "service-fixture.h"
#include "test/simhost/standin/standin-host.h"
#include "test/unit/run-suite.h"

#define UUID  "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define OTHER "8a3c1d5e-4f60-4b7a-9c21-0123456789ac"
#define TOP   "/xc_tools/porticaStatus"

static StandinHost *host;
static ServiceFixture *fixture;
static struct xs_handle *other; /* somebody else's connection */
static XmVm *vm, *second;

static void
put (const char *path, const char *text)
{
  ck_assert (xs_write (other, XBT_NULL, path, text, (unsigned)strlen (text)));
}

static void
set_up (void)
{
  host = standin_host_new ();
  standin_host_start_xenstored (host);
  other = xs_open (0);
  ck_assert_ptr_nonnull (other);
  fixture = service_fixture_new_with_xenstored ();
  vm = service_fixture_add_vm (fixture, UUID, "{\"name\":\"n\"}");
  second =
      service_fixture_add_vm (fixture, OTHER, "{\"name\":\"m\",\"portica-installed\":\"true\"}");
}

static void
tear_down (void)
{
  service_fixture_free (fixture);
  xs_close (other);
  standin_host_free (host);
}

static void
wait_flag (XmVm *whose, const char *key, gboolean value)
{
  while (xm_vm_read_boolean (whose, key, FALSE) != value)
    g_main_context_iteration (NULL, TRUE);
}

START_TEST (copied)
{
  put (TOP "/" UUID "/installed", "1");
  wait_flag (vm, "portica-installed", TRUE);
  ck_assert (!xm_vm_read_boolean (vm, "portica-enabled", FALSE));
  put (TOP "/" UUID "/enabled", "true");
  wait_flag (vm, "portica-enabled", TRUE);
  put (TOP "/" UUID "/installed", "0");
  wait_flag (vm, "portica-installed", FALSE);
  ck_assert (xm_vm_read_boolean (second, "portica-installed", FALSE));
  put (TOP "/" OTHER "/installed", "no");
  wait_flag (second, "portica-installed", FALSE);
}
END_TEST

START_TEST (clients_are_told)
{
  put (TOP "/" UUID "/installed", "yes");
  service_fixture_wait_signal (fixture, "vm_config_changed");
  ck_assert (xm_vm_read_boolean (vm, "portica-installed", FALSE));
}
END_TEST

/* Of two changes the later one is looked at last: then the former was without effect. */
START_TEST (rubbish_changes_nothing)
{
  static const char *const texts[] = { "", "2", "TRUE", "true\n", "installed" };
  put (TOP "/no-uuid/installed", "1");
  put (TOP "/00000000-0000-0000-0000-000000000000/installed", "1");
  put (TOP "/" OTHER "/other", "0");
  put (TOP "/" OTHER "/installed", texts[_i]);
  put (TOP "/" OTHER "/enabled", "1");
  wait_flag (second, "portica-enabled", TRUE);
  ck_assert (xm_vm_read_boolean (second, "portica-installed", FALSE));
  ck_assert (xs_rm (other, XBT_NULL, TOP));
  put (TOP "/" OTHER "/enabled", "0");
  wait_flag (second, "portica-enabled", FALSE);
  ck_assert (xm_vm_read_boolean (second, "portica-installed", FALSE));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("portica-status");
  TCase *tcase = tcase_create ("portica-status");
  tcase_set_timeout (tcase, 120);
  tcase_add_checked_fixture (tcase, set_up, tear_down);
  tcase_add_test (tcase, copied);
  tcase_add_test (tcase, clients_are_told);
  tcase_add_loop_test (tcase, rubbish_changes_nothing, 0, 5);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

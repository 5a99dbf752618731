/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's power: words, keys, and who may set it off. What VMs do first is a matter of the
 * regression suite. */
#include <check.h>
#include <string.h>

#include "script-fixture.h"
#include "service-fixture.h"
#include "shim/host-power.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

#define XCPMD "com.citrix.xenclient.xcpmd"

START_TEST (words)
{
  static const char *const all[] = { "sleep",         "hibernate", "shutdown", "forced-shutdown",
                                     "idle-shutdown", "reboot",    "nothing" };
  for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
    ck_assert_str_eq (xm_host_action_word (xm_host_action_from_word (all[i])), all[i]);
  ck_assert_int_eq (xm_host_action_from_word (""), XM_HOST_NOTHING);
  ck_assert_int_eq (xm_host_action_from_word ("Sleep"), XM_HOST_NOTHING);
}
END_TEST

static gboolean
is_refused (XmService *service, XmHostAction action, const char *key)
{
  g_autoptr (GError) error = NULL;
  return !xm_host_power_check (service, action, &error) && strstr (error->message, key) != NULL;
}

START_TEST (keys)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmService *service = service_fixture_service (fixture);
  ck_assert (xm_host_power_check (service, XM_HOST_NOTHING, NULL));
  ck_assert (is_refused (service, XM_HOST_SHUTDOWN, "no power-off in [commands]"));
  ck_assert (is_refused (service, XM_HOST_SHUTDOWN_FORCED, "no power-off in [commands]"));
  ck_assert (is_refused (service, XM_HOST_SHUTDOWN_IDLE, "no power-off in [commands]"));
  ck_assert (is_refused (service, XM_HOST_HIBERNATE, "no power-off in [commands]"));
  ck_assert (is_refused (service, XM_HOST_REBOOT, "no reboot in [commands]"));
  ck_assert (is_refused (service, XM_HOST_SLEEP, "no suspend in [commands]"));
  ck_assert (xm_host_power_is_idle (service));
  ck_assert_str_eq (xm_host_power_state (service), "idle");
}
END_TEST

START_TEST (the_power_button)
{
  char *scripts = scripts_new ();
  ServiceFixture *fixture = service_fixture_new ();
  XmService *service = service_fixture_service (fixture);
  Channel said = channel_new (scripts, "said");
  g_autofree char *program = script_new (scripts, "off", "echo \"off $1\" >$T/said");
  g_strfreev (service->settings->commands[XM_COMMAND_POWER_OFF]);
  service->settings->commands[XM_COMMAND_POWER_OFF] =
      g_strdupv ((char *[]){ program, "now", NULL });
  ck_assert (g_dbus_connection_emit_signal (service_fixture_client (fixture), NULL, "/", XCPMD,
                                            "power_button_pressed", NULL, NULL));
  channel_expect (&said, "off now");
  ck_assert (!xm_host_power_is_idle (service));
  ck_assert_str_eq (xm_host_power_state (service), "shutdowning");
  channel_close (&said);
  service_fixture_free (fixture);
  fixture_free (scripts);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("host-power");
  TCase *tcase = tcase_create ("host-power");
  tcase_set_timeout (tcase, 60);
  tcase_add_test (tcase, words);
  tcase_add_test (tcase, keys);
  tcase_add_test (tcase, the_power_button);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

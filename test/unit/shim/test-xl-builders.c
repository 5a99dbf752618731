/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes of xl that are not children of the service, played by a script of that name. */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "script-fixture.h"
#include "service-fixture.h"
#include "shim/xl-builders.h"
#include "store-fixture.h"

static ServiceFixture *fixture;
static char *scripts, *config;
static Channel gate;

static void
set_up (void)
{
  fixture = service_fixture_new ();
  scripts = scripts_new ();
  gate = channel_new (scripts, "gate");
  g_free (script_new (scripts, "xl", "read -r word <$T/gate"));
  config = g_build_filename (service_fixture_service (fixture)->settings->run_dir, "x.cfg", NULL);
}

static void
tear_down (void)
{
  channel_close (&gate);
  service_fixture_free (fixture);
  fixture_free (scripts);
  g_free (config);
}

static GPid
begin (const char *subcommand)
{
  g_autofree char *xl = g_build_filename (scripts, "xl", NULL);
  char *argv[] = { xl, (char *)subcommand, "-e", config, NULL };
  GPid pid;
  ck_assert (g_spawn_async (NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, NULL));
  return pid;
}

static void
on_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **)user_data = g_object_ref (result);
}

/* Whether there were any. */
static gboolean
wait_for_builders (guint seconds)
{
  g_autoptr (GAsyncResult) result = NULL;
  xm_xl_builders_wait_async (service_fixture_service (fixture), config, seconds, NULL, on_ended,
                             &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return xm_xl_builders_wait_finish (result);
}

/* Returns: the signal that ended it, 0 for none. */
static int
reap (GPid pid)
{
  int status;
  ck_assert_int_eq (waitpid (pid, &status, 0), pid);
  return WIFSIGNALED (status) ? WTERMSIG (status) : 0;
}

START_TEST (none)
{
  ck_assert (!wait_for_builders (60));
}
END_TEST

START_TEST (killed_when_the_time_is_over)
{
  GPid pid = begin (_i == 0 ? "create" : "restore");
  ck_assert (wait_for_builders (0));
  ck_assert_int_eq (reap (pid), SIGKILL);
}
END_TEST

START_TEST (what_does_not_build_is_left_alone)
{
  GPid pid = begin ("list");
  ck_assert (!wait_for_builders (0));
  channel_say (&gate, "go");
  ck_assert_int_eq (reap (pid), 0);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("xl-builders");
  TCase *tcase = tcase_create ("xl-builders");
  tcase_set_timeout (tcase, 120);
  tcase_add_checked_fixture (tcase, set_up, tear_down);
  tcase_add_test (tcase, none);
  tcase_add_loop_test (tcase, killed_when_the_time_is_over, 0, 2);
  tcase_add_test (tcase, what_does_not_build_is_left_alone);
  suite_add_tcase (suite, tcase);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_ENV);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

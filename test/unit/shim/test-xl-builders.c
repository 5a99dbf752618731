/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes of xl that are not children of the service, played by a script of that name. */
#include <check.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "script-fixture.h"
#include "service-fixture.h"
#include "shim/xl-builders.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

static ServiceFixture *fixture;
static char *scripts, *config;
static Channel gate;

static void
set_up (void)
{
  scripts = scripts_new ();
  fixture = service_fixture_new ();
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

/* -- an xl that waits before it makes a domain again ------------------------------- */

#define UUID "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"

static void
lead_session (gpointer data)
{
  setsid ();
}

/** Waiter: how `xl` runs, and whether it is to be found. */
static const struct {
  const char *subcommand, *file, *content, *trap;
  gboolean leads, found;
} waiters[] = {
  { "create", "x.cfg", "uuid = \"" UUID "\"\n", "USR1", TRUE, TRUE },
  { "create", "x.cfg", "UUID='8A3C1D5E-4F60-4B7A-9C21-0123456789AB'", "USR1", TRUE, TRUE },
  { "restore", UUID ".cfg", "", "USR1", TRUE, TRUE },
  { "create", "x.cfg", "uuid='8a3c1d5e-4f60-4b7a-9c21-0123456789ac'", "USR1", TRUE, FALSE },
  { "create", "x.cfg", "uuid='" UUID "'", "USR2", TRUE, FALSE }, /* stock xl: it would die */
  { "create", "x.cfg", "uuid='" UUID "'", "USR1", FALSE, FALSE },
  { "list", "x.cfg", "uuid='" UUID "'", "USR1", TRUE, FALSE },
};

START_TEST (one_that_waits)
{
  Channel answer = channel_new (scripts, "answer");
  g_autofree char *xl = g_build_filename (scripts, "xl", NULL);
  g_autofree char *file = g_build_filename (scripts, waiters[_i].file, NULL);
  g_autofree char *body = g_strdup_printf ("trap 'echo continued >$T/answer' %s\n"
                                           "echo ready >$T/answer\n"
                                           "until read -r word <$T/gate; do :; done\n",
                                           waiters[_i].trap);
  char *argv[] = { xl, (char *)waiters[_i].subcommand, "-p", file, NULL };
  g_autoptr (GAsyncResult) result = NULL;
  GPid pid;
  g_free (script_new (scripts, "xl", body));
  fixture_write_file (scripts, waiters[_i].file, waiters[_i].content);
  ck_assert (g_spawn_async (NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD,
                            waiters[_i].leads ? lead_session : NULL, NULL, &pid, NULL));
  channel_expect (&answer, "ready");
  xm_xl_rebuilder_continue_async (UUID, on_ended, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  ck_assert_int_eq (xm_xl_rebuilder_continue_finish (result), waiters[_i].found);
  if (waiters[_i].found)
    channel_expect (&answer, "continued");
  channel_say (&gate, "go");
  ck_assert_int_eq (reap (pid), 0);
  ck_assert (channel_is_silent (&answer));
  channel_close (&answer);
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
  tcase_add_loop_test (tcase, one_that_waits, 0, G_N_ELEMENTS (waiters));
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file that a VM is saved to when the service died meanwhile: what its next life makes of it.
 */
#include <check.h>
#include <glib/gstdio.h>
#include <sys/wait.h>

#include "dummy-xl.h"
#include "script-fixture.h"
#include "service-fixture.h"
#include "shim/lifecycle.h"
#include "shim/save-image.h"
#include "shim/vm-saved.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

#define UUID   "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define FORMER "." UUID ".former"

static ServiceFixture *fixture;
static XmService *service;
static char *folder;

static void
set_up (void)
{
  folder = scripts_new ();
  fixture = service_fixture_new ();
  service = service_fixture_service (fixture);
}

static void
tear_down (void)
{
  service_fixture_free (fixture);
  fixture_free (folder);
}

/* @text: (nullable): NULL for no file */
static void
assert_file (const char *directory, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  g_autofree char *got = NULL;
  g_file_get_contents (path, &got, NULL, NULL);
  ck_assert_msg (g_strcmp0 (got, text) == 0, "%s: %s", name, got);
}

static void
write_file (const char *directory, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  ck_assert (g_file_set_contents (path, text, -1, NULL));
}

static void
tell_list (const char *state, const char *reason)
{
  g_autofree char *line = dummy_xl_domain ("n", 5, state, UUID, reason);
  g_autofree char *text = dummy_xl_domains (*state != '\0' ? line : "");
  dummy_xl_tell ("list", text);
}

static void
on_refreshed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(gboolean *)user_data = xm_domains_refresh_finish (XM_DOMAINS (source), result, NULL);
}

static void
refresh (void)
{
  gboolean done = FALSE;
  xm_domains_refresh_async (service->domains, NULL, on_refreshed, &done);
  while (!done)
    g_main_context_iteration (NULL, TRUE);
}

/* The VM in the next life of a service that has recorded @kind. */
static XmVm *
find_vm (const char *kind)
{
  g_autofree char *record = g_strdup_printf ("5 %s %s/image", kind, folder);
  write_file (service->settings->run_dir, UUID ".saving", record);
  return service_fixture_add_vm (fixture, UUID, "{\"name\":\"n\",\"keep-alive\":\"true\"}");
}

static void
wait_idle (const XmVm *vm)
{
  while (xm_lifecycle_is_busy (vm))
    g_main_context_iteration (NULL, TRUE);
}

/** Case: what the last life left, how Xen shows the domain, and what is there afterwards. */
static const struct {
  const char *kind, *image, *former;
  const char *state, *reason;
  const char *image_then, *visible_then; /* the latter: image.former */
  gboolean saved;
} cases[] = {
  /* xl has had it run on */
  { "replaced", "half", "older", "-b----", "-", "older", NULL, FALSE },
  { "replaced", "older", NULL, "-b----", "-", "older", NULL, FALSE }, /* not yet renamed */
  { "replaced", NULL, "older", "-b----", "-", "older", NULL, FALSE }, /* xl has not begun */
  { "new", "half", NULL, "-b----", "-", NULL, NULL, FALSE },
  { "new", NULL, NULL, "-b----", "-", NULL, NULL, FALSE },
  { "device", "what it holds", NULL, "-b----", "-", "what it holds", NULL, FALSE },
  { "new", "half", NULL, "---s--", "0", NULL, NULL, FALSE }, /* and then it powered off */
  /* xl has saved and destroyed it */
  { "replaced", "whole", "older", "", "", "whole", NULL, TRUE },
  { "replaced", "whole", NULL, "", "", "whole", NULL, TRUE }, /* removed already */
  { "new", "whole", NULL, "", "", "whole", NULL, TRUE },
  { "device", "what it holds", NULL, "", "", "what it holds", NULL, TRUE },
  /* xl was killed */
  { "replaced", "perhaps", "older", "---ss-", "2", "perhaps", "older", FALSE },
  { "new", "perhaps", NULL, "---ss-", "2", "perhaps", NULL, FALSE },
};

START_TEST (the_last_life_was_saving)
{
  if (cases[_i].image != NULL)
    write_file (folder, "image", cases[_i].image);
  if (cases[_i].former != NULL)
    write_file (folder, FORMER, cases[_i].former);
  tell_list (cases[_i].state, cases[_i].reason);
  XmVm *vm = find_vm (cases[_i].kind);
  refresh ();
  wait_idle (vm);
  assert_file (folder, "image", cases[_i].image_then);
  assert_file (folder, "image.former", cases[_i].visible_then);
  assert_file (folder, FORMER, NULL);
  assert_file (service->settings->run_dir, UUID ".saving", NULL);
  ck_assert_int_eq (xm_vm_saved_is (vm), cases[_i].saved);
  refresh (); /* that all is done, once */
  wait_idle (vm);
  assert_file (folder, "image", cases[_i].image_then);
  ck_assert_uint_eq (dummy_xl_count ("create"), 0); /* what is saved is not kept alive */
}
END_TEST

/* xl goes on without the service. */
START_TEST (xl_still_saves)
{
  Channel gate = channel_new (folder, "gate");
  g_autofree char *xl = script_new (folder, "xl", "read -r word <$T/gate");
  g_autofree char *image = g_build_filename (folder, "image", NULL);
  char *argv[] = { xl, "save", "5", image, NULL };
  GPid pid;
  write_file (folder, "image", "half");
  write_file (folder, FORMER, "older");
  ck_assert (g_spawn_async (NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, NULL));
  tell_list ("---ss-", "2");
  XmVm *vm = find_vm ("replaced");
  refresh ();
  ck_assert (xm_lifecycle_is_busy (vm));
  ck_assert_int_eq (vm->state, XM_VM_SUSPENDED);
  assert_file (folder, FORMER, "older");
  write_file (folder, "image", "whole");
  tell_list ("", "");
  channel_say (&gate, "go");
  wait_idle (vm);
  assert_file (folder, "image", "whole");
  assert_file (folder, FORMER, NULL);
  ck_assert (xm_vm_saved_is (vm));
  ck_assert_int_eq (vm->state, XM_VM_SHUTDOWN);
  ck_assert_int_eq (waitpid (pid, NULL, 0), pid);
  channel_close (&gate);
}
END_TEST

START_TEST (no_picture_of_the_domains)
{
  write_file (folder, "image", "half");
  write_file (folder, FORMER, "older");
  dummy_xl_tell ("list.status", "1");
  guint before = dummy_xl_count ("list");
  gboolean done = FALSE;
  const XmVm *vm = find_vm ("replaced");
  xm_domains_refresh_async (service->domains, NULL, on_refreshed, &done);
  while (dummy_xl_count ("list") == before)
    g_main_context_iteration (NULL, FALSE);
  wait_idle (vm);
  assert_file (folder, FORMER, "older"); /* nobody knows yet */
  dummy_xl_tell ("list.status", NULL);
  tell_list ("-b----", "-");
  refresh ();
  wait_idle (vm);
  assert_file (folder, "image", "older");
}
END_TEST

START_TEST (rubbish_is_no_record)
{
  static const char *const records[] = {
    "", "5", "5 new", "5 new relative", "x new /", "5 strange /", "-5 replaced /x", "5\nnew\n/x"
  };
  write_file (service->settings->run_dir, UUID ".saving", records[_i]);
  XmVm *vm = service_fixture_add_vm (fixture, UUID, "{\"name\":\"n\"}");
  tell_list ("-b----", "-");
  refresh ();
  wait_idle (vm);
  assert_file (service->settings->run_dir, UUID ".saving", NULL);
  ck_assert_int_eq (vm->state, XM_VM_RUNNING);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("save-image");
  TCase *tcase = tcase_create ("save-image");
  tcase_set_timeout (tcase, 120);
  tcase_add_checked_fixture (tcase, set_up, tear_down);
  tcase_add_loop_test (tcase, the_last_life_was_saving, 0, G_N_ELEMENTS (cases));
  tcase_add_test (tcase, xl_still_saves);
  tcase_add_test (tcase, no_picture_of_the_domains);
  tcase_add_loop_test (tcase, rubbish_is_no_record, 0, 8);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

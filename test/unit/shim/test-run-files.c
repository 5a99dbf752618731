/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the run directory holds of VMs: what goes when, and what a saved VM leaves there. */
#include <check.h>

#include "service-fixture.h"
#include "shim/run-files.h"
#include "shim/vm-saved.h"
#include "test/unit/run-suite.h"

#define UUID    "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define UNKNOWN "8a3c1d5e-4f60-4b7a-9c21-0123456789ac"

static ServiceFixture *fixture;
static XmVm *vm;

static void
set_up (void)
{
  fixture = service_fixture_new ();
  vm = service_fixture_add_vm (fixture, UUID, "{\"name\":\"n\"}");
}

static void
tear_down (void)
{
  service_fixture_free (fixture);
}

static char *
path_of (const char *name)
{
  return g_build_filename (vm->service->settings->run_dir, name, NULL);
}

static void
make (const char *name)
{
  g_autofree char *path = path_of (name);
  ck_assert (g_file_set_contents (path, "", 0, NULL));
}

static gboolean
there (const char *name)
{
  g_autofree char *path = path_of (name);
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

START_TEST (tidied_at_the_beginning)
{
  static const char *const go[] = { UNKNOWN ".cfg",      UNKNOWN ".domid",  UNKNOWN ".again",
                                    UNKNOWN ".saved",    UNKNOWN ".saving", UUID ".cfg.A1b2C3",
                                    "autostarted.A1b2C3" };
  static const char *const stay[] = { UUID ".cfg",   UUID ".domid",   UUID ".again",
                                      UUID ".saved", "autostarted",   UNKNOWN ".qmp",
                                      "notes",       UUID ".cfg.old", "x" UNKNOWN ".cfg" };
  for (gsize i = 0; i < G_N_ELEMENTS (go); i++)
    make (go[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (stay); i++)
    make (stay[i]);
  xm_run_files_tidy (vm->service);
  for (gsize i = 0; i < G_N_ELEMENTS (go); i++)
    ck_assert_msg (!there (go[i]), "%s is still there", go[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (stay); i++)
    ck_assert_msg (there (stay[i]), "%s is gone", stay[i]);
}
END_TEST

START_TEST (removed_with_the_vm)
{
  make (UUID ".cfg");
  make (UUID ".domid");
  make (UUID ".again");
  make (UUID ".saved");
  make (UNKNOWN ".cfg");
  xm_run_files_remove (vm);
  ck_assert (!there (UUID ".cfg") && !there (UUID ".domid"));
  ck_assert (!there (UUID ".again") && !there (UUID ".saved"));
  ck_assert (there (UNKNOWN ".cfg"));
  xm_run_files_remove (vm); /* nothing to remove is no error */
}
END_TEST

START_TEST (saved)
{
  ck_assert (!xm_vm_saved_is (vm));
  xm_vm_saved_forget (vm);
  xm_vm_saved_discard (vm);
  xm_vm_saved_note (vm);
  ck_assert (xm_vm_saved_is (vm));
  ck_assert (there (UUID ".saved"));
  xm_vm_saved_note (vm);
  ck_assert (xm_vm_saved_is (vm));
  xm_vm_saved_forget (vm);
  ck_assert (!xm_vm_saved_is (vm));
  xm_vm_saved_note (vm);
  xm_vm_saved_discard (vm);
  ck_assert (!xm_vm_saved_is (vm));
  ck_assert (!there (UUID ".saved"));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("run-files");
  TCase *tcase = tcase_create ("run-files");
  tcase_set_timeout (tcase, 120);
  tcase_add_checked_fixture (tcase, set_up, tear_down);
  tcase_add_test (tcase, tidied_at_the_beginning);
  tcase_add_test (tcase, removed_with_the_vm);
  tcase_add_test (tcase, saved);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

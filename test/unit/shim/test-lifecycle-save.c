/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* suspend_to_file and resume_from_file with a scripted xl. */
#include <check.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dummy-xl.h"
#include "operation-fixture.h"
#include "service-fixture.h"
#include "shim/lifecycle-private.h"
#include "test/unit/run-suite.h"

#define UUID "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"

/** Host: a running VM, and a file to save it to. */
typedef struct {
  ServiceFixture *fixture;
  XmVm *vm;
  char *image;
} Host;

static void
tell_domain (const char *file, int domid, const char *state, const char *reason)
{
  g_autofree char *line = dummy_xl_domain ("n", domid, state, UUID, reason);
  g_autofree char *text = dummy_xl_domains (domid < 0 ? "" : line);
  dummy_xl_tell (file, text);
}

static Host
host_new (void)
{
  Host host = { service_fixture_new (), NULL, NULL };
  const XmService *service = service_fixture_service (host.fixture);
  const char *base = xm_store_get_base (service->store);
  g_autofree char *json = g_strdup_printf ("{\"name\":\"n\",\"config\":{\"virt-type\":\"pv\","
                                           "\"memory\":\"64\",\"kernel\":\"%s/../test.conf\"}}",
                                           base);
  Operation start;
  host.vm = service_fixture_add_vm (host.fixture, UUID, json);
  host.image = g_build_filename (service->settings->run_dir, "image", NULL);
  tell_domain ("create.domains", 5, "--p---", "-");
  tell_domain ("unpause.domains", 5, "-b----", "-");
  tell_domain ("destroy.domains", -1, "", "");
  operation_begin_on_file (host.vm, XM_OPERATION_START, NULL, &start);
  operation_end_well (&start);
  return host;
}

static void
host_free (Host *host)
{
  unlink (host->image);
  g_free (host->image);
  service_fixture_free (host->fixture);
}

/* A file that is there before xl begins is not what it writes. */
static void
wait_for_saves (guint n)
{
  while (dummy_xl_count ("save") < n)
    g_main_context_iteration (NULL, FALSE);
}

static gboolean
called_with (const char *command, const char *word)
{
  g_auto (GStrv) calls = dummy_xl_calls ();
  for (char **call = calls; *call != NULL; call++) {
    g_auto (GStrv) words = g_strsplit (*call, " ", -1);
    if (g_str_equal (words[0], command) && g_strv_contains ((const char *const *)words, word))
      return TRUE;
  }
  return FALSE;
}

static char *
config_path (const Host *host)
{
  return g_build_filename (service_fixture_service (host->fixture)->settings->run_dir, UUID ".cfg",
                           NULL);
}

START_TEST (saved_and_resumed)
{
  Host host = host_new ();
  Operation operation;
  g_autofree char *config = config_path (&host);
  tell_domain ("save.domains", -1, "", "");
  dummy_xl_shut_gate ("save");
  operation_begin_on_file (host.vm, XM_OPERATION_SUSPEND_TO_FILE, host.image, &operation);
  wait_for_saves (1);
  ck_assert (g_file_set_contents (host.image, "image", -1, NULL)); /* dummy-xl writes nothing */
  dummy_xl_open_gate ("save");
  operation_end_well (&operation);
  ck_assert_int_eq (host.vm->state, XM_VM_SHUTDOWN);
  ck_assert_int_eq (host.vm->domid, -1);
  ck_assert_int_eq (host.vm->lifecycle->own_domid, -1);
  ck_assert (called_with ("save", host.image) && called_with ("save", config));
  ck_assert_uint_eq (dummy_xl_count ("destroy"), 0);

  tell_domain ("restore.domains", 6, "--p---", "-");
  tell_domain ("unpause.domains", 6, "-b----", "-");
  operation_begin_on_file (host.vm, XM_OPERATION_RESUME_FROM_FILE, host.image, &operation);
  operation_end_well (&operation);
  ck_assert_int_eq (host.vm->state, XM_VM_RUNNING);
  ck_assert_int_eq (host.vm->lifecycle->own_domid, 6);
  ck_assert (called_with ("restore", "-e") && called_with ("restore", "-p"));
  ck_assert (called_with ("restore", host.image) && called_with ("restore", config));
  ck_assert (g_file_test (host.image, G_FILE_TEST_EXISTS));
  host_free (&host);
}
END_TEST

/* xl says that it is done, and the domain is still there: it must not run beside its image. */
START_TEST (a_saved_domain_is_removed)
{
  Host host = host_new ();
  Operation operation;
  tell_domain ("save.domains", 5, "---ss-", "2");
  operation_begin_on_file (host.vm, XM_OPERATION_SUSPEND_TO_FILE, host.image, &operation);
  operation_end_well (&operation);
  ck_assert_uint_eq (dummy_xl_count ("destroy"), 1);
  ck_assert_int_eq (host.vm->state, XM_VM_SHUTDOWN);
  host_free (&host);
}
END_TEST

START_TEST (a_failed_save_leaves_what_was_there)
{
  Host host = host_new ();
  Operation operation;
  g_autofree char *text = NULL;
  dummy_xl_tell ("save.status", "1");

  /* xl did not get so far as to touch the file. */
  ck_assert (g_file_set_contents (host.image, "older", -1, NULL));
  operation_begin_on_file (host.vm, XM_OPERATION_SUSPEND_TO_FILE, host.image, &operation);
  operation_end_badly (&operation, "223:IO error: \"Error suspending to file.\"");
  ck_assert (g_file_get_contents (host.image, &text, NULL, NULL));
  ck_assert_str_eq (text, "older");
  ck_assert_int_eq (host.vm->state, XM_VM_RUNNING);
  ck_assert_int_eq (host.vm->domid, 5);

  /* It wrote half of it. */
  dummy_xl_shut_gate ("save");
  operation_begin_on_file (host.vm, XM_OPERATION_SUSPEND_TO_FILE, host.image, &operation);
  wait_for_saves (2);
  ck_assert (!g_file_test (host.image, G_FILE_TEST_EXISTS));
  ck_assert_int_eq (host.vm->state, XM_VM_SUSPENDING);
  ck_assert (g_file_set_contents (host.image, "half", -1, NULL));
  dummy_xl_open_gate ("save");
  operation_end_badly (&operation, "223:IO error: \"Error suspending to file.\"");
  g_clear_pointer (&text, g_free);
  ck_assert (g_file_get_contents (host.image, &text, NULL, NULL));
  ck_assert_str_eq (text, "older");
  ck_assert_int_eq (host.vm->state, XM_VM_RUNNING);

  /* There is nothing to go back to. */
  ck_assert_int_eq (g_unlink (host.image), 0);
  dummy_xl_shut_gate ("save");
  operation_begin_on_file (host.vm, XM_OPERATION_SUSPEND_TO_FILE, host.image, &operation);
  wait_for_saves (3);
  ck_assert (g_file_set_contents (host.image, "half", -1, NULL));
  dummy_xl_open_gate ("save");
  operation_end_badly (&operation, "223:IO error: \"Error suspending to file.\"");
  ck_assert (!g_file_test (host.image, G_FILE_TEST_EXISTS));
  host_free (&host);
}
END_TEST

/* What is no plain file is never removed. */
START_TEST (devices_stay)
{
  Host host = host_new ();
  Operation operation;
  dummy_xl_tell ("save.status", "1");
  ck_assert_int_eq (mkfifo (host.image, 0600), 0);
  operation_begin_on_file (host.vm, XM_OPERATION_SUSPEND_TO_FILE, host.image, &operation);
  operation_end_badly (&operation, "Error suspending to file.");
  ck_assert (g_file_test (host.image, G_FILE_TEST_EXISTS));
  host_free (&host);
}
END_TEST

START_TEST (destroy_overtakes_save)
{
  Host host = host_new ();
  Operation saving, destroying;
  dummy_xl_shut_gate ("save");
  operation_begin_on_file (host.vm, XM_OPERATION_SUSPEND_TO_FILE, host.image, &saving);
  wait_for_saves (1);
  ck_assert (g_file_set_contents (host.image, "half", -1, NULL));
  operation_begin_on_file (host.vm, XM_OPERATION_DESTROY, NULL, &destroying);
  operation_end_badly (&saving, "overtaken by destroy");
  operation_end_well (&destroying);
  ck_assert (!g_file_test (host.image, G_FILE_TEST_EXISTS));
  ck_assert_int_eq (host.vm->state, XM_VM_SHUTDOWN);
  host_free (&host);
}
END_TEST

START_TEST (bad_files)
{
  Host host = host_new ();
  Operation operation;
  g_autofree char *nowhere = g_strconcat (host.image, "/below", NULL);
  const struct {
    XmOperationKind kind;
    const char *file, *part;
  } cases[] = {
    { XM_OPERATION_SUSPEND_TO_FILE, "relative", "223:IO error: relative: openFile: invalid" },
    { XM_OPERATION_SUSPEND_TO_FILE, "", "223:IO error: : openFile: invalid" },
    { XM_OPERATION_SUSPEND_TO_FILE, nowhere, "openFile: does not exist" },
    { XM_OPERATION_SUSPEND_TO_FILE, "/", "openFile: inappropriate type" },
    { XM_OPERATION_RESUME_FROM_FILE, "relative", "223:IO error: relative: openFile: invalid" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    operation_begin_on_file (host.vm, cases[i].kind, cases[i].file, &operation);
    operation_end_badly (&operation, cases[i].part);
  }
  ck_assert_uint_eq (dummy_xl_count ("save"), 0);

  /* Running, there is nothing to resume; stopped, there must be a file and a configuration. */
  operation_begin_on_file (host.vm, XM_OPERATION_RESUME_FROM_FILE, host.image, &operation);
  operation_end_well (&operation);
  operation_begin_on_file (host.vm, XM_OPERATION_DESTROY, NULL, &operation);
  operation_end_well (&operation);
  operation_begin_on_file (host.vm, XM_OPERATION_RESUME_FROM_FILE, host.image, &operation);
  operation_end_badly (&operation, "/image: openFile: does not exist (No such file or directory)");
  g_autofree char *config = config_path (&host);
  ck_assert_int_eq (g_unlink (config), 0);
  operation_begin_on_file (host.vm, XM_OPERATION_RESUME_FROM_FILE, host.image, &operation);
  operation_end_badly (&operation,
                       UUID ".cfg: openFile: does not exist (No such file or directory)");
  operation_begin_on_file (host.vm, XM_OPERATION_SUSPEND_TO_FILE, host.image, &operation);
  operation_end_badly (&operation, "223:IO error: \"Error suspending to file.\"");
  ck_assert_uint_eq (dummy_xl_count ("restore"), 0);
  host_free (&host);
}
END_TEST

START_TEST (a_failed_restore_leaves_nothing)
{
  Host host = host_new ();
  Operation operation;
  operation_begin_on_file (host.vm, XM_OPERATION_DESTROY, NULL, &operation);
  operation_end_well (&operation);
  ck_assert (g_file_set_contents (host.image, "rubbish", -1, NULL));
  dummy_xl_tell ("restore", "xl: this is no image\n");
  dummy_xl_tell ("restore.status", "1");
  operation_begin_on_file (host.vm, XM_OPERATION_RESUME_FROM_FILE, host.image, &operation);
  operation_end_badly (&operation, "223:IO error: \"xl: this is no image\"");
  ck_assert_int_eq (host.vm->state, XM_VM_SHUTDOWN);
  ck_assert_int_eq (host.vm->lifecycle->own_domid, -1);
  ck_assert (g_file_test (host.image, G_FILE_TEST_EXISTS));
  host_free (&host);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("lifecycle-save");
  TCase *tcase = tcase_create ("lifecycle-save");
  tcase_set_timeout (tcase, 120);
  tcase_add_test (tcase, saved_and_resumed);
  tcase_add_test (tcase, a_saved_domain_is_removed);
  tcase_add_test (tcase, a_failed_save_leaves_what_was_there);
  tcase_add_test (tcase, devices_stay);
  tcase_add_test (tcase, destroy_overtakes_save);
  tcase_add_test (tcase, bad_files);
  tcase_add_test (tcase, a_failed_restore_leaves_nothing);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

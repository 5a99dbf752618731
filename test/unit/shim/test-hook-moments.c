/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When hooks run: around the creation, the start and the deletion of a VM. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "dummy-xl.h"
#include "hook-fixture.h"
#include "operation-fixture.h"
#include "shim/hook.h"
#include "shim/lifecycle.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

#define UUID "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define PATH "/vm/8a3c1d5e_4f60_4b7a_9c21_0123456789ab"

static void
tell_domain (const char *file, const char *state)
{
  g_autofree char *line =
      state != NULL ? dummy_xl_domain ("n", 5, state, UUID, "-") : g_strdup ("");
  g_autofree char *text = dummy_xl_domains (line);
  dummy_xl_tell (file, text);
}

static HookHost
host_new (void)
{
  HookHost host = hook_host_new (UUID, "{\"name\":\"n\",\"config\":{\"virt-type\":\"pv\","
                                       "\"memory\":\"64\",\"kernel\":\"/bin/sh\"}}");
  tell_domain ("create.domains", "--p---");
  tell_domain ("unpause.domains", "-b----");
  tell_domain ("pause.domains", "--p---");
  tell_domain ("destroy.domains", NULL);
  return host;
}

/* -- instead of a start ------------------------------------------------------------ */

START_TEST (a_hook_takes_the_place_of_start)
{
  HookHost host = host_new ();
  hook_host_set (&host, "run-insteadof-start", "echo \"$1\" >\"$T/said\"");
  operation_run (host.vm, XM_OPERATION_START);
  channel_expect (&host.said, UUID);
  ck_assert_uint_eq (dummy_xl_count ("create"), 0);
  ck_assert_int_eq (host.vm->state, XM_VM_SHUTDOWN);

  operation_run (host.vm, XM_OPERATION_START_INTERNAL);
  ck_assert (channel_is_silent (&host.said));
  ck_assert_uint_eq (dummy_xl_count ("create"), 1);
  ck_assert_int_eq (host.vm->state, XM_VM_RUNNING);
  operation_run (host.vm, XM_OPERATION_DESTROY);

  hook_host_set (&host, "run-insteadof-start", "exit 1");
  Operation operation;
  operation_begin (host.vm, XM_OPERATION_START, &operation);
  operation_end_badly (&operation, "run-insteadof-start FAILED.");
  ck_assert_uint_eq (dummy_xl_count ("create"), 1);
  hook_host_free (&host);
}
END_TEST

/* The program may itself have the VM started; the start ends with the program. */
START_TEST (a_hook_may_use_the_vm)
{
  HookHost host = host_new ();
  hook_host_set (&host, "run-insteadof-start", "echo up >\"$T/said\"; read -r word <\"$T/go\"");
  hook_host_set (&host, "run-pre-boot", "echo pre-boot >\"$T/said\"");
  Operation start, second;
  operation_begin (host.vm, XM_OPERATION_START, &start);
  channel_expect (&host.said, "up");
  ck_assert (xm_lifecycle_is_busy (host.vm));
  operation_run (host.vm, XM_OPERATION_START_INTERNAL);
  channel_expect (&host.said, "pre-boot");
  ck_assert_int_eq (host.vm->state, XM_VM_RUNNING);
  operation_begin (host.vm, XM_OPERATION_START, &second); /* the same program not twice at a time */
  operation_run (host.vm, XM_OPERATION_PAUSE);
  ck_assert (!start.ended && !second.ended);
  ck_assert (channel_is_silent (&host.said));
  channel_say (&host.go, "go");
  operation_end_well (&start);
  channel_expect (&host.said, "up");
  channel_say (&host.go, "go");
  operation_end_well (&second);
  ck_assert (!xm_lifecycle_is_busy (host.vm));
  operation_run (host.vm, XM_OPERATION_DESTROY);
  hook_host_free (&host);
}
END_TEST

START_TEST (destroy_ends_a_hook)
{
  static const char *const hooks[] = { "run-insteadof-start", "run-pre-boot" };
  for (gsize i = 0; i < G_N_ELEMENTS (hooks); i++) {
    HookHost host = host_new ();
    hook_host_set (&host, hooks[i], "echo up >\"$T/said\"; read -r word <\"$T/go\"");
    Operation start;
    operation_begin (host.vm, XM_OPERATION_START, &start);
    channel_expect (&host.said, "up");
    operation_run (host.vm, XM_OPERATION_DESTROY);
    operation_end_badly (&start, "was overtaken by destroy");
    ck_assert_uint_eq (dummy_xl_count ("create"), 0);
    ck_assert_int_eq (host.vm->state, XM_VM_SHUTDOWN);
    ck_assert (!xm_lifecycle_is_busy (host.vm));
    hook_host_free (&host);
  }
}
END_TEST

/* -- before the boot --------------------------------------------------------------- */

START_TEST (the_configuration_is_there_before_the_boot)
{
  HookHost host = host_new ();
  g_autofree char *body =
      g_strdup_printf ("grep -c \"^uuid='$1'\\|^uuid=\\\"$1\\\"\" \"%s/$1.cfg\" >\"$T/said\"\n"
                       "grep -c '^create' \"$DUMMY_XL_DIR/calls\" >\"$T/said\"; exit 0",
                       service_fixture_service (host.fixture)->settings->run_dir);
  hook_host_set (&host, "run-pre-boot", body);
  operation_run (host.vm, XM_OPERATION_START);
  channel_expect (&host.said, "1");
  channel_expect (&host.said, "0");
  ck_assert_uint_eq (dummy_xl_count ("create"), 1);
  operation_run (host.vm, XM_OPERATION_DESTROY);

  hook_host_set (&host, "run-pre-boot", "exit 1");
  Operation start;
  operation_begin (host.vm, XM_OPERATION_START, &start);
  operation_end_badly (&start, "run-pre-boot FAILED.");
  ck_assert_uint_eq (dummy_xl_count ("create"), 1);
  ck_assert_int_eq (host.vm->state, XM_VM_SHUTDOWN);
  hook_host_free (&host);
}
END_TEST

/* -- after the creation ------------------------------------------------------------ */

static GVariant *
create (HookHost *host, const char *uuid, const char *hook, GError **error)
{
  g_autofree char *json =
      g_strdup_printf ("{\"uuid\":\"%s\",\"slot\":\"0\",\"run-post-create\":\"%s\"}", uuid, hook);
  return service_fixture_call (host->fixture, XENMGR, "/", XENMGR,
                               "create_vm_with_template_and_json", g_variant_new ("(ss)", "", json),
                               error);
}

static gboolean
was_signalled (HookHost *host, const char *member)
{
  g_autofree char *prefix = g_strconcat (member, " ", NULL);
  GPtrArray *signals = service_fixture_signals (host->fixture);
  for (guint i = 0; i < signals->len; i++) {
    if (g_str_has_prefix (signals->pdata[i], prefix))
      return TRUE;
  }
  return FALSE;
}

START_TEST (a_new_vm_is_told_of_after_its_hook)
{
  HookHost host = host_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *good = script_new (host.dir, "good", "echo \"$*\" >\"$T/said\"");
  g_autoptr (GVariant) path = create (&host, "00000000-1111-2222-3333-444444444444", good, &error);
  ck_assert_msg (path != NULL, "%s", error != NULL ? error->message : "");
  channel_expect (&host.said, "00000000-1111-2222-3333-444444444444");
  service_fixture_wait_signal (host.fixture, "vm_created");
  service_fixture_signals (host.fixture);

  g_autofree char *bad = script_new (host.dir, "bad", "exit 1");
  ck_assert_ptr_null (create (&host, "00000000-1111-2222-3333-555555555555", bad, &error));
  ck_assert_msg (strstr (error->message, "223:IO error: event-script: ") != NULL, "%s",
                 error->message);
  ck_assert_ptr_nonnull (xm_vm_lookup (host.vm->service, "00000000-1111-2222-3333-555555555555"));
  ck_assert (!was_signalled (&host, "vm_created"));
  hook_host_free (&host);
}
END_TEST

static void
on_answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Operation *operation = user_data;
  GVariant *answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &operation->error);
  g_clear_pointer (&answer, g_variant_unref);
  operation->ended = TRUE;
}

/* What its hook takes away again, nobody is told of. */
START_TEST (a_new_vm_that_goes_during_its_hook)
{
  HookHost host = host_new ();
  static const char uuid[] = "00000000-1111-2222-3333-666666666666";
  g_autofree char *script =
      script_new (host.dir, "s", "echo up >\"$T/said\"; read -r word <\"$T/go\"");
  g_autofree char *json =
      g_strdup_printf ("{\"uuid\":\"%s\",\"slot\":\"0\",\"run-post-create\":\"%s\"}", uuid, script);
  Operation creation = { FALSE, NULL };
  g_dbus_connection_call (service_fixture_client (host.fixture), XENMGR, "/", XENMGR,
                          "create_vm_with_template_and_json", g_variant_new ("(ss)", "", json),
                          NULL, G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, on_answered, &creation);
  channel_expect (&host.said, "up");
  fixture_remove (host.vm->service->store, "/vm/00000000-1111-2222-3333-666666666666");
  channel_say (&host.go, "go");
  operation_end_badly (&creation, "was removed while it was created");
  ck_assert (!was_signalled (&host, "vm_created"));
  hook_host_free (&host);
}
END_TEST

/* -- before a deletion ------------------------------------------------------------- */

static gboolean delete (HookHost *host, GError **error)
{
  g_autoptr (GVariant) answer =
      service_fixture_call (host->fixture, XENMGR, PATH, VM, "delete", NULL, error);
  return answer != NULL;
}

START_TEST (a_hook_can_refuse_a_deletion)
{
  HookHost host = host_new ();
  g_autoptr (GError) error = NULL;
  hook_host_set (&host, "run-pre-delete", "exit 1");
  ck_assert (!delete (&host, &error));
  ck_assert_msg (strstr (error->message, "run-pre-delete FAILED.") != NULL, "%s", error->message);
  ck_assert_ptr_nonnull (xm_vm_lookup (host.vm->service, UUID));
  g_clear_error (&error);

  hook_host_set (&host, "run-pre-delete", "echo \"$*\" >\"$T/said\"");
  ck_assert (delete (&host, &error));
  channel_expect (&host.said, UUID);
  ck_assert_ptr_null (xm_vm_lookup (service_fixture_service (host.fixture), UUID));
  hook_host_free (&host);
}
END_TEST

static void
begin_deletion (HookHost *host, Operation *deletion)
{
  *deletion = (Operation){ FALSE, NULL };
  g_dbus_connection_call (service_fixture_client (host->fixture), XENMGR, PATH, VM, "delete", NULL,
                          NULL, G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, on_answered, deletion);
}

/* The VM that was off when the hook began need not be when it ends, nor there at all. */
START_TEST (a_deletion_looks_again_after_its_hook)
{
  HookHost host = host_new ();
  hook_host_set (&host, "run-pre-delete", "echo up >\"$T/said\"; read -r word <\"$T/go\"");
  Operation deletion, second;
  begin_deletion (&host, &deletion);
  channel_expect (&host.said, "up");
  operation_run (host.vm, XM_OPERATION_START);
  channel_say (&host.go, "go");
  operation_end_badly (&deletion, "204:Cannot remove running VM");
  operation_run (host.vm, XM_OPERATION_DESTROY);

  begin_deletion (&host, &deletion);
  channel_expect (&host.said, "up");
  begin_deletion (&host, &second);
  /* answered after it: then it has arrived */
  g_variant_unref (service_fixture_get (host.fixture, PATH, VM, "name", NULL));
  channel_say (&host.go, "go");
  operation_end_well (&deletion);
  channel_expect (&host.said, "up");
  channel_say (&host.go, "go");
  operation_end_badly (&second, "no vm with uuid " UUID);
  hook_host_free (&host);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("hook-moments");
  TCase *tcase = tcase_create ("hook-moments");
  tcase_set_timeout (tcase, 60);
  tcase_add_test (tcase, a_hook_takes_the_place_of_start);
  tcase_add_test (tcase, a_hook_may_use_the_vm);
  tcase_add_test (tcase, destroy_ends_a_hook);
  tcase_add_test (tcase, the_configuration_is_there_before_the_boot);
  tcase_add_test (tcase, a_new_vm_is_told_of_after_its_hook);
  tcase_add_test (tcase, a_new_vm_that_goes_during_its_hook);
  tcase_add_test (tcase, a_hook_can_refuse_a_deletion);
  tcase_add_test (tcase, a_deletion_looks_again_after_its_hook);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

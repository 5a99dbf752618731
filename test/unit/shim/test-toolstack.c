/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which xl is at hand: asked once, by `xl help`. */
#include <check.h>
#include <string.h>

#include "dummy-xl.h"
#include "service-fixture.h"
#include "shim/start.h"
#include "test/unit/run-suite.h"

#define HEADER "xl full list of subcommands:\n\n create   Create a domain\n"

static void
on_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **)user_data = g_object_ref (result);
}

static gboolean
find (ServiceFixture *fixture, GCancellable *cancellable, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  xm_toolstack_find_async (service_fixture_service (fixture)->toolstack, cancellable, on_result,
                           &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return xm_toolstack_find_finish (result, error);
}

START_TEST (told_apart)
{
  static const struct {
    const char *help;
    gboolean openxt, acpi_state, patched;
  } cases[] = {
    { HEADER, FALSE, FALSE, FALSE },
    { HEADER " acpi-state   Get it\n uuid-to-domid   Convert\n hibernate  S4\n", TRUE, TRUE,
      FALSE },
    { HEADER " acpi-state   Get it\n", FALSE, TRUE, FALSE },
    { HEADER " uuid-to-domid   Convert\n", FALSE, FALSE, FALSE },
    { HEADER " acpi-state   Get it\n uuid-to-domid   Convert\n sleep   S3\n", FALSE, TRUE, TRUE },
    { HEADER " sleep   S3\n", FALSE, FALSE, FALSE },
  };
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmService *service = service_fixture_service (fixture);
  dummy_xl_tell ("help", cases[_i].help);
  ck_assert (!xm_service_has_subcommand (service, "create")); /* not known yet */
  ck_assert (find (fixture, NULL, NULL));
  ck_assert (xm_service_has_subcommand (service, "create"));
  ck_assert (!xm_service_has_subcommand (service, "list"));
  ck_assert_int_eq (xm_service_has_subcommand (service, "acpi-state"), cases[_i].acpi_state);
  ck_assert_int_eq (xm_toolstack_is_openxt (service->toolstack), cases[_i].openxt);
  ck_assert_int_eq (xm_toolstack_chooses_qmp_proxy (service->toolstack), cases[_i].patched);

  ck_assert (find (fixture, NULL, NULL));
  ck_assert_uint_eq (dummy_xl_count ("help"), 1);
  xm_toolstack_forget (service->toolstack);
  ck_assert (!xm_service_has_subcommand (service, "create"));
  ck_assert (find (fixture, NULL, NULL));
  ck_assert_uint_eq (dummy_xl_count ("help"), 2);
}
END_TEST

START_TEST (no_answer_is_asked_for_again)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  XmService *service = service_fixture_service (fixture);
  g_autoptr (GError) error = NULL;
  dummy_xl_tell ("help", "xl: no hypervisor\n");
  dummy_xl_tell ("help.status", "1");
  ck_assert (!find (fixture, NULL, &error));
  ck_assert (strstr (error->message, "no hypervisor") != NULL);
  ck_assert (!xm_toolstack_is_openxt (service->toolstack));
  dummy_xl_tell ("help", HEADER);
  dummy_xl_tell ("help.status", NULL);
  ck_assert (find (fixture, NULL, NULL));
  ck_assert (xm_service_has_subcommand (service, "create"));
}
END_TEST

START_TEST (cancelled)
{
  g_autoptr (ServiceFixture) fixture = service_fixture_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  dummy_xl_tell ("help.hang", "");
  xm_toolstack_find_async (service_fixture_service (fixture)->toolstack, cancellable, on_result,
                           &result);
  while (dummy_xl_count ("help") == 0)
    g_main_context_iteration (NULL, FALSE);
  g_cancellable_cancel (cancellable);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  ck_assert (!xm_toolstack_find_finish (result, &error));
  ck_assert (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
}
END_TEST

/* The service may end while xl hangs. */
START_TEST (the_end_of_the_service)
{
  ServiceFixture *fixture = service_fixture_new ();
  g_autoptr (GAsyncResult) result = NULL;
  dummy_xl_tell ("help.hang", "");
  xm_toolstack_find_async (service_fixture_service (fixture)->toolstack, NULL, on_result, &result);
  while (dummy_xl_count ("help") == 0)
    g_main_context_iteration (NULL, FALSE);
  service_fixture_free (fixture);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  ck_assert (!xm_toolstack_find_finish (result, NULL));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("toolstack");
  TCase *tcase = tcase_create ("toolstack");
  tcase_add_loop_test (tcase, told_apart, 0, 6);
  tcase_add_test (tcase, no_answer_is_asked_for_again);
  tcase_add_test (tcase, cancelled);
  tcase_add_test (tcase, the_end_of_the_service);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The power button of an HVM guest, with the real xenstored, a scripted xl, and nodes as OpenXT's
 * QEMU makes them. */
#include <check.h>
#include <string.h>
#include <xenstore.h>

#include "dummy-xl.h"
#include "service-fixture.h"
#include "shim/lifecycle.h"
#include "shim/power-button.h"
#include "test/simhost/standin/standin-host.h"
#include "test/unit/run-suite.h"

#define UUID   "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define MODEL  "/local/domain/0/device-model/5"
#define OPENXT "xl full list of subcommands:\n\n acpi-state x\n uuid-to-domid x\n hibernate x\n"

static StandinHost *host;
static ServiceFixture *fixture;
static XmService *service;
static struct xs_handle *other; /* somebody else's connection */
static XmVm *vm;

static void
on_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **)user_data = g_object_ref (result);
}

static GAsyncResult *
wait_result (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}

/* What xl list says from now on, and after @command. */
static void
tell_domain (const char *file, const char *state)
{
  g_autofree char *line = dummy_xl_domain ("n", 5, state, UUID, "-");
  g_autofree char *text = dummy_xl_domains (*state != '\0' ? line : "");
  dummy_xl_tell (file, text);
}

static void
refresh (void)
{
  g_autoptr (GAsyncResult) result = NULL;
  xm_domains_refresh_async (service->domains, NULL, on_ended, &result);
  ck_assert (xm_domains_refresh_finish (service->domains, wait_result (&result), NULL));
}

static void
put (const char *path, const char *text)
{
  ck_assert (xs_write (other, XBT_NULL, path, text, (unsigned)strlen (text)));
}

static void
begin (const char *type)
{
  g_autofree char *json =
      g_strdup_printf ("{\"name\":\"n\",\"config\":{\"virt-type\":\"%s\"}}", type);
  host = standin_host_new ();
  standin_host_start_xenstored (host);
  standin_host_introduce (host, 5);
  other = xs_open (0);
  ck_assert_ptr_nonnull (other);
  fixture = service_fixture_new_with_xenstored ();
  service = service_fixture_service (fixture);
  put ("/local/domain/5/vm", "/vm/" UUID);
  vm = service_fixture_add_vm (fixture, UUID, json);
  tell_domain ("list", "-b----");
  refresh ();
  ck_assert_int_eq (vm->domid, 5);
}

static void
set_up (void)
{
  begin ("hvm");
}

static void
set_up_pv (void)
{
  begin ("pv");
}

static void
tear_down (void)
{
  service_fixture_free (fixture);
  xs_close (other);
  standin_host_free (host);
}

static gboolean
find (void)
{
  g_autoptr (GAsyncResult) result = NULL;
  gboolean found;
  xm_power_button_find_async (vm, NULL, on_ended, &result);
  ck_assert (xm_power_button_find_finish (wait_result (&result), &found, NULL));
  return found;
}

START_TEST (found_by_its_node)
{
  ck_assert (!find ());
  put (MODEL "/hvm-powerbutton-enable", "");
  ck_assert (find ());
}
END_TEST

START_TEST (none_without_a_device_model)
{
  put (MODEL "/hvm-powerbutton-enable", "1");
  ck_assert (!find ());
}
END_TEST

START_TEST (cancelled)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean found;
  g_cancellable_cancel (cancellable);
  xm_power_button_find_async (vm, cancellable, on_ended, &result);
  ck_assert (!xm_power_button_find_finish (wait_result (&result), &found, &error));
  ck_assert (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  ck_assert (!found);
}
END_TEST

/* A press is told by the node and by xl, which do not wait for each other. */
static void
wait_request (void)
{
  for (;;) {
    unsigned length;
    g_autofree char *text = xs_read (other, XBT_NULL, MODEL "/hvm-shutdown", &length);
    if (g_strcmp0 (text, "poweroff") == 0)
      return;
    g_main_context_iteration (NULL, FALSE);
    g_usleep (1000);
  }
}

static void
wait_presses (guint n)
{
  while (dummy_xl_count ("trigger") < n)
    g_main_context_iteration (NULL, FALSE);
}

START_TEST (pressed_while_the_domain_is_there)
{
  xm_power_button_press (vm);
  wait_request ();
  wait_presses (1);
  ck_assert (xs_rm (other, XBT_NULL, MODEL "/hvm-shutdown"));
  wait_request ();
  wait_presses (2);

  ck_assert (xs_rm (other, XBT_NULL, "/local/domain/5"));
  ck_assert (xs_rm (other, XBT_NULL, MODEL));
  wait_presses (3);
  g_autoptr (GAsyncResult) result = NULL; /* xenstored answers in order */
  xl_xenstore_read_async (service->xenstore, MODEL "/hvm-shutdown", NULL, on_ended, &result);
  g_autofree char *none = xl_xenstore_read_finish (service->xenstore, wait_result (&result), NULL);
  ck_assert_ptr_null (none); /* nothing is written for a domain that is no more */
}
END_TEST

static gboolean
called (const char *words)
{
  g_auto (GStrv) calls = dummy_xl_calls ();
  return g_strv_contains ((const char *const *)calls, words);
}

/* @escalates: whether the first means, PV control, fails */
static void
shut_down (gboolean escalates)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) known = NULL;
  dummy_xl_tell ("help", OPENXT);
  xm_toolstack_forget (service->toolstack);
  xm_toolstack_find_async (service->toolstack, NULL, on_ended, &known);
  ck_assert (xm_toolstack_find_finish (wait_result (&known), NULL));
  ck_assert (xm_toolstack_is_openxt (service->toolstack));
  dummy_xl_tell ("acpi-state", "0\n");
  if (escalates)
    dummy_xl_tell ("shutdown.status", "1");
  else
    tell_domain ("shutdown.domains", "");
  xm_lifecycle_run_async (vm, XM_OPERATION_SHUTDOWN, on_ended, &result);
  if (escalates) {
    while (dummy_xl_count ("shutdown") < 2)
      g_main_context_iteration (NULL, FALSE);
    tell_domain ("list", "");
  } else {
    while (dummy_xl_count ("shutdown") < 1)
      g_main_context_iteration (NULL, FALSE);
  }
  while (result == NULL) { /* no xenstored tells of the end here */
    g_autoptr (GAsyncResult) listed = NULL;
    xm_domains_refresh_async (service->domains, NULL, on_ended, &listed);
    wait_result (&listed);
    g_main_context_iteration (NULL, FALSE);
  }
  ck_assert (xm_lifecycle_run_finish (result, NULL) || escalates);
}

/* OpenXT's xl powers a guest without PV control off by force, but not one that heeds the button. */
START_TEST (shutdown_without_a_button)
{
  shut_down (FALSE);
  ck_assert (called ("shutdown -c 5"));
}
END_TEST

START_TEST (shutdown_with_a_button)
{
  put (MODEL "/hvm-powerbutton-enable", "1");
  shut_down (FALSE);
  ck_assert (called ("shutdown 5"));
  ck_assert_uint_eq (dummy_xl_count ("trigger"), 0);
}
END_TEST

START_TEST (shutdown_presses_the_button)
{
  put (MODEL "/hvm-powerbutton-enable", "1");
  shut_down (TRUE);
  ck_assert (called ("shutdown 5") && called ("shutdown -F 5"));
  wait_presses (1);
  ck_assert (called ("trigger 5 power"));
}
END_TEST

static TCase *
add_case (Suite *suite, const char *name, SFun begins)
{
  TCase *tcase = tcase_create (name);
  tcase_set_timeout (tcase, 120);
  tcase_add_checked_fixture (tcase, begins, tear_down);
  suite_add_tcase (suite, tcase);
  return tcase;
}

int
main (void)
{
  Suite *suite = suite_create ("power-button");
  TCase *tcase = add_case (suite, "hvm", set_up);
  tcase_add_test (tcase, found_by_its_node);
  tcase_add_test (tcase, cancelled);
  tcase_add_test (tcase, pressed_while_the_domain_is_there);
  tcase_add_test (tcase, shutdown_without_a_button);
  tcase_add_test (tcase, shutdown_with_a_button);
  tcase_add_test (tcase, shutdown_presses_the_button);
  tcase = add_case (suite, "pv", set_up_pv);
  tcase_add_test (tcase, none_without_a_device_model);
  return run_suite (suite);
}

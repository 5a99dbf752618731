/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <gio/gunixsocketaddress.h>
#include <string.h>
#include <sys/socket.h>

#include "peer.h"
#include "shim/bus-limit.h"
#include "test/unit/run-suite.h"

/* What is too large for a bus does not leave; all else does. */

#define TOO_LARGE                                                                                  \
  "GDBus.Error:org.freedesktop.DBus.Error.LimitsExceeded: the answer is too large for the bus"

static const char xml[] =
    "<node><interface name='com.example.Big'>"
    " <method name='text'><arg type='u' direction='in'/><arg type='s' direction='out'/></method>"
    " <method name='fail'><arg type='u' direction='in'/><arg type='s' direction='out'/></method>"
    " <method name='tell'><arg type='u' direction='in'/><arg type='s' direction='out'/></method>"
    "</interface></node>";

static gboolean limited;

static void
handle (const char *method,
        GVariant *parameters,
        GDBusMethodInvocation *invocation,
        gpointer user_data)
{
  GDBusConnection *connection = g_dbus_method_invocation_get_connection (invocation);
  guint32 n;
  if (!limited)
    xm_bus_limit (connection);
  limited = TRUE;
  g_variant_get (parameters, "(u)", &n);

  g_autofree char *text = g_strnfill (n, 'x');
  if (g_str_equal (method, "fail")) {
    g_dbus_method_invocation_return_dbus_error (invocation, "com.example.Failed", text);
    return;
  }
  if (g_str_equal (method, "tell"))
    g_dbus_connection_emit_signal (connection, NULL, "/", "com.example.Big", "told",
                                   g_variant_new ("(s)", text), NULL);
  else
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(s)", text));
  if (g_str_equal (method, "tell"))
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(s)", "done"));
}

static const struct {
  const char *method;
  guint n;
  gboolean passes;
} cases[] = {
  { "text", 100, TRUE },
  { "text", XM_BUS_MAX_MESSAGE - 1000, TRUE },
  { "text", XM_BUS_MAX_MESSAGE, FALSE },
  { "text", 3 * XM_BUS_MAX_MESSAGE, FALSE },
  { "tell", XM_BUS_MAX_MESSAGE, TRUE },
};

START_TEST (only_what_fits_leaves)
{
  Peer *peer = peer_new (xml, handle, NULL);
  g_autoptr (GError) error = NULL;
  limited = FALSE;
  g_autoptr (GVariant) answer =
      peer_call (peer, cases[_i].method, g_variant_new ("(u)", cases[_i].n), &error);
  if (cases[_i].passes) {
    ck_assert_msg (answer != NULL, "%s", error != NULL ? error->message : "");
  } else {
    ck_assert_ptr_null (answer);
    ck_assert_str_eq (error->message, TOO_LARGE);
  }
  /* And the next one is answered as ever. */
  g_autoptr (GVariant) next = peer_call (peer, "text", g_variant_new ("(u)", 1), NULL);
  ck_assert_ptr_nonnull (next);
  peer_free (peer);
}
END_TEST

START_TEST (a_long_error_is_cut_short)
{
  Peer *peer = peer_new (xml, handle, NULL);
  g_autoptr (GError) error = NULL;
  limited = FALSE;
  ck_assert_ptr_null (peer_call (peer, "fail", g_variant_new ("(u)", XM_BUS_MAX_MESSAGE), &error));
  ck_assert_str_eq (error->message, TOO_LARGE);
  peer_free (peer);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("bus-limit");
  TCase *tests = tcase_create ("limit");
  tcase_set_timeout (tests, 110);
  tcase_add_loop_test (tests, only_what_fits_leaves, 0, G_N_ELEMENTS (cases));
  tcase_add_test (tests, a_long_error_is_cut_short);
  suite_add_tcase (suite, tests);

  return run_suite (suite);
}

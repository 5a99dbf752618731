/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Peers that come and go, on a real bus. */
#include <check.h>
#include <string.h>

#include "peer.h"
#include "shim/peers.h"
#include "test/unit/run-suite.h"

#define NAME "com.citrix.xenclient.usbdaemon"

static const char xml[] = "<node><interface name='" NAME "'>"
                          "<method name='new_vm'><arg type='i' direction='in'/></method>"
                          "</interface></node>";

static GTestDBus *bus;
static GDBusConnection *ours, *theirs;
static XmPeers *peers;
static GDBusNodeInfo *info;
static gint sent;    /* calls that went to the bus */
static guint heard;  /* calls that the peer had */
static guint absent; /* messages that it is absent */
static guint ended;  /* calls of done */

static GDBusMessage *
on_message (GDBusConnection *connection,
            GDBusMessage *message,
            gboolean incoming,
            gpointer user_data)
{
  if (!incoming && g_strcmp0 (g_dbus_message_get_destination (message), NAME) == 0)
    g_atomic_int_inc (&sent);
  return message;
}

static void
on_call (GDBusConnection *connection,
         const char *sender,
         const char *path,
         const char *interface,
         const char *method,
         GVariant *parameters,
         GDBusMethodInvocation *invocation,
         gpointer user_data)
{
  heard++;
  g_dbus_method_invocation_return_value (invocation, NULL);
}

static void
on_log (const char *domain, GLogLevelFlags level, const char *text, gpointer user_data)
{
  if (g_str_equal (text, NAME " is not on the bus, and not told"))
    absent++;
  else if (g_strcmp0 (domain, "GLib") != 0) /* which complains of GTestDBus */
    ck_abort_msg ("logged: %s", text);
}

static void
set_up (void)
{
  static const GDBusInterfaceVTable vtable = { .method_call = on_call };
  bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (bus);
  ours = peer_join_bus (bus);
  theirs = peer_join_bus (bus);
  info = g_dbus_node_info_new_for_xml (xml, NULL);
  g_dbus_connection_register_object (theirs, "/", info->interfaces[0], &vtable, NULL, NULL, NULL);
  g_dbus_connection_add_filter (ours, on_message, NULL, NULL);
  g_log_set_default_handler (on_log, NULL);
  peers = xm_peers_new (ours);
}

static void
tear_down (void)
{
  xm_peers_free (peers);
  g_dbus_connection_close_sync (ours, NULL, NULL);
  g_dbus_connection_close_sync (theirs, NULL, NULL);
  g_object_unref (ours);
  g_object_unref (theirs);
  g_dbus_node_info_unref (info);
  g_test_dbus_down (bus);
  g_object_unref (bus);
}

static void
on_done (gpointer user_data)
{
  ended++;
}

static void
tell (void)
{
  guint before = ended;
  xm_peers_call (peers, NAME, "new_vm", g_variant_new ("(i)", 1), on_done, NULL);
  while (ended == before)
    g_main_context_iteration (NULL, TRUE);
}

static void
wait_absent (guint times)
{
  while (absent < times)
    g_main_context_iteration (NULL, TRUE);
}

static void
own (gboolean own_it)
{
  const char *method = own_it ? "RequestName" : "ReleaseName";
  GVariant *parameters = own_it ? g_variant_new ("(su)", NAME, 0) : g_variant_new ("(s)", NAME);
  g_autoptr (GVariant) answer = g_dbus_connection_call_sync (
      theirs, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", method,
      parameters, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
  ck_assert_ptr_nonnull (answer);
}

START_TEST (absent_one_is_tried_once)
{
  tell ();
  wait_absent (1);
  int tried = g_atomic_int_get (&sent);
  ck_assert_int_eq (tried, 1);
  for (int i = 0; i < 3; i++)
    tell ();
  ck_assert_int_eq (g_atomic_int_get (&sent), tried);
  ck_assert_uint_eq (ended, 4);
  ck_assert_uint_eq (absent, 1);
}
END_TEST

START_TEST (one_that_comes_is_told_until_it_goes)
{
  tell ();
  wait_absent (1);
  own (TRUE);
  while (heard == 0) {
    tell ();
    g_main_context_iteration (NULL, FALSE);
  }
  own (FALSE);
  wait_absent (2);
  guint had = heard;
  tell ();
  ck_assert_uint_eq (heard, had);
  ck_assert_uint_eq (absent, 2);
}
END_TEST

START_TEST (present_one_is_told_at_once)
{
  own (TRUE);
  tell ();
  tell ();
  ck_assert_uint_eq (heard, 2);
  ck_assert_uint_eq (absent, 0);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("peers");
  TCase *tcase = tcase_create ("peers");
  tcase_add_checked_fixture (tcase, set_up, tear_down);
  tcase_add_test (tcase, absent_one_is_tried_once);
  tcase_add_test (tcase, one_that_comes_is_told_until_it_goes);
  tcase_add_test (tcase, present_one_is_told_at_once);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

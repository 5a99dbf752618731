/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <glib/gstdio.h>
#include <string.h>

#include "peer.h"
#include "shim/db-service.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

/* com.citrix.xenclient.db as a client sees it. */

#define FAILED "GDBus.Error:org.freedesktop.DBus.Error.Failed: "

static char *base;
static XmStore *store;
static Peer *peer;

static void
handle (const char *method,
        GVariant *parameters,
        GDBusMethodInvocation *invocation,
        gpointer user_data)
{
  ck_assert (xm_db_handle (store, method, parameters, invocation));
}

static void
setup (void)
{
  g_autofree char *xml = NULL;

  ck_assert (
      g_file_get_contents (SOURCE_DIR "/dbus-xml/com.citrix.xenclient.db.xml", &xml, NULL, NULL));
  base = fixture_new ();
  fixture_write_file (base, "vms/x/key",
                      "\x01\xff"
                      "bytes");
  store = fixture_open (base);
  peer = peer_new (xml, handle, NULL);
}

static void
teardown (void)
{
  g_clear_pointer (&peer, peer_free);
  g_clear_object (&store);
  fixture_free (g_steal_pointer (&base));
}

/* @answer: as GVariant text */
static void
assert_answer (const char *method, GVariant *parameters, const char *answer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = peer_call (peer, method, parameters, &error);
  g_autofree char *text = NULL;

  ck_assert_msg (value != NULL, "%s", error ? error->message : "no error");
  text = g_variant_print (value, FALSE);
  ck_assert_str_eq (text, answer);
}

static void
assert_failure (const char *method, GVariant *parameters, const char *start)
{
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (peer_call (peer, method, parameters, &error));
  ck_assert_msg (g_str_has_prefix (error->message, start), "%s", error->message);
}

START_TEST (the_eight_methods_answer)
{
  assert_answer ("write", g_variant_new ("(ss)", "/a/b", "x/y"), "()");
  assert_answer ("read", g_variant_new ("(s)", "/a/b"), "('x/y',)");
  assert_answer ("read", g_variant_new ("(s)", "/nope"), "('',)");
  assert_answer ("inject", g_variant_new ("(ss)", "/a/c", "{\"d\":5}"), "()");
  assert_answer ("list", g_variant_new ("(s)", "/a"), "(['b', 'c'],)");
  assert_answer ("list", g_variant_new ("(s)", "/a/b"), "([],)");
  assert_answer ("exists", g_variant_new ("(s)", "/a/c/d"), "(true,)");
  assert_answer ("exists", g_variant_new ("(s)", "/a/c/e"), "(false,)");
  assert_answer ("dump", g_variant_new ("(s)", "/a"),
                 "('{\\n  \"b\": \"x\\\\/y\",\\n  \"c\": {\\n    \"d\": 5\\n  }\\n}\\n',)");
  assert_answer ("rm", g_variant_new ("(s)", "/a/b"), "()");
  assert_answer ("exists", g_variant_new ("(s)", "/a/b"), "(false,)");
  assert_answer ("dump", g_variant_new ("(s)", "/a/b"), "('null\\n',)");
}
END_TEST

START_TEST (binary_nodes_are_read)
{
  g_autofree char *file = g_strdup_printf ("('file:%s/vms/x/key',)", base);
  g_autofree char *path = g_build_filename (base, "vms/x/key", NULL);
  g_autofree char *missing = g_strdup_printf (
      FAILED "223:IO error: %s: openBinaryFile: does not exist (No such file or directory)", path);

  assert_answer ("read", g_variant_new ("(s)", "/vm/x/key"), file);
  assert_answer ("read_binary", g_variant_new ("(s)", "/vm/x/key"),
                 "([0x01, 0xff, 0x62, 0x79, 0x74, 0x65, 0x73],)");
  assert_failure ("read_binary", g_variant_new ("(s)", "/db-version"), FAILED "not a binary node");
  assert_failure ("read_binary", g_variant_new ("(s)", "/nope"), FAILED "not a binary node");
  ck_assert_int_eq (g_unlink (path), 0);
  assert_failure ("read_binary", g_variant_new ("(s)", "/vm/x/key"), missing);
}
END_TEST

START_TEST (refusals_say_why)
{
  assert_failure ("write", g_variant_new ("(ss)", "/vm/x/key", "v"),
                  FAILED "cannot overwrite binary file nodes");
  assert_failure ("rm", g_variant_new ("(s)", "/vm/x/key"),
                  FAILED "cannot remove binary file nodes");
  assert_failure ("inject", g_variant_new ("(ss)", "/a", "{"), FAILED "malformed JSON: ");
  assert_failure ("write", g_variant_new ("(ss)", "/vm/../x", "v"), FAILED "'..' cannot be");
}
END_TEST

/* The answer to a change says that it is on disk. */
START_TEST (changes_are_answered_when_durable)
{
  g_autofree char *blocked = g_build_filename (base, "vms/a.db.tmp", NULL);
  g_autofree char *failure = g_strdup_printf (FAILED "223:IO error: %s: Is a directory", blocked);
  g_autofree char *text = NULL;

  assert_answer ("write", g_variant_new ("(ss)", "/vm/a/name", "1"), "()");
  text = fixture_read_file (base, "vms/a.db");
  ck_assert_str_eq (text, "{\n  \"name\": \"1\"\n}\n");
  assert_answer ("rm", g_variant_new ("(s)", "/vm/a"), "()");
  ck_assert (!fixture_has_file (base, "vms/a.db"));

  ck_assert_int_eq (g_mkdir (blocked, 0755), 0);
  assert_failure ("write", g_variant_new ("(ss)", "/vm/a/name", "2"), failure);
  assert_failure ("inject", g_variant_new ("(ss)", "/vm/a", "{}"), failure);
  assert_answer ("exists", g_variant_new ("(s)", "/vm/a"), "(false,)");
}
END_TEST

START_TEST (an_unknown_method_is_left_alone)
{
  ck_assert (!xm_db_handle (store, "reboot", NULL, NULL));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("db-service");
  TCase *tests = tcase_create ("methods");

  tcase_add_checked_fixture (tests, setup, teardown);
  tcase_add_test (tests, the_eight_methods_answer);
  tcase_add_test (tests, binary_nodes_are_read);
  tcase_add_test (tests, refusals_say_why);
  tcase_add_test (tests, changes_are_answered_when_durable);
  tcase_add_test (tests, an_unknown_method_is_left_alone);
  suite_add_tcase (suite, tests);
  return run_suite (suite);
}

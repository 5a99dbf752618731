/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The db-* programs: what they send, print and end with. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cli-bus.h"
#include "test/unit/run-suite.h"

#define FOLDER BUILD_DIR "/xec/"
#define USAGE  "Usage: db-cmd <cmd> <parameters>\n"

static CliBus *bus;
static gboolean odd_service; /* answers with values of another type */

/* A small tree: what list and read answer of each node. */
static const struct {
  const char *path;
  const char *children; /* as GVariant text */
  const char *text;
} nodes[] = {
  { "", "(['vm', 'a b', 'empty'],)", "" },  { "/vm", "(['x'],)", "" },
  { "/vm/x", "(['name', 'config'],)", "" }, { "/vm/x/name", "(@as [],)", "win \"7\"" },
  { "/vm/x/config", "(['pci'],)", "" },     { "/vm/x/config/pci", "(@as [],)", "" },
  { "/a b", "(@as [],)", "h\xc3\xa4" },     { "/empty", "(@as [],)", "" },
};

static void
answer (CliBus *on, GDBusMessage *call)
{
  const char *member = g_dbus_message_get_member (call);
  g_autoptr (GVariant) argument = g_variant_get_child_value (g_dbus_message_get_body (call), 0);
  const char *path = g_variant_get_string (argument, NULL);
  gboolean lists = g_str_equal (member, "list");

  ck_assert_str_eq (g_dbus_message_get_interface (call), "com.citrix.xenclient.db");
  ck_assert_str_eq (g_dbus_message_get_destination (call), "com.citrix.xenclient.db");
  if (odd_service) {
    cli_bus_return (bus, call, "(1, 'odd')");
  } else if (g_str_equal (path, "/fail")) {
    cli_bus_fail (bus, call, "org.freedesktop.DBus.Error.Failed", "('not a binary node',)");
  } else if (lists || g_str_equal (member, "read")) {
    for (gsize i = 0; i < G_N_ELEMENTS (nodes); i++)
      if (g_str_equal (nodes[i].path, path)) {
        if (lists)
          cli_bus_return (bus, call, nodes[i].children);
        else
          cli_bus_return_value (bus, call, g_variant_new ("(s)", nodes[i].text));
        return;
      }
    cli_bus_return (bus, call, lists ? "(@as [],)" : "('',)");
  } else if (g_str_equal (member, "exists")) {
    cli_bus_return (bus, call, g_str_equal (path, "/vm") ? "(true,)" : "(false,)");
  } else if (g_str_equal (member, "read_binary")) {
    cli_bus_return (bus, call,
                    g_str_equal (path, "/none") ? "(@ay [],)" : "([byte 0x01, 0xff, 0x0a],)");
  } else {
    cli_bus_return (bus, call, "()");
  }
}

static void
set_up (void)
{
  bus = cli_bus_start (answer);
}

static void
tear_down (void)
{
  cli_bus_stop (bus);
}

static const struct {
  const char *words; /* the program first; one a line */
  const char *log;
  int status;
  const char *out;
  const char *err;
} cases[] = {
  { "db-read\n/vm/x/name", "/ read ('/vm/x/name',)\n", 0, "win \"7\"\n", "" },
  { "db-cmd\nread\n/vm/x/name", "/ read ('/vm/x/name',)\n", 0, "win \"7\"\n", "" },
  { "db-read\n/nosuch", "/ read ('/nosuch',)\n", 0, "\n", "" },
  { "db-read\n/a b", "/ read ('/a b',)\n", 0, "h\xc3\xa4\n", "" },
  { "db-read\n/fail", "/ read ('/fail',)\n", 1, "",
    "db-read: org.freedesktop.DBus.Error.Failed: not a binary node\n" },

  { "db-write\n/a\nb c", "/ write ('/a', 'b c')\n", 0, "", "" },
  { "db-write\n/a\n", "/ write ('/a', '')\n", 0, "", "" },
  { "db-write\n/vm/x\n-f", "/ write ('/vm/x', '-f')\n", 0, "", "" },
  { "db-write\n/\nx", "", 1, "", "Nope, not doing that.\n" },
  { "db-write\n/vm\nx", "", 1, "", "Nope, not doing that.\n" },
  { "db-write\n//vm/\nx", "", 1, "", "Nope, not doing that.\n" },
  { "db-write\n\nx", "", 1, "", "Nope, not doing that.\n" },
  { "db-write\n/fail\nx", "/ write ('/fail', 'x')\n", 1, "",
    "db-write: org.freedesktop.DBus.Error.Failed: not a binary node\n" },

  { "db-rm\n/a", "/ rm ('/a',)\n", 0, "", "" },
  { "db-rm\n/", "", 1, "bad path\n", "" },
  { "db-rm\n//", "", 1, "bad path\n", "" },

  { "db-exists\n/vm", "/ exists ('/vm',)\n", 0, "true\n", "" },
  { "db-exists\n/nosuch", "/ exists ('/nosuch',)\n", 0, "false\n", "" },

  { "db-nodes\n/vm/x", "/ list ('/vm/x',)\n", 0, "name config\n", "" },
  { "db-nodes\n/nosuch", "/ list ('/nosuch',)\n", 0, "\n", "" },

  { "db-cat\n/vm/x/key", "/ read_binary ('/vm/x/key',)\n", 0, "\x01\xff\n", "" },
  { "db-cat\n/none", "/ read_binary ('/none',)\n", 0, "", "" },
  { "db-cat\n/fail", "/ read_binary ('/fail',)\n", 1, "",
    "db-cat: org.freedesktop.DBus.Error.Failed: not a binary node\n" },

  { "db-ls\n/vm/x/name", "/ list ('/vm/x/name',)\n/ read ('/vm/x/name',)\n", 0,
    "name = \"win \"7\"\"\n", "" },
  { "db-ls\n/nosuch", "/ list ('/nosuch',)\n/ read ('/nosuch',)\n", 0, "nosuch = \"\"\n", "" },
  { "db-ls\n/vm/", NULL, 0, "vm =\n x =\n  name = \"win \"7\"\"\n  config =\n   pci = \"\"\n", "" },
  { "db-ls\n-f\nvm/x", NULL, 0,
    "/vm/x =\n /vm/x/name = \"win \"7\"\"\n /vm/x/config =\n  /vm/x/config/pci = \"\"\n", "" },
  { "db-ls", NULL, 0,
    " =\n vm =\n  x =\n   name = \"win \"7\"\"\n   config =\n    pci = \"\"\n"
    " a b = \"h\xc3\xa4\"\n empty = \"\"\n",
    "" },
  { "db-ls\n/fail", "/ list ('/fail',)\n", 1, "",
    "db-ls: org.freedesktop.DBus.Error.Failed: not a binary node\n" },

  { "db-cmd", "", 1, "", USAGE },
  { "db-cmd\nfrob", "", 1, "", USAGE },
  { "db-cmd\ncmd\nread", "", 1, "", USAGE },
  { "db-read", "", 1, "", USAGE },
  { "db-read\n/a\n/b", "", 1, "", USAGE },
  { "db-write\n/a", "", 1, "", USAGE },
  { "db-ls\n/a\n/b", "", 1, "", USAGE },
  { "db-ls\n-f\n/a\n/b", "", 1, "", USAGE },
  { "db-write\n/a\n\xff", "", 1, "", "db-write: an argument is not UTF-8 text\n" },
};

static CliResult *
run (const char *words)
{
  g_autofree char *with_folder = g_strconcat (FOLDER, words, NULL);
  g_auto (GStrv) argv = g_strsplit (with_folder, "\n", -1);

  return cli_bus_run (bus, (const char *const *)argv, "C");
}

START_TEST (test_case)
{
  g_autoptr (CliResult) result = run (cases[_i].words);
  g_autofree char *log = cli_bus_take_log (bus);

  ck_assert_str_eq (result->err, cases[_i].err);
  ck_assert_str_eq (result->out, cases[_i].out);
  if (cases[_i].log != NULL)
    ck_assert_str_eq (log, cases[_i].log);
  ck_assert_int_eq (result->status, cases[_i].status);
}
END_TEST

START_TEST (test_answers_of_another_type)
{
  static const char *const words[] = { "db-read\n/a",   "db-write\n/a\nb", "db-rm\n/a",
                                       "db-exists\n/a", "db-nodes\n/a",    "db-ls\n/a",
                                       "db-cat\n/a" };

  odd_service = TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (words); i++) {
    g_autoptr (CliResult) result = run (words[i]);

    ck_assert_int_eq (result->status, 1);
    ck_assert_str_eq (result->out, "");
    ck_assert_ptr_nonnull (strstr (result->err, " answered with (is), not "));
  }
}
END_TEST

START_TEST (test_help)
{
  g_autoptr (CliResult) result = run ("db-cmd\n--help");

  ck_assert_int_eq (result->status, 0);
  ck_assert (g_str_has_prefix (result->out, USAGE));
  ck_assert_ptr_nonnull (strstr (result->out, "ls [-f] [PATH]"));
}
END_TEST

START_TEST (test_stdout_full)
{
  const char *argv[] = { "/bin/sh", "-c", "exec " FOLDER "db-read /a >/dev/full", NULL };
  g_autoptr (CliResult) result = cli_bus_run (bus, argv, "C");

  ck_assert_int_eq (result->status, 1);
}
END_TEST

START_TEST (test_no_bus)
{
  const char *argv[] = { "/usr/bin/env", "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent/bus",
                         FOLDER "db-read", "/a", NULL };
  g_autoptr (CliResult) result = cli_bus_run (bus, argv, "C");

  ck_assert_int_eq (result->status, 1);
  ck_assert_str_eq (result->out, "");
  ck_assert (g_str_has_prefix (result->err, "db-read: cannot connect to the system bus: "));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("db-cmd-cli");
  TCase *tests = tcase_create ("cli");

  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_set_timeout (tests, 60);
  tcase_add_loop_test (tests, test_case, 0, G_N_ELEMENTS (cases));
  tcase_add_test (tests, test_answers_of_another_type);
  tcase_add_test (tests, test_help);
  tcase_add_test (tests, test_stdout_full);
  tcase_add_test (tests, test_no_bus);
  suite_add_tcase (suite, tests);

  return run_suite (suite);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xec as a program: what it sends, prints and ends with. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cli-bus.h"
#include "test/unit/run-suite.h"

#define ERROR_PREFIX "org.freedesktop.DBus.Error."

/* Written as other services may: comments, nested nodes, annotations, unnamed arguments. */
static const char introspection[] =
    "<?xml version='1.0'?>\n"
    "<!DOCTYPE node PUBLIC '-//freedesktop//DTD D-BUS Object Introspection 1.0//EN'\n"
    " 'http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd'>\n"
    "<!-- a comment --><node name='/'>\n"
    "<interface name='com.example.First'>"
    " <method name='no_args'/>"
    " <method name='two_results'><arg name='a' type='s' direction='out'/>"
    "  <arg type='as' direction='out'/></method>"
    " <method name='typed'><annotation name='org.freedesktop.DBus.Deprecated' value='true'/>"
    "  <arg name='i' type='i'/><arg name='b' type='b' direction='in'/>"
    "  <arg name='s' type='s' direction='in'/><arg name='l' type='a{ss}' direction='in'/></method>"
    " <method name='variant'><arg type='v' direction='in'/></method>"
    " <method name='odd'><arg type='Z' direction='in'/></method>"
    " <method name='shared'/>"
    " <method name='fail'/><method name='fail_bare'/><method name='fail_many'/>"
    " <method name='slow'><arg type='s' direction='out'/></method><method name='leave'/>"
    " <method name='umlauts'><arg type='s' direction='out'/></method>"
    " <property name='plain-name' type='s' access='readwrite'/>"
    " <property name='number' type='u' access='read'/>"
    " <property name='shared' type='s' access='readwrite'/>"
    "</interface>\n"
    "<interface name='com.example.Empty'/>"
    "<interface name='com.example.Second'>"
    " <method name='shared'/><method name='only_second'/>"
    " <property name='shared' type='i' access='readwrite'/>"
    " <property name='write-only' type='b' access='write'/>"
    " <signal name='changed'><arg type='s'/></signal>"
    "</interface>\n"
    "<interface name='org.freedesktop.DBus.Properties'>"
    " <method name='Get'><arg type='s' direction='in'/><arg type='s' direction='in'/>"
    "  <arg type='v' direction='out'/></method></interface>"
    "<node name='child'><interface name='com.example.Child'><method name='hidden'/></interface>"
    "</node></node>\n";

static CliBus *bus;
static GDBusMessage *held;
static gboolean break_second_getall;
static char *shared_called_on; /* the interface */

static gboolean
answer_held (gpointer data)
{
  g_autoptr (GDBusMessage) call = g_steal_pointer (&held);
  cli_bus_return (bus, call, "('at last',)");
  return G_SOURCE_REMOVE;
}

static void
answer_properties (GDBusMessage *call, const char *member)
{
  const char *interface = "";
  const char *property = "";

  if (g_str_equal (member, "GetAll")) {
    g_variant_get (g_dbus_message_get_body (call), "(&s)", &interface);
    if (g_str_equal (interface, "com.example.First"))
      cli_bus_return (bus, call, "({'plain-name': <'a'>, 'number': <@as []>},)");
    else if (g_str_equal (interface, "com.example.Empty"))
      cli_bus_return (bus, call, "(@a{sv} {},)");
    else if (break_second_getall)
      cli_bus_fail (bus, call, "com.example.Broken", "('second is broken',)");
    else
      cli_bus_return (bus, call, "({'shared': <-1>},)");
    return;
  }
  if (g_str_equal (member, "Set")) {
    cli_bus_return (bus, call, "()");
    return;
  }
  g_variant_get (g_dbus_message_get_body (call), "(&s&s)", &interface, &property);
  if (g_str_equal (property, "number"))
    cli_bus_return (bus, call, "(uint32 7,)");
  else if (g_str_equal (property, "shared"))
    cli_bus_return (bus, call, "('two', 'values')");
  else if (g_str_equal (property, "plain-name"))
    cli_bus_return (bus, call, "(<{'key': 'value'}>,)");
  else
    cli_bus_fail (bus, call, ERROR_PREFIX "InvalidArgs", "('no such property',)");
}

static void
answer (CliBus *on, GDBusMessage *call)
{
  static const struct {
    const char *member;
    const char *results;
  } fixed[] = {
    { "two_results", "('first', ['second', 'third'])" },
    { "umlauts", "('h\xc3\xa4',)" },
    { "typed", "()" },
    { "no_args", "()" },
    { "only_second", "()" },
  };
  const char *member = g_dbus_message_get_member (call);
  const char *path = g_dbus_message_get_path (call);

  if (g_str_equal (g_dbus_message_get_interface (call), "org.freedesktop.DBus.Properties")) {
    answer_properties (call, member);
    return;
  }
  if (g_str_equal (member, "Introspect")) {
    if (g_str_equal (path, "/broken"))
      cli_bus_return (bus, call, "('<node><interface>',)");
    else if (g_str_equal (path, "/number"))
      cli_bus_return (bus, call, "(1,)");
    else
      cli_bus_return_value (bus, call, g_variant_new ("(s)", introspection));
    return;
  }
  for (gsize i = 0; i < G_N_ELEMENTS (fixed); i++) {
    if (g_str_equal (member, fixed[i].member)) {
      cli_bus_return (bus, call, fixed[i].results);
      return;
    }
  }
  if (g_str_equal (member, "fail")) {
    cli_bus_fail (bus, call, "com.example.Error", "('223: it: broke',)");
  } else if (g_str_equal (member, "fail_bare")) {
    cli_bus_fail (bus, call, "com.example.Error", NULL);
  } else if (g_str_equal (member, "fail_many")) {
    cli_bus_fail (bus, call, "com.example.Error", "('text', 7, true)");
  } else if (g_str_equal (member, "slow")) {
    held = g_object_ref (call);
    g_idle_add_full (G_PRIORITY_LOW, answer_held, NULL, NULL);
  } else if (g_str_equal (member, "shared")) {
    shared_called_on = g_strdup (g_dbus_message_get_interface (call));
    cli_bus_return (bus, call, "()");
  } else if (g_str_equal (member, "leave")) {
    cli_bus_hang_up (bus);
  } else {
    ck_abort_msg ("unexpected call of %s", member);
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
  g_clear_pointer (&shared_called_on, g_free);
}

#define INTROSPECT "/ Introspect ()\n"
#define FIRST_ROWS                                                                                 \
  "com.example.First\n{\n"                                                                         \
  "  \"plain-name\"                        = a\n"                                                  \
  "  \"number\"                            = \n}\n"
#define SECOND_ROWS "com.example.Second\n{\n  \"shared\"                            = -1\n}\n"
#define FIRST_MEMBERS                                                                              \
  "/------- com.example.First\n"                                                                   \
  "|     -  plain-name                   readwrite:s\n"                                            \
  "|     -  number                       read:u\n"                                                 \
  "|     -  shared                       readwrite:s\n"                                            \
  "|     +  no-args                      (  )\n"                                                   \
  "|     +  two-results                  ( OUT a:s, OUT arg_1:as )\n"
#define SECOND_MEMBERS                                                                             \
  "/------- com.example.Second\n"                                                                  \
  "|     -  shared                       readwrite:i\n"                                            \
  "|     -  write-only                   write:b\n"                                                \
  "|     +  shared                       (  )\n"                                                   \
  "|     +  only-second                  (  )\n\n"

/*
 * @arguments are one per line, as words may hold blanks. A text that ends in
 * "..." is compared up to there.
 */
static const struct {
  const char *arguments;
  const char *log;
  int status;
  const char *out;
  const char *err;
} cases[] = {
  /* Calls. */
  { "no-args", INTROSPECT "/ no_args ()\n", 0, "", "" },
  { "no_args", INTROSPECT "/ no_args ()\n", 0, "", "" },
  { "two-results", INTROSPECT "/ two_results ()\n", 0, "first\nsecond\nthird\n", "" },
  { "typed\n-5\n1\na b\n{'k': 'v'}", INTROSPECT "/ typed (-5, true, 'a b', {'k': 'v'})\n", 0, "",
    "" },
  { "only-second", INTROSPECT "/ only_second ()\n", 0, "", "" },
  { "-i\ncom.example.Second\nonly-second", INTROSPECT "/ only_second ()\n", 0, "", "" },
  { "-o\n/child/1\nno-args", "/child/1 Introspect ()\n/child/1 no_args ()\n", 0, "", "" },
  { "slow", INTROSPECT "/ slow ()\n", 0, "at last\n", "" },
  { "umlauts", INTROSPECT "/ umlauts ()\n", 0, "h\xc3\xa4\n", "" },

  /* Calls that fail before they are sent. */
  { "nothing", INTROSPECT, 1, "", "xec: method nothing not found in any of the interfaces\n" },
  { "hidden", INTROSPECT, 1, "", "xec: method hidden not found in any of the interfaces\n" },
  { "-i\ncom.example.First\nonly-second", INTROSPECT, 1, "",
    "xec: method com.example.First.only_second not found\n" },
  { "-i\ncom.example.None\nno-args", INTROSPECT, 1, "",
    "xec: interface com.example.None not found\n" },
  { "no-args\nx", INTROSPECT, 1, "", "xec: method no_args expects 0 args, but 1 were given\n" },
  { "typed\n1", INTROSPECT, 1, "", "xec: method typed expects 4 args, but 1 were given\n" },
  { "typed\n1\nno\ns\n{}", INTROSPECT, 1, "", "xec: error parsing argument 2..." },
  { "typed\n1\ntrue\ns\nnone", INTROSPECT, 1, "", "xec: error parsing argument 4..." },
  { "variant\n1", INTROSPECT, 1, "", "xec: error parsing argument 1..." },
  { "odd\n1", INTROSPECT, 1, "", "xec: error parsing argument 1..." },
  { "get", INTROSPECT, 1, "", "xec: method get not found..." },
  { "set\nplain-name", INTROSPECT, 1, "", "xec: method set not found..." },
  { "-o\nno-path\nno-args", "", 1, "", "xec: 'no-path' is not a valid object path\n" },
  { "-o\n/broken\nno-args", "/broken Introspect ()\n", 1, "", "xec: bad introspection text..." },
  { "-o\n/number\nno-args", "/number Introspect ()\n", 1, "", "xec: bad introspection reply\n" },
  { "-t\n3\nno-args", "", 1, "", "xec: cannot reach the bus of domain 3..." },

  /* Errors that the service answers. */
  { "fail", INTROSPECT "/ fail ()\n", 1, "com.example.Error: 223: it: broke\n", "" },
  { "fail-bare", INTROSPECT "/ fail_bare ()\n", 1, "com.example.Error: \n", "" },
  { "fail-many", INTROSPECT "/ fail_many ()\n", 1, "com.example.Error: text, 7, true\n", "" },
  { "leave", INTROSPECT "/ leave ()\n", 1, ERROR_PREFIX "NoReply: ...", "" },
  { "-s\ncom.example.Absent\nno-args", "", 1, ERROR_PREFIX "ServiceUnknown: ...", "" },

  /* Get. */
  { "get\nplain-name", INTROSPECT "/ Get ('com.example.First', 'plain-name')\n", 0,
    "{\n  \"key\"                          = value\n}\n", "" },
  { "get\nnumber\nextra", INTROSPECT "/ Get ('com.example.First', 'number')\n", 0, "7\n", "" },
  { "-g\nnumber", INTROSPECT "/ Get ('com.example.First', 'number')\n", 0, "7\n", "" },
  { "-i\ncom.example.Second\nget\nnumber", "/ Get ('com.example.Second', 'number')\n", 0, "7\n",
    "" },
  { "get\nshared", INTROSPECT "/ Get ('com.example.First', 'shared')\n", 1, "",
    "xec: Get did not answer with one value\n" },
  { "get\nplain_name", INTROSPECT, 1, "",
    "xec: property plain_name not found in any of the interfaces\n" },
  { "-i\ncom.example.None\nget\nx", "/ Get ('com.example.None', 'x')\n", 1,
    ERROR_PREFIX "InvalidArgs: no such property\n", "" },

  /* Set. */
  { "set\nplain-name\na b", INTROSPECT "/ Set ('com.example.First', 'plain-name', <'a b'>)\n", 0,
    "", "" },
  { "set\nplain-name\n", INTROSPECT "/ Set ('com.example.First', 'plain-name', <''>)\n", 0, "",
    "" },
  { "-x\nshared\n5", INTROSPECT "/ Set ('com.example.First', 'shared', <'5'>)\n", 0, "", "" },
  { "-i\ncom.example.Second\nset\nshared\n5",
    INTROSPECT "/ Set ('com.example.Second', 'shared', <5>)\n", 0, "", "" },
  { "set\nwrite-only\nno", INTROSPECT, 1, "", "xec: error parsing argument 1..." },
  { "-i\ncom.example.Empty\nset\nshared\n5", INTROSPECT, 1, "",
    "xec: property com.example.Empty.shared not found\n" },

  /* Getall. */
  { "getall",
    INTROSPECT "/ GetAll ('com.example.First',)\n"
               "/ GetAll ('com.example.Empty',)\n"
               "/ GetAll ('com.example.Second',)\n",
    0, FIRST_ROWS SECOND_ROWS, "" },
  { "-i\ncom.example.Second\ngetall", "/ GetAll ('com.example.Second',)\n", 0, SECOND_ROWS, "" },
  { "-i\norg.freedesktop.DBus.Properties\ngetall", "", 0, "", "" },
  { "-i\nx\ngetall", "", 1, "", "xec: 'x' is not a valid interface name\n" },

  /* Listings. */
  { "-q\n--list-interfaces", INTROSPECT, 0,
    "com.example.First\ncom.example.Empty\ncom.example.Second\n"
    "org.freedesktop.DBus.Properties\n",
    "" },
  { "-q\n--list-methods", INTROSPECT, 0,
    "no-args\ntwo-results\ntyped\nvariant\nodd\nshared\nfail\nfail-bare\nfail-many\nslow\n"
    "leave\numlauts\nshared\nonly-second\nGet\n",
    "" },
  { "-i\ncom.example.Second\n--list-methods", INTROSPECT, 0, "shared\nonly-second\n", "" },
  { "-q\n--list-properties\n-g", INTROSPECT, 0, "plain-name\nnumber\nshared\nshared\nwrite-only\n",
    "" },
  { "-i\ncom.example.Second", INTROSPECT, 0, SECOND_MEMBERS, "" },
  { "", INTROSPECT, 0, FIRST_MEMBERS "...", "" },
};

static void
check_text (const char *what, const char *arguments, const char *is, const char *expected)
{
  gboolean open_ended = g_str_has_suffix (expected, "...");
  gsize length = strlen (expected) - (open_ended ? strlen ("...") : 0);

  ck_assert_msg (strncmp (is, expected, length) == 0 && (open_ended || is[length] == '\0'),
                 "%s of xec %s\nis:\n%s\nexpected:\n%s", what, arguments, is, expected);
}

static CliResult *
run_xec (const char *arguments)
{
  g_autofree char *with_program = g_strconcat (PROGRAM "\n", arguments, NULL);
  g_auto (GStrv) argv = g_strsplit (*arguments != '\0' ? with_program : PROGRAM, "\n", -1);

  /* A locale in which the original would print question marks. */
  return cli_bus_run (bus, (const char *const *)argv, "C");
}

START_TEST (test_case)
{
  g_autoptr (CliResult) result = run_xec (cases[_i].arguments);
  g_autofree char *log = cli_bus_take_log (bus);

  check_text ("stderr", cases[_i].arguments, result->err, cases[_i].err);
  check_text ("stdout", cases[_i].arguments, result->out, cases[_i].out);
  check_text ("messages", cases[_i].arguments, log, cases[_i].log);
  ck_assert_int_eq (result->status, cases[_i].status);
}
END_TEST

START_TEST (test_getall_stops_at_error)
{
  break_second_getall = TRUE;
  g_autoptr (CliResult) result = run_xec ("getall");

  ck_assert_str_eq (result->out, FIRST_ROWS "com.example.Broken: second is broken\n");
  ck_assert_int_eq (result->status, 1);
}
END_TEST

static const struct {
  const char *arguments;
  const char *interface;
} shared_members[] = {
  { "shared", "com.example.First" },
  { "-i\ncom.example.Second\nshared", "com.example.Second" },
};

START_TEST (test_first_interface_is_called)
{
  g_autoptr (CliResult) result = run_xec (shared_members[_i].arguments);

  ck_assert_int_eq (result->status, 0);
  ck_assert_str_eq (shared_called_on, shared_members[_i].interface);
}
END_TEST

START_TEST (test_help)
{
  g_autoptr (CliResult) result = run_xec ("--help");
  g_autofree char *log = cli_bus_take_log (bus);

  ck_assert_int_eq (result->status, 0);
  ck_assert (g_str_has_prefix (result->out, "Usage: xec "));
  ck_assert_str_eq (log, "");
}
END_TEST

START_TEST (test_stdout_full)
{
  const char *argv[] = { "/bin/sh", "-c", "exec " PROGRAM " two-results >/dev/full", NULL };
  g_autoptr (CliResult) result = cli_bus_run (bus, argv, "C");

  ck_assert_int_eq (result->status, 1);
}
END_TEST

START_TEST (test_no_bus)
{
  const char *argv[] = { "/usr/bin/env", "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent/bus",
                         PROGRAM, "no-args", NULL };
  g_autoptr (CliResult) result = cli_bus_run (bus, argv, "C");

  ck_assert_int_eq (result->status, 1);
  ck_assert_str_eq (result->out, "");
  ck_assert (g_str_has_prefix (result->err, "xec: cannot connect to the system bus: "));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("xec-cli");
  TCase *tests = tcase_create ("cli");

  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_set_timeout (tests, 60);
  tcase_add_loop_test (tests, test_case, 0, G_N_ELEMENTS (cases));
  tcase_add_test (tests, test_getall_stops_at_error);
  tcase_add_loop_test (tests, test_first_interface_is_called, 0, G_N_ELEMENTS (shared_members));
  tcase_add_test (tests, test_help);
  tcase_add_test (tests, test_stdout_full);
  tcase_add_test (tests, test_no_bus);
  suite_add_tcase (suite, tests);

  return run_suite (suite);
}

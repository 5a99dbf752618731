/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xec-vm as a program: the table, the look-ups, and what is passed on. */
#include <check.h>
#include <string.h>

#include "cli-bus.h"
#include "test/unit/run-suite.h"

#define VM_INTERFACE "com.citrix.xenclient.xenmgr.vm"
#define HEADER                                                                                     \
  " ID  | Name               | UUID                                 | State     \n"                \
  "-----+--------------------+--------------------------------------+--------\n"

static const char introspection[] =
    "<node><interface name='" VM_INTERFACE "'>"
    "<method name='start'/>"
    "<method name='list_disks'><arg type='ao' direction='out'/></method>"
    "<method name='list_nics'><arg type='ao' direction='out'/></method>"
    "<property name='name' type='s' access='readwrite'/>"
    "</interface></node>";

static const struct {
  int domid;
  const char *name;
  const char *uuid;
  const char *state;
} vms[] = {
  { -1, "off first", "00000000-0000-0000-0000-000000000000", "stopped" },
  { 12, "demo", "00000000-0000-0000-0000-000000000001", "running" },
  { -1, "twice", "00000000-0000-0000-0000-000000000002", "stopped" },
  { 3, "h\xc3\xa4user", "00000000-0000-0000-0000-000000000003", "paused" },
  { 100001, "a name longer than its column", "00000000-0000-0000-0000-000000000004", "running" },
  { 4, "twice", "00000000-0000-0000-0000-000000000005", "running" },
};

static CliBus *bus;
static guint n_vms;        /* on the list */
static guint n_copies = 1; /* times each */
static const char *get_error;
static gboolean vm_3_is_gone;
static gboolean list_is_broken;
static gboolean knows_cpu_times;

/* Nothing is answered until as many Gets are there: a client that asks one by one never ends. */
static guint barrier;
static GQueue waiting = G_QUEUE_INIT;

static void
answer_list (GDBusMessage *call)
{
  g_auto (GVariantBuilder) paths = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("ao"));

  if (list_is_broken) {
    cli_bus_fail (bus, call, "com.example.Error", "('223: no list',)");
    return;
  }
  for (guint i = 0; i < n_vms * n_copies; i++) {
    g_autofree char *path = g_strdup_printf ("/vm/%u", i % n_vms);
    g_variant_builder_add (&paths, "o", path);
  }
  cli_bus_return_value (bus, call, g_variant_new ("(ao)", &paths));
}

static GVariant *
property_of (guint64 vm, const char *property)
{
  if (g_str_equal (property, "domid"))
    return g_variant_new_int32 (vms[vm].domid);
  if (g_str_equal (property, "name"))
    return g_variant_new_string (vms[vm].name);
  if (g_str_equal (property, "uuid"))
    return g_variant_new_string (vms[vm].uuid);
  if (g_str_equal (property, "memory"))
    return g_variant_new_int32 (128 << vm);
  if (g_str_equal (property, "vcpus"))
    return g_variant_new_int32 (1 + (int)vm);
  ck_assert_str_eq (property, "state");
  return g_variant_new_string (vms[vm].state);
}

static void
answer_get (GDBusMessage *call)
{
  guint64 vm = g_ascii_strtoull (g_dbus_message_get_path (call) + strlen ("/vm/"), NULL, 10);
  const char *interface;
  const char *property;

  if (strstr (g_dbus_message_get_path (call), "/disk/") != NULL) {
    cli_bus_return (bus, call, "(<'a disk'>,)");
    return;
  }
  g_variant_get (g_dbus_message_get_body (call), "(&s&s)", &interface, &property);
  ck_assert_str_eq (interface, VM_INTERFACE);
  if (vm == 3 && vm_3_is_gone && g_str_equal (property, "state"))
    cli_bus_fail (bus, call, "org.freedesktop.DBus.Error.UnknownMethod", "('no such object',)");
  else if (vm == 3 && get_error != NULL)
    cli_bus_fail (bus, call, get_error, "('a: text',)");
  else
    cli_bus_return_value (bus, call, g_variant_new ("(v)", property_of (vm, property)));
}

static void
answer (CliBus *on, GDBusMessage *call)
{
  const char *member = g_dbus_message_get_member (call);

  if (g_str_equal (member, "list_vms")) {
    answer_list (call);
  } else if (g_str_equal (member, "list_cpu_times") && knows_cpu_times) {
    cli_bus_return (bus, call, "({objectpath '/vm/1': 5.25, '/vm/3': 123456.0},)");
  } else if (g_str_equal (member, "Get")) {
    g_queue_push_tail (&waiting, g_object_ref (call));
    if (waiting.length < barrier)
      return;
    barrier = 0;
    while (!g_queue_is_empty (&waiting)) {
      g_autoptr (GDBusMessage) next = g_queue_pop_head (&waiting);
      answer_get (next);
    }
  } else if (g_str_equal (member, "Introspect")) {
    cli_bus_return_value (bus, call, g_variant_new ("(s)", introspection));
  } else if (g_str_equal (member, "list_disks")) {
    cli_bus_return (bus, call, "([objectpath '/vm/1/disk/0', '/vm/1/disk/1'],)");
  } else if (g_str_equal (member, "list_nics")) {
    cli_bus_return (bus, call, "(@ao [],)");
  } else {
    cli_bus_fail (bus, call, "com.citrix.xenclient.xenmgr.Error", "('101: no memory',)");
  }
}

static void
set_up (void)
{
  n_vms = G_N_ELEMENTS (vms);
  bus = cli_bus_start (answer);
}

static void
tear_down (void)
{
  ck_assert_uint_eq (waiting.length, 0);
  cli_bus_stop (bus);
}

/* @arguments are one per line. */
static CliResult *
run_xec_vm (const char *arguments)
{
  g_autofree char *line = g_strconcat (PROGRAM "\n", arguments, NULL);
  g_auto (GStrv) argv = g_strsplit (*arguments != '\0' ? line : PROGRAM, "\n", -1);

  return cli_bus_run (bus, (const char *const *)argv, "C");
}

#define ROW_3                                                                                      \
  "   3 | h\xc3\xa4user             | 00000000-0000-0000-0000-000000000003 | paused    \n"
#define OTHER_ROWS                                                                                 \
  "   4 | twice              | 00000000-0000-0000-0000-000000000005 | running   \n"                \
  "  12 | demo               | 00000000-0000-0000-0000-000000000001 | running   \n"                \
  " 100001 | a name longer than its column | 00000000-0000-0000-0000-000000000004 | running   \n"  \
  "     | off first          | 00000000-0000-0000-0000-000000000000 | stopped   \n"                \
  "     | twice              | 00000000-0000-0000-0000-000000000002 | stopped   \n"

START_TEST (test_table)
{
  g_autoptr (CliResult) result = run_xec_vm ("-q");

  ck_assert_str_eq (result->err, "");
  ck_assert_str_eq (result->out, HEADER ROW_3 OTHER_ROWS);
  ck_assert_int_eq (result->status, 0);
}
END_TEST

#define LONG_HEADER                                                                                \
  " ID  | Name               | UUID                                 | State      | Memory  | "     \
  "VCPUs | CPU time \n"                                                                            \
  "-----+--------------------+--------------------------------------+------------+---------+"      \
  "-------+----------\n"

/* Processor times of running VMs only, and of none where the service is the original. */
START_TEST (test_long_table)
{
  static const char *const times[] = { "         ", "      5.2", " 123456.0" };
  knows_cpu_times = _i == 1;
  n_vms = 4;
  g_autoptr (CliResult) result = run_xec_vm (_i == 1 ? "-l" : "--long");
  g_autofree char *expected = g_strdup_printf (
      LONG_HEADER
      "   3 | h\xc3\xa4user             | 00000000-0000-0000-0000-000000000003 | paused   "
      "  |    1024 |     4 | %s\n"
      "  12 | demo               | 00000000-0000-0000-0000-000000000001 | running  "
      "  |     256 |     2 | %s\n"
      "     | off first          | 00000000-0000-0000-0000-000000000000 | stopped  "
      "  |     128 |     1 |          \n"
      "     | twice              | 00000000-0000-0000-0000-000000000002 | stopped  "
      "  |     512 |     3 |          \n",
      times[_i * 2], times[_i]);

  ck_assert_str_eq (result->err, "");
  ck_assert_str_eq (result->out, expected);
  ck_assert_int_eq (result->status, 0);
}
END_TEST

START_TEST (test_two_round_trips)
{
  barrier = 4 * n_vms;
  g_autoptr (CliResult) result = run_xec_vm ("");
  g_autofree char *log = cli_bus_take_log (bus);

  ck_assert_str_eq (result->out, HEADER ROW_3 OTHER_ROWS);
  ck_assert (g_str_has_prefix (log, "/ list_vms ()\n/vm/0 Get ('" VM_INTERFACE "', 'domid')\n"));
  ck_assert_ptr_null (strstr (log, "Introspect"));
}
END_TEST

START_TEST (test_two_round_trips_to_select)
{
  barrier = n_vms;
  g_autoptr (CliResult) result = run_xec_vm ("-n\ndemo\n--list-methods");
  g_autofree char *log = cli_bus_take_log (bus);

  ck_assert_str_eq (result->out, "start\nlist-disks\nlist-nics\n");
  ck_assert_ptr_null (strstr (log, "'uuid'"));
}
END_TEST

/* More calls than the bus lets a client have unanswered at once. */
START_TEST (test_many)
{
  n_copies = 100;
  g_autoptr (CliResult) result = run_xec_vm ("");
  g_auto (GStrv) lines = g_strsplit (result->out, "\n", -1);

  ck_assert_int_eq (result->status, 0);
  ck_assert_uint_eq (g_strv_length (lines) - 1, 2 + n_vms * n_copies);
}
END_TEST

START_TEST (test_no_vms)
{
  n_copies = 0;
  g_autoptr (CliResult) result = run_xec_vm ("");

  ck_assert_str_eq (result->out, HEADER);
  ck_assert_int_eq (result->status, 0);
}
END_TEST

START_TEST (test_vanished_vm)
{
  vm_3_is_gone = TRUE;
  g_autoptr (CliResult) result = run_xec_vm ("");

  ck_assert_str_eq (result->out, HEADER OTHER_ROWS);
  ck_assert_int_eq (result->status, 0);
}
END_TEST

static const struct {
  const char *arguments;
  const char *get_error;
  gboolean list_is_broken;
  const char *out;
} failures[] = {
  { "", "com.example.Error", FALSE, "com.example.Error\n" },
  { "-n\ndemo\nstart", "com.example.Error", FALSE, "com.example.Error\n" },
  { "", NULL, TRUE, "com.example.Error\n" },
  { "-u\nx\nstart", NULL, TRUE, "com.example.Error\n" },
};

START_TEST (test_look_up_error)
{
  get_error = failures[_i].get_error;
  list_is_broken = failures[_i].list_is_broken;
  g_autoptr (CliResult) result = run_xec_vm (failures[_i].arguments);

  ck_assert_str_eq (result->out, failures[_i].out);
  ck_assert_str_eq (result->err, "");
  ck_assert_int_eq (result->status, 1);
}
END_TEST

/* @tail is what the messages end with. */
static const struct {
  const char *arguments;
  const char *tail;
  int status;
  const char *out;
  const char *err;
} selections[] = {
  { "-n\ndemo\nget\nname", "/vm/1 Introspect ()\n/vm/1 Get ('" VM_INTERFACE "', 'name')\n", 0,
    "demo\n", "" },
  { "-u\n00000000-0000-0000-0000-000000000003\nget\nname",
    "/vm/3 Get ('" VM_INTERFACE "', 'name')\n", 0, "h\xc3\xa4user\n", "" },
  { "-n\nh\xc3\xa4user\n-i\n" VM_INTERFACE "\nget\ndomid",
    "/vm/3 Get ('" VM_INTERFACE "', 'domid')\n", 0, "3\n", "" },
  { "--domid\n4\nget\nname", "/vm/5 Get ('" VM_INTERFACE "', 'name')\n", 0, "twice\n", "" },
  { "-n\ntwice\nget\nname", "/vm/2 Get ('" VM_INTERFACE "', 'name')\n", 0, "twice\n", "" },
  { "-n\nnosuch\nstart", "'name')\n", 1, "", "xec-vm: vm 'nosuch' not found\n" },
  { "-n\n\nstart", "'name')\n", 1, "", "xec-vm: vm '' not found\n" },
  { "-d\n-7\nstart", "'domid')\n", 1, "", "xec-vm: vm '-7' not found\n" },
  { "-n\nnosuch", "'name')\n", 1, "", "xec-vm: vm 'nosuch' not found\n" },
  { "-n\ndemo", "/vm/1 Introspect ()\n", 0,
    "/------- " VM_INTERFACE "\n"
    "|     -  name                         readwrite:s\n"
    "|     +  start                        (  )\n"
    "|     +  list-disks                   ( OUT arg_0:ao )\n"
    "|     +  list-nics                    ( OUT arg_0:ao )\n\n",
    "" },
  { "-n\ndemo\nstart", "/vm/1 Introspect ()\n/vm/1 start ()\n", 1,
    "com.citrix.xenclient.xenmgr.Error: 101: no memory\n", "" },
  { "-n\ndemo\nnothing", "/vm/1 Introspect ()\n", 1, "",
    "xec-vm: method nothing not found in any of the interfaces\n" },
  { "-n\ndemo\n-k\n7\nget\nname",
    "/vm/1/disk/7 Introspect ()\n/vm/1/disk/7 Get ('" VM_INTERFACE "', 'name')\n", 0, "a disk\n",
    "" },
  { "-n\ndemo\n-c\n0\n--list-properties", "/vm/1/nic/0 Introspect ()\n", 0, "name\n", "" },
  { "-n\ndemo\n-q\n--list-disks\n-k", "/vm/1 list_disks ()\n", 0, "/vm/1/disk/0\n/vm/1/disk/1\n",
    "" },
  { "-n\ndemo\n--list-nics", "/vm/1 list_nics ()\n", 0, "\n", "" },
};

START_TEST (test_selection)
{
  g_autoptr (CliResult) result = run_xec_vm (selections[_i].arguments);
  g_autofree char *log = cli_bus_take_log (bus);

  ck_assert_str_eq (result->err, selections[_i].err);
  ck_assert_str_eq (result->out, selections[_i].out);
  ck_assert_int_eq (result->status, selections[_i].status);
  ck_assert (g_str_has_prefix (log, "/ list_vms ()\n"));
  ck_assert_msg (g_str_has_suffix (log, selections[_i].tail), "%s", log);
}
END_TEST

START_TEST (test_path_needs_no_look_up)
{
  g_autoptr (CliResult) result = run_xec_vm ("-o\n/vm/4\n-g\nname");
  g_autofree char *log = cli_bus_take_log (bus);

  ck_assert_str_eq (result->out, "a name longer than its column\n");
  ck_assert_str_eq (log, "/vm/4 Introspect ()\n/vm/4 Get ('" VM_INTERFACE "', 'name')\n");
}
END_TEST

START_TEST (test_help)
{
  g_autoptr (CliResult) result = run_xec_vm ("-h");

  ck_assert_int_eq (result->status, 0);
  ck_assert (g_str_has_prefix (result->out, "Usage: xec-vm "));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("xec-vm-cli");
  TCase *tests = tcase_create ("cli");

  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_set_timeout (tests, 60);
  tcase_add_test (tests, test_table);
  tcase_add_loop_test (tests, test_long_table, 0, 2);
  tcase_add_test (tests, test_two_round_trips);
  tcase_add_test (tests, test_two_round_trips_to_select);
  tcase_add_test (tests, test_many);
  tcase_add_test (tests, test_no_vms);
  tcase_add_test (tests, test_vanished_vm);
  tcase_add_loop_test (tests, test_look_up_error, 0, G_N_ELEMENTS (failures));
  tcase_add_loop_test (tests, test_selection, 0, G_N_ELEMENTS (selections));
  tcase_add_test (tests, test_path_needs_no_look_up);
  tcase_add_test (tests, test_help);
  suite_add_tcase (suite, tests);

  return run_suite (suite);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hook engine: programs, calls, their order, and what becomes of them. */
#include <check.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "script-fixture.h"
#include "service-fixture.h"
#include "shim/error.h"
#include "shim/hook-rpc.h"
#include "shim/hook.h"
#include "store-fixture.h"
#include "test/unit/run-suite.h"

#define UUID "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"

/** Host: a VM whose hooks do what the test says. */
typedef struct {
  ServiceFixture *fixture;
  XmVm *vm;
  char *dir;
} Host;

static Host
host_new (void)
{
  Host host = { .dir = scripts_new () };
  host.fixture = service_fixture_new ();
  host.vm = service_fixture_add_vm (host.fixture, UUID, "{\"name\":\"n\"}");
  return host;
}

static void
host_free (Host *host)
{
  service_fixture_free (host->fixture);
  fixture_free (host->dir);
}

static void
set_hook (Host *host, const char *key, const char *value)
{
  ck_assert (xm_vm_write (host->vm, key, value, NULL));
}

typedef struct {
  gboolean ended;
  GError *error;
} Run;

static void
on_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;
  run->ended = TRUE;
  ck_assert (xm_hook_run_finish (result, &run->error) == (run->error == NULL));
}

static void
begin (Host *host, XmHook hook, const char *argument, GCancellable *cancellable, Run *run)
{
  *run = (Run){ FALSE, NULL };
  xm_hook_run_async (host->vm, hook, argument, cancellable, on_ended, run);
}

static void
end_well (Run *run)
{
  run_until (&run->ended);
  ck_assert_msg (run->error == NULL, "%s", run->error != NULL ? run->error->message : "");
}

static void
end_badly (Run *run, GQuark domain, int code, const char *text)
{
  run_until (&run->ended);
  ck_assert_ptr_nonnull (run->error);
  ck_assert_msg (g_error_matches (run->error, domain, code), "%s", run->error->message);
  ck_assert_msg (strstr (run->error->message, text) != NULL, "%s", run->error->message);
  g_clear_error (&run->error);
}

/* Runs @value as the hook before a start. */
static void
run_well (Host *host, const char *value)
{
  Run run;
  set_hook (host, "run-pre-boot", value);
  begin (host, XM_HOOK_PRE_BOOT, NULL, NULL, &run);
  end_well (&run);
}

static void
run_badly (Host *host, const char *value, int code, const char *text)
{
  Run run;
  set_hook (host, "run-pre-boot", value);
  begin (host, XM_HOOK_PRE_BOOT, NULL, NULL, &run);
  end_badly (&run, XM_ERROR, code, text);
}

static void
assert_file (Host *host, const char *file, const char *expected)
{
  g_autofree char *text = fixture_read_file (host->dir, file);
  ck_assert_ptr_nonnull (text);
  ck_assert_str_eq (text, expected);
}

/* -- what is logged ---------------------------------------------------------------- */

static GPtrArray *logged; /* "M text" or "W text" of messages and warnings */

static void
keep_log (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
  const char *letter = level & G_LOG_LEVEL_WARNING ? "W " : level & G_LOG_LEVEL_MESSAGE ? "M " : "";
  g_ptr_array_add (logged, g_strconcat (letter, message, NULL));
}

static gboolean
was_logged (const char *line)
{
  return g_ptr_array_find_with_equal_func (logged, line, g_str_equal, NULL);
}

/* -- programs ---------------------------------------------------------------------- */

START_TEST (nothing_to_do)
{
  Host host = host_new ();
  Run run;
  begin (&host, XM_HOOK_PRE_BOOT, NULL, NULL, &run);
  end_well (&run);
  ck_assert (!xm_hook_is_set (host.vm, XM_HOOK_PRE_BOOT));
  run_well (&host, "");
  ck_assert (!xm_hook_is_set (host.vm, XM_HOOK_PRE_BOOT));
  run_well (&host, " ; ;; ");
  ck_assert (xm_hook_is_set (host.vm, XM_HOOK_PRE_BOOT));
  host_free (&host);
}
END_TEST

START_TEST (a_program_gets_arguments_and_environment)
{
  g_setenv ("HOOK_TEST", "a b", TRUE);
  Host host = host_new ();
  g_autofree char *script =
      script_new (host.dir, "s", "printf '<%s>' \"$#\" \"$@\" \"$HOOK_TEST\" >\"$T/out\"; exit 0");
  run_well (&host, script);
  assert_file (&host, "out", "<1><" UUID "><a b>");

  Run run;
  set_hook (&host, "run-on-state-change", script);
  begin (&host, XM_HOOK_STATE_CHANGE, "running", NULL, &run);
  end_well (&run);
  assert_file (&host, "out", "<2><" UUID "><running><a b>");
  host_free (&host);
}
END_TEST

/* The path is no command line: what a shell would make of it, is part of a file's name. */
START_TEST (there_is_no_shell)
{
  Host host = host_new ();
  g_autofree char *script = script_new (host.dir, "a $(touch x) & b", "touch \"$T/ran\"");
  run_well (&host, script);
  ck_assert (fixture_has_file (host.dir, "ran"));
  ck_assert (!fixture_has_file (host.dir, "x"));
  run_badly (&host, "true && true", XM_ERROR_IO, "event-script: true && true FAILED.");
  run_well (&host, "true"); /* found in PATH */
  host_free (&host);
}
END_TEST

/* Standard input is a pipe that nobody writes to and nobody closes. */
START_TEST (the_standard_input_stays_open)
{
  Host host = host_new ();
  Channel said = channel_new (host.dir, "said");
  g_autofree char *script = script_new (host.dir, "s",
                                        "[[ -p /dev/stdin ]] || exit 1\n"
                                        "read -r -t 0.1; status=$?\n"
                                        "((status > 128)) && echo open >\"$T/said\" || exit 2");
  run_well (&host, script);
  channel_expect (&said, "open");
  channel_close (&said);
  host_free (&host);
}
END_TEST

START_TEST (what_a_program_prints_is_logged)
{
  Host host = host_new ();
  Channel go = channel_new (host.dir, "go");
  logged = g_ptr_array_new_with_free_func (g_free);
  GLogFunc old = g_log_set_default_handler (keep_log, NULL);
  g_autofree char *script = script_new (host.dir, "s",
                                        "echo one; echo two >&2; read -r word <\"$T/go\"\n"
                                        "printf 'bad\\xff\\e[2J'; printf '\\n%1500s\\n\\nend' y");
  Run run;
  set_hook (&host, "run-pre-boot", script);
  begin (&host, XM_HOOK_PRE_BOOT, NULL, NULL, &run);
  g_autofree char *one = g_strconcat ("M ", script, ": one", NULL);
  g_autofree char *two = g_strconcat ("W ", script, ": two", NULL);
  while (!was_logged (one) || !was_logged (two)) /* while it runs */
    g_main_context_iteration (NULL, TRUE);
  ck_assert (!run.ended);
  channel_say (&go, "go");
  end_well (&run);
  g_log_set_default_handler (old, NULL);

  g_autofree char *bad = g_strconcat ("M ", script, ": bad\xef\xbf\xbd?[2J", NULL);
  g_autofree char *begun = g_strdup_printf ("M %s: %1024s", script, "");
  g_autofree char *rest = g_strdup_printf ("M %s: %476s", script, "y");
  g_autofree char *last = g_strconcat ("M ", script, ": end", NULL);
  ck_assert (was_logged (bad));
  ck_assert (was_logged (begun));
  ck_assert (was_logged (rest));
  ck_assert (was_logged (last));
  g_clear_pointer (&logged, g_ptr_array_unref);
  channel_close (&go);
  host_free (&host);
}
END_TEST

START_TEST (a_program_that_fails)
{
  Host host = host_new ();
  g_autofree char *three = script_new (host.dir, "three", "exit 3");
  g_autofree char *killed = script_new (host.dir, "killed", "kill -9 $$");
  g_autofree char *plain = g_build_filename (host.dir, "plain", NULL);
  fixture_write_file (host.dir, "plain", "no program");
  const char *const programs[] = { three, killed, plain, "/no/such/program", host.dir };
  for (gsize i = 0; i < G_N_ELEMENTS (programs); i++) {
    g_autofree char *text = g_strdup_printf ("event-script: %s FAILED.", programs[i]);
    run_badly (&host, programs[i], XM_ERROR_IO, text);
  }
  host_free (&host);
}
END_TEST

START_TEST (items_run_in_order_until_one_fails)
{
  Host host = host_new ();
  g_autofree char *one = script_new (host.dir, "one", "printf 1 >>\"$T/out\"");
  g_autofree char *two = script_new (host.dir, "two", "printf 2 >>\"$T/out\"");
  g_autofree char *no = script_new (host.dir, "no", "exit 1");
  g_autofree char *good = g_strjoin (" ;; ", two, one, two, "", NULL);
  run_well (&host, good);
  assert_file (&host, "out", "212");
  g_autofree char *bad = g_strjoin (";", one, no, two, NULL);
  run_badly (&host, bad, XM_ERROR_IO, "/no FAILED.");
  assert_file (&host, "out", "2121");
  host_free (&host);
}
END_TEST

/* A process left behind does not delay the end, and can print on. */
START_TEST (a_background_process_does_not_count)
{
  Host host = host_new ();
  Channel go = channel_new (host.dir, "go");
  Channel said = channel_new (host.dir, "said");
  g_autofree char *script = script_new (
      host.dir, "s", "(read -r word <\"$T/go\"; echo late && echo done >\"$T/said\") & exit 0");
  run_well (&host, script);
  ck_assert (channel_is_silent (&said));
  channel_say (&go, "go");
  channel_expect (&said, "done");
  channel_close (&go);
  channel_close (&said);
  host_free (&host);
}
END_TEST

/* -- cancelling -------------------------------------------------------------------- */

static gboolean
on_hung_up (int fd, GIOCondition condition, gpointer user_data)
{
  char rest[64];
  while (read (fd, rest, sizeof rest) > 0)
    ;
  if (!(condition & G_IO_HUP))
    return G_SOURCE_CONTINUE;
  *(gboolean *)user_data = TRUE;
  return G_SOURCE_REMOVE;
}

START_TEST (cancelling_kills_all_of_it)
{
  Host host = host_new ();
  Channel said = channel_new (host.dir, "said");
  g_autofree char *script = script_new (host.dir, "s",
                                        "trap '' TERM INT HUP\n"
                                        "(exec 9>\"$T/life\"; echo up >\"$T/said\"; sleep 1000)");
  g_autofree char *life = g_build_filename (host.dir, "life", NULL);
  g_autofree char *both = g_strconcat (script, ";touch", NULL);
  ck_assert_int_eq (mkfifo (life, 0600), 0);
  int fd = open (life, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Run run, next;
  set_hook (&host, "run-pre-boot", both);
  begin (&host, XM_HOOK_PRE_BOOT, NULL, cancellable, &run);
  channel_expect (&said, "up");
  begin (&host, XM_HOOK_PRE_BOOT, NULL, cancellable, &next);
  g_cancellable_cancel (cancellable);
  end_badly (&run, G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
  end_badly (&next, G_IO_ERROR, G_IO_ERROR_CANCELLED, ""); /* it was still waiting */
  gboolean gone = FALSE;
  g_unix_fd_add (fd, G_IO_HUP, on_hung_up, &gone);
  run_until (&gone);
  ck_assert (channel_is_silent (&said));
  close (fd);
  channel_close (&said);
  host_free (&host);
}
END_TEST

/* -- the order of runs ------------------------------------------------------------- */

START_TEST (runs_of_one_hook_do_not_overlap)
{
  Host host = host_new ();
  Channel said = channel_new (host.dir, "said"), go = channel_new (host.dir, "go");
  g_autofree char *script = script_new (host.dir, "s",
                                        "echo \"in $2\" >\"$T/said\"; read -r word <\"$T/go\"\n"
                                        "echo \"out $2\" >\"$T/said\"");
  set_hook (&host, "run-on-state-change", script);
  set_hook (&host, "run-on-acpi-state-change", script);
  set_hook (&host, "run-pre-delete", script);
  Run first, second, other;
  begin (&host, XM_HOOK_STATE_CHANGE, "paused", NULL, &first);
  begin (&host, XM_HOOK_ACPI_STATE_CHANGE, "3", NULL, &second); /* follows the states, too */
  channel_expect (&said, "in paused");
  begin (&host, XM_HOOK_PRE_DELETE, NULL, NULL, &other); /* waits for none of them */
  channel_expect (&said, "in ");
  ck_assert (channel_is_silent (&said));
  channel_say (&go, "go");
  channel_say (&go, "go");
  channel_say (&go, "go");
  end_well (&first);
  end_well (&second);
  end_well (&other);
  g_autoptr (GString) heard = g_string_new (NULL);
  while (!channel_is_silent (&said)) {
    g_autofree char *word = channel_hear (&said);
    g_string_append_printf (heard, "%s,", word);
  }
  const char *out = strstr (heard->str, "out paused,");
  ck_assert_ptr_nonnull (out);
  ck_assert_ptr_nonnull (strstr (out, "in 3,"));
  channel_close (&said);
  channel_close (&go);
  host_free (&host);
}
END_TEST

START_TEST (not_too_many_wait)
{
  Host host = host_new ();
  Channel go = channel_new (host.dir, "go");
  g_autofree char *script = script_new (host.dir, "s", "read -r word <\"$T/go\"");
  Run runs[XM_HOOK_MAX_WAITING + 2];
  set_hook (&host, "run-on-state-change", script);
  for (gsize i = 0; i < G_N_ELEMENTS (runs); i++)
    begin (&host, XM_HOOK_STATE_CHANGE, "running", NULL, &runs[i]);
  end_badly (&runs[XM_HOOK_MAX_WAITING + 1], XM_ERROR, XM_ERROR_PLAIN, "run-on-state-change");
  for (gsize i = 0; i <= XM_HOOK_MAX_WAITING; i++)
    channel_say (&go, "go");
  for (gsize i = 0; i <= XM_HOOK_MAX_WAITING; i++) {
    end_well (&runs[i]);
  }
  channel_close (&go);
  host_free (&host);
}
END_TEST

/* -- calls ------------------------------------------------------------------------- */

START_TEST (the_text_of_a_call)
{
  static const struct {
    const char *text, *expected; /* NULL: no call */
  } cases[] = {
    { "destination=a.b,interface=c.d,member=e", "a.b c.d e / -" },
    { " destination = a.b , interface='c.d',member=\"e\" ", "a.b c.d e / -" },
    { "member=e,objpath=/x/y,vm=u,interface=c.d,destination=a.b", "a.b c.d e /x/y u" },
    { "destination=a.b,,other=1,interface=c.d,member=x,member=e,", "a.b c.d e / -" },
    { "destination='a.b\",interface='c.d,member='", "'a.b\" 'c.d ' / -" },
    { "destination=,interface=,member=", "   / -" },
    { "destination=a.b,interface=c.d", NULL },
    { "destination=a.b,member=e", NULL },
    { "interface=c.d,member=e", NULL },
    { "destination,interface,member", NULL },
    { "", NULL },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (XmHookRpc) rpc = xm_hook_rpc_parse (cases[i].text);
    ck_assert_msg ((rpc == NULL) == (cases[i].expected == NULL), "%s", cases[i].text);
    if (rpc == NULL)
      continue;
    g_autofree char *got = g_strjoin (" ", rpc->destination, rpc->interface, rpc->member,
                                      rpc->objpath, rpc->vm != NULL ? rpc->vm : "-", NULL);
    ck_assert_str_eq (got, cases[i].expected);
  }
}
END_TEST

/* The peer that hooks call: it notes calls, and fails those of `bad`. */
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
  g_autofree char *arguments = g_variant_print (parameters, FALSE);
  g_ptr_array_add (user_data, g_strjoin (" ", path, method, arguments, NULL));
  if (g_str_equal (method, "bad"))
    g_dbus_method_invocation_return_dbus_error (invocation, "x.y.No", "not so");
  else
    g_dbus_method_invocation_return_value (invocation, NULL);
}

static guint
export_peer (Host *host, const char *path, GPtrArray *calls)
{
  static const GDBusInterfaceVTable vtable = { .method_call = on_call };
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (
      "<node><interface name='x.y'><method name='good'><arg type='s' direction='in'/>"
      "<arg type='s' direction='in'/></method>"
      "<method name='bad'><arg type='s' direction='in'/></method></interface></node>",
      NULL);
  guint id = g_dbus_connection_register_object (service_fixture_client (host->fixture), path,
                                                node->interfaces[0], &vtable, calls, NULL, NULL);
  ck_assert_uint_ne (id, 0);
  return id;
}

START_TEST (a_call_has_strings)
{
  Host host = host_new ();
  g_autoptr (GPtrArray) calls = g_ptr_array_new_with_free_func (g_free);
  guint root = export_peer (&host, "/", calls), deep = export_peer (&host, "/deep/er", calls);
  Run run;
  set_hook (&host, "run-on-acpi-state-change",
            "rpc:destination=x.y,interface=x.y;" /* passed over */
            "rpc:destination=x.y,interface=x.y,member=good;"
            "rpc: objpath=/deep/er, destination=\"x.y\", interface=x.y, member=good");
  begin (&host, XM_HOOK_ACPI_STATE_CHANGE, "5", NULL, &run);
  end_well (&run);
  ck_assert_uint_eq (calls->len, 2);
  ck_assert_str_eq (calls->pdata[0], "/ good ('" UUID "', '5')");
  ck_assert_str_eq (calls->pdata[1], "/deep/er good ('" UUID "', '5')");

  run_badly (&host,
             "rpc:destination=x.y,interface=x.y,member=bad;rpc:destination=x.y,"
             "interface=x.y,member=good",
             XM_ERROR_PLAIN, "x.y.No: not so");
  ck_assert_uint_eq (calls->len, 3); /* and no fourth one */
  g_dbus_connection_unregister_object (service_fixture_client (host.fixture), root);
  g_dbus_connection_unregister_object (service_fixture_client (host.fixture), deep);
  host_free (&host);
}
END_TEST

START_TEST (calls_that_cannot_be_made)
{
  Host host = host_new ();
  static const char *const bad[][2] = {
    { "rpc:destination=x y.,interface=x.y,member=m", "malformed bus name: xy." },
    { "rpc:destination=x.y,interface=x,member=m", "malformed interface: x" },
    { "rpc:destination=x.y,interface=x.y,member=m.n", "malformed member: m.n" },
    { "rpc:destination=x.y,interface=x.y,member=m,objpath=y", "malformed object path: y" },
    { "rpc:destination=x.y,interface=x.y,member=m,vm=no-vm", "required VM no-vm is not running" },
    { "rpc:destination=x.y,interface=x.y,member=m,vm=" UUID,
      "required VM " UUID " is not running" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    run_badly (&host, bad[i][0], XM_ERROR_PLAIN, bad[i][1]);
  host.vm->state = XM_VM_RUNNING;
  run_badly (&host, bad[5][0], XM_ERROR_PLAIN, "the bus of VM " UUID " cannot be reached");
  host.vm->state = XM_VM_SHUTDOWN;
  host_free (&host);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("hook");
  TCase *tcase = tcase_create ("hook");
  tcase_set_timeout (tcase, 60);
  tcase_add_test (tcase, nothing_to_do);
  tcase_add_test (tcase, a_program_gets_arguments_and_environment);
  tcase_add_test (tcase, there_is_no_shell);
  tcase_add_test (tcase, the_standard_input_stays_open);
  tcase_add_test (tcase, what_a_program_prints_is_logged);
  tcase_add_test (tcase, a_program_that_fails);
  tcase_add_test (tcase, items_run_in_order_until_one_fails);
  tcase_add_test (tcase, a_background_process_does_not_count);
  tcase_add_test (tcase, cancelling_kills_all_of_it);
  tcase_add_test (tcase, runs_of_one_hook_do_not_overlap);
  tcase_add_test (tcase, not_too_many_wait);
  tcase_add_test (tcase, the_text_of_a_call);
  tcase_add_test (tcase, a_call_has_strings);
  tcase_add_test (tcase, calls_that_cannot_be_made);
  suite_add_tcase (suite, tcase);
  return run_suite (suite);
}

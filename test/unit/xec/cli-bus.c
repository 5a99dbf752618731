/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-bus.h"

#include <check.h>
#include <signal.h>
#include <sys/prctl.h>

static const char *const services[] = { "com.citrix.xenclient.xenmgr", "com.citrix.xenclient.db" };

struct _CliBus {
  GSubprocess *daemon;
  char *address;
  GDBusConnection *service;
  CliAnswer answer;
  GString *log;
};

typedef struct {
  CliBus *bus;
  GDBusMessage *call;
} Received;

static gboolean
answer_call (gpointer data)
{
  g_autofree Received *received = data;
  g_autoptr (GDBusMessage) call = received->call;
  GVariant *body = g_dbus_message_get_body (call);
  g_autofree char *arguments = body != NULL ? g_variant_print (body, FALSE) : g_strdup ("()");

  g_string_append_printf (received->bus->log, "%s %s %s\n", g_dbus_message_get_path (call),
                          g_dbus_message_get_member (call), arguments);
  received->bus->answer (received->bus, call);
  return G_SOURCE_REMOVE;
}

/* Runs in GDBus's own thread. */
static GDBusMessage *
catch_call (GDBusConnection *connection, GDBusMessage *message, gboolean incoming, gpointer data)
{
  if (!incoming || g_dbus_message_get_message_type (message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL)
    return message;

  Received *received = g_new (Received, 1);
  *received = (Received){ .bus = data, .call = message };
  g_idle_add_full (G_PRIORITY_DEFAULT, answer_call, received, NULL);
  return NULL;
}

static void
die_with_parent (gpointer data)
{
  prctl (PR_SET_PDEATHSIG, SIGTERM);
}

static void
start_daemon (CliBus *bus)
{
  /* As root without CAP_SYS_RESOURCE it complains about its own file limit. */
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (
      G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  g_autoptr (GError) error = NULL;

  g_subprocess_launcher_set_child_setup (launcher, die_with_parent, NULL, NULL);
  bus->daemon = g_subprocess_launcher_spawn (
      launcher, &error, "dbus-daemon", "--nofork", "--nopidfile", "--print-address",
      "--config-file=" SOURCE_DIR "/test/unit/xec/bus.conf", NULL);
  ck_assert_msg (bus->daemon != NULL, "dbus-daemon: %s", error != NULL ? error->message : "");

  g_autoptr (GDataInputStream) lines =
      g_data_input_stream_new (g_subprocess_get_stdout_pipe (bus->daemon));
  bus->address = g_data_input_stream_read_line (lines, NULL, NULL, NULL);
  ck_assert_ptr_nonnull (bus->address);
}

CliBus *
cli_bus_start (CliAnswer answer)
{
  CliBus *bus = g_new0 (CliBus, 1);
  g_autoptr (GError) error = NULL;

  bus->answer = answer;
  bus->log = g_string_new (NULL);
  start_daemon (bus);
  bus->service =
      g_dbus_connection_new_for_address_sync (bus->address,
                                              G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                  G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                              NULL, NULL, &error);
  ck_assert_msg (bus->service != NULL, "%s", error != NULL ? error->message : "");
  g_dbus_connection_add_filter (bus->service, catch_call, bus, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (services); i++) {
    g_autoptr (GVariant) owned = g_dbus_connection_call_sync (
        bus->service, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
        "RequestName", g_variant_new ("(su)", services[i], 0), G_VARIANT_TYPE ("(u)"),
        G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
    ck_assert_msg (owned != NULL, "%s", error != NULL ? error->message : "");
  }
  return bus;
}

void
cli_bus_stop (CliBus *bus)
{
  if (!g_dbus_connection_is_closed (bus->service))
    g_dbus_connection_close_sync (bus->service, NULL, NULL);
  g_clear_object (&bus->service);
  g_subprocess_send_signal (bus->daemon, SIGTERM);
  g_subprocess_wait (bus->daemon, NULL, NULL);
  g_clear_object (&bus->daemon);
  g_string_free (bus->log, TRUE);
  g_free (bus->address);
  g_free (bus);
}

static void
keep_result (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **)data = g_object_ref (result);
}

/* An empty GBytes has no data at all. */
static char *
to_text (GBytes *bytes)
{
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);

  return length > 0 ? g_strndup (data, length) : g_strdup ("");
}

CliResult *
cli_bus_run (CliBus *bus, const char *const *argv, const char *locale)
{
  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_autoptr (GAsyncResult) ended = NULL;
  g_autoptr (GError) error = NULL;
  CliResult *result = g_new0 (CliResult, 1);

  g_subprocess_launcher_setenv (launcher, "DBUS_SYSTEM_BUS_ADDRESS", bus->address, TRUE);
  g_subprocess_launcher_setenv (launcher, "LC_ALL", locale, TRUE);
  g_subprocess_launcher_set_child_setup (launcher, die_with_parent, NULL, NULL);
  g_autoptr (GSubprocess) process = g_subprocess_launcher_spawnv (launcher, argv, &error);
  ck_assert_msg (process != NULL, "%s", error != NULL ? error->message : "");

  /* As bytes: what the programs print in a C locale is part of what is tested. */
  g_subprocess_communicate_async (process, NULL, NULL, keep_result, &ended);
  while (ended == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_autoptr (GBytes) out = NULL;
  g_autoptr (GBytes) err = NULL;
  ck_assert (g_subprocess_communicate_finish (process, ended, &out, &err, NULL));

  result->status =
      g_subprocess_get_if_exited (process) ? g_subprocess_get_exit_status (process) : -1;
  result->out = to_text (out);
  result->err = to_text (err);
  return result;
}

void
cli_result_free (CliResult *result)
{
  g_free (result->out);
  g_free (result->err);
  g_free (result);
}

char *
cli_bus_take_log (CliBus *bus)
{
  char *log = g_strdup (bus->log->str);

  g_string_truncate (bus->log, 0);
  return log;
}

void
cli_bus_return_value (CliBus *bus, GDBusMessage *call, GVariant *results)
{
  g_autoptr (GDBusMessage) reply = g_dbus_message_new_method_reply (call);

  g_dbus_message_set_body (reply, results);
  g_dbus_connection_send_message (bus->service, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
}

static GVariant *
parse_tuple (const char *text)
{
  g_autoptr (GError) error = NULL;
  GVariant *tuple = g_variant_parse (NULL, text, NULL, NULL, &error);

  ck_assert_msg (tuple != NULL, "%s: %s", text, error != NULL ? error->message : "");
  return tuple;
}

void
cli_bus_return (CliBus *bus, GDBusMessage *call, const char *results)
{
  g_autoptr (GVariant) tuple = parse_tuple (results);

  cli_bus_return_value (bus, call, tuple);
}

void
cli_bus_fail (CliBus *bus, GDBusMessage *call, const char *name, const char *body)
{
  g_autoptr (GDBusMessage) reply = g_dbus_message_new_method_error_literal (call, name, "");
  g_autoptr (GVariant) tuple = parse_tuple (body != NULL ? body : "()");

  g_dbus_message_set_body (reply, tuple);
  g_dbus_connection_send_message (bus->service, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
}

void
cli_bus_hang_up (CliBus *bus)
{
  g_dbus_connection_close_sync (bus->service, NULL, NULL);
}

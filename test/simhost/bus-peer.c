/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bus-peer NAME MEMBER=REPLY...: owns NAME on the system bus and plays the
 * service behind it: each call of a MEMBER on object / is answered with REPLY,
 * a tuple as GVariant text such as "()" or "(true,)"; with `none` it is never
 * answered, any other member is an error. Prints a line `ready`, then one line
 * for each call: its member and its arguments.
 *
 * Each line of its input is a signal that it emits then: a member, and its
 * arguments as a tuple where there are any. `emitted` and the member are printed
 * when the bus has it.
 */
#include <gio/gio.h>
#include <gio/gunixinputstream.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char **replies;
static const char *name;

/* (nullable): text of the reply to @member. */
static const char *
find_reply (const char *member)
{
  for (char **reply = replies; *reply != NULL; reply++) {
    gsize n = strlen (member);

    if (strncmp (*reply, member, n) == 0 && (*reply)[n] == '=')
      return *reply + n + 1;
  }
  return NULL;
}

static void
print_call (GDBusMessage *message)
{
  GVariant *body = g_dbus_message_get_body (message);
  g_autofree char *arguments = body != NULL ? g_variant_print (body, FALSE) : g_strdup ("()");

  printf ("%s %s\n", g_dbus_message_get_member (message), arguments);
  fflush (stdout);
}

/* (transfer full) (nullable) */
static GDBusMessage *
make_answer (GDBusMessage *message)
{
  const char *text = find_reply (g_dbus_message_get_member (message));
  g_autoptr (GVariant) body = NULL;
  GDBusMessage *answer;

  if (g_strcmp0 (text, "none") == 0)
    return NULL;
  if (text != NULL)
    body = g_variant_parse (NULL, text, NULL, NULL, NULL);
  if (body == NULL)
    return g_dbus_message_new_method_error_literal (message, "org.freedesktop.DBus.Error.Failed",
                                                    "bus-peer was not told what to answer");
  answer = g_dbus_message_new_method_reply (message);
  g_dbus_message_set_body (answer, body);
  return answer;
}

static GDBusMessage *
filter (GDBusConnection *bus, GDBusMessage *message, gboolean incoming, gpointer user_data)
{
  g_autoptr (GDBusMessage) answer = NULL;

  if (!incoming || g_dbus_message_get_message_type (message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL ||
      g_strcmp0 (g_dbus_message_get_path (message), "/") != 0)
    return message;
  print_call (message);
  answer = make_answer (message);
  if (answer != NULL)
    g_dbus_connection_send_message (bus, answer, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
  g_object_unref (message);
  return NULL;
}

static void read_next (GDataInputStream *input, GDBusConnection *bus);

static void
on_line (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GDataInputStream *input = G_DATA_INPUT_STREAM (source);
  g_autofree char *line = g_data_input_stream_read_line_finish (input, result, NULL, NULL);
  GVariant *arguments = NULL;
  char *blank;

  if (line == NULL)
    return;
  blank = strchr (line, ' ');
  if (blank != NULL) {
    *blank = '\0';
    arguments = g_variant_parse (NULL, blank + 1, NULL, NULL, NULL);
  }
  if ((blank != NULL && arguments == NULL) ||
      !g_dbus_connection_emit_signal (user_data, NULL, "/", name, line, arguments, NULL)) {
    fprintf (stderr, "bus-peer: not a signal: %s\n", line);
    exit (1);
  }
  g_dbus_connection_flush_sync (user_data, NULL, NULL);
  printf ("emitted %s\n", line);
  fflush (stdout);
  read_next (input, user_data);
}

static void
read_next (GDataInputStream *input, GDBusConnection *bus)
{
  g_data_input_stream_read_line_async (input, G_PRIORITY_DEFAULT, NULL, on_line, bus);
}

static void
on_acquired (GDBusConnection *bus, const char *acquired, gpointer user_data)
{
  g_autoptr (GInputStream) plain = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  g_autoptr (GDataInputStream) input = g_data_input_stream_new (plain);

  printf ("ready\n");
  fflush (stdout);
  read_next (input, bus);
}

static void
on_lost (GDBusConnection *bus, const char *lost, gpointer user_data)
{
  fprintf (stderr, "bus-peer: cannot own %s\n", lost);
  exit (1);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, &error);

  if (argc < 2 || bus == NULL) {
    fprintf (stderr, "bus-peer: %s\n", bus != NULL ? "NAME [MEMBER=REPLY]..." : error->message);
    return 2;
  }
  name = argv[1];
  replies = argv + 2;
  g_dbus_connection_add_filter (bus, filter, NULL, NULL);
  g_bus_own_name_on_connection (bus, name, G_BUS_NAME_OWNER_FLAGS_NONE, on_acquired, on_lost, NULL,
                                NULL);
  g_main_loop_run (loop);
  return 0;
}

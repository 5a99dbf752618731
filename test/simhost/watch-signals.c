/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * watch-signals: prints the signals of com.citrix.xenclient.xenmgr, one line
 * each: the member, then its arguments, separated by blanks. The first line is
 * "watching", when none can be missed any more. Ends on SIGTERM, or when the
 * bus goes. Values may hold line ends: they are escaped as in C.
 */
#include <gio/gio.h>
#include <stdio.h>

#define SERVICE "com.citrix.xenclient.xenmgr"

static void
on_signal (GDBusConnection *bus,
           const char *sender,
           const char *path,
           const char *interface,
           const char *member,
           GVariant *arguments,
           gpointer data)
{
  g_autoptr (GString) line = g_string_new (member);

  for (gsize i = 0; i < g_variant_n_children (arguments); i++) {
    g_autoptr (GVariant) value = g_variant_get_child_value (arguments, i);
    g_autofree char *text = NULL;

    if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING) ||
        g_variant_is_of_type (value, G_VARIANT_TYPE_OBJECT_PATH))
      text = g_strescape (g_variant_get_string (value, NULL), NULL);
    else
      text = g_variant_print (value, FALSE);
    g_string_append_printf (line, " %s", text);
  }
  puts (line->str);
  fflush (stdout);
}

int
main (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, &error);
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  if (bus == NULL) {
    fprintf (stderr, "watch-signals: %s\n", error->message);
    return 1;
  }
  g_dbus_connection_signal_subscribe (bus, NULL, SERVICE, NULL, NULL, NULL,
                                      G_DBUS_SIGNAL_FLAGS_NONE, on_signal, NULL, NULL);
  /* the bus works in order: once it has answered this, it knows the subscription */
  reply = g_dbus_connection_call_sync (bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                       "org.freedesktop.DBus", "GetId", NULL, NULL,
                                       G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  if (reply == NULL) {
    fprintf (stderr, "watch-signals: %s\n", error->message);
    return 1;
  }
  puts ("watching");
  fflush (stdout);
  g_main_loop_run (loop);
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench-peer.h"

#include <string.h>

#define PROPERTIES "org.freedesktop.DBus.Properties"

BenchPeer bench_peers[BENCH_N_PEERS] = {
  [BENCH_XENMGR] = {
    .title = "xenmgr-xl",
    .bus_name = "com.citrix.xenclient.xenmgr",
    .root = "/",
    .root_interface = "com.citrix.xenclient.xenmgr",
    .list_method = "list_vms",
    .add_method = "create_vm_with_template_and_json",
    /* A slot of its own: the service hands out only the nine that have a key on the keyboard. */
    .add_arguments = "('new-vm-pv', '{\"slot\": \"1@\"}')",
    .object_interface = "com.citrix.xenclient.xenmgr.vm",
    .name_property = "name",
  },
  /* Answers with the same data, made once: what it costs to carry them. */
  [BENCH_ECHO] = {
    .title = "echo",
    .bus_name = "org.xenmgr_xl.Bench.Echo",
    .root = "/",
    .root_interface = "org.xenmgr_xl.Bench",
    .list_method = "List",
    .add_method = "Add",
    .object_interface = "com.citrix.xenclient.xenmgr.vm",
    .name_property = "name",
  },
  /* The same properties, each with a getter that returns a constant: what GDBus adds to that. */
  [BENCH_GETTERS] = {
    .title = "getters",
    .bus_name = "org.xenmgr_xl.Bench.Getters",
    .root = "/",
    .root_interface = "org.xenmgr_xl.Bench",
    .list_method = "List",
    .add_method = "Add",
    .object_interface = "com.citrix.xenclient.xenmgr.vm",
    .name_property = "name",
  },
  [BENCH_LIBVIRT] = {
    .title = "libvirt-dbus",
    .bus_name = "org.libvirt",
    .root = "/org/libvirt/Test",
    .root_interface = "org.libvirt.Connect",
    .list_method = "ListDomains",
    .list_arguments = "(uint32 0,)",
    .add_method = "DomainDefineXML",
    .add_arguments = "(\"<domain type='test'><name>bench-@</name><memory unit='MiB'>64</memory>"
                     "<os><type>hvm</type></os></domain>\",)",
    .object_interface = "org.libvirt.Domain",
    .name_property = "Name",
  },
};

static GVariant *
call_root (const BenchPeer *peer,
           GDBusConnection *connection,
           const char *method,
           GVariant *arguments,
           GError **error)
{
  return g_dbus_connection_call_sync (connection, peer->bus_name, peer->root, peer->root_interface,
                                      method, arguments, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL,
                                      error);
}

static GVariant *
list_arguments (const BenchPeer *peer)
{
  return peer->list_arguments != NULL ? g_variant_new_parsed (peer->list_arguments) : NULL;
}

static gboolean
read_objects (BenchPeer *peer, GDBusConnection *connection, GError **error)
{
  g_autoptr (GVariant) results =
      call_root (peer, connection, peer->list_method, list_arguments (peer), error);

  if (results == NULL)
    return FALSE;
  g_clear_pointer (&peer->objects, g_strfreev);
  g_variant_get (results, "(^ao)", &peer->objects);
  return TRUE;
}

static GVariant *
add_arguments (const BenchPeer *peer, guint number)
{
  if (peer->add_arguments == NULL)
    return NULL;
  g_autofree char *digits = g_strdup_printf ("%u", number);
  g_auto (GStrv) around = g_strsplit (peer->add_arguments, "@", -1);
  g_autofree char *text = g_strjoinv (digits, around);
  return g_variant_new_parsed (text);
}

gboolean
bench_peer_populate (BenchPeer *peer, GDBusConnection *connection, guint n, GError **error)
{
  if (!read_objects (peer, connection, error))
    return FALSE;
  for (guint i = g_strv_length (peer->objects); i < n; i++) {
    g_autoptr (GVariant) results =
        call_root (peer, connection, peer->add_method, add_arguments (peer, i), error);
    if (results == NULL)
      return FALSE;
  }
  if (!read_objects (peer, connection, error))
    return FALSE;
  if (g_strv_length (peer->objects) == n)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s has %u objects, not %u", peer->title,
               g_strv_length (peer->objects), n);
  return FALSE;
}

static void
on_appeared (GDBusConnection *connection, const char *name, const char *owner, gpointer data)
{
  *(gboolean *)data = TRUE;
}

static gboolean
on_timeout (gpointer data)
{
  *(gboolean *)data = TRUE;
  return G_SOURCE_CONTINUE;
}

/* Whoever starts the peers need not wait for them. */
static void
wait_for_name (GDBusConnection *connection, const char *name)
{
  enum { LIMIT = 30 /* seconds */ };
  gboolean done = FALSE;
  guint watch = g_bus_watch_name_on_connection (connection, name, G_BUS_NAME_WATCHER_FLAGS_NONE,
                                                on_appeared, NULL, &done, NULL);
  guint timeout = g_timeout_add_seconds (LIMIT, on_timeout, &done);

  while (!done)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timeout);
  g_bus_unwatch_name (watch);
}

gboolean
bench_peer_connect (BenchPeer *peer, GDBusConnection *connection, GError **error)
{
  wait_for_name (connection, peer->bus_name);
  g_autoptr (GVariant) results = g_dbus_connection_call_sync (
      connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
      "GetConnectionUnixProcessID", g_variant_new ("(s)", peer->bus_name), G_VARIANT_TYPE ("(u)"),
      G_DBUS_CALL_FLAGS_NONE, -1, NULL, error);

  if (results == NULL) {
    g_prefix_error (error, "%s: ", peer->title);
    return FALSE;
  }
  g_variant_get (results, "(u)", &peer->pid);
  return TRUE;
}

guint64
bench_peer_resident (const BenchPeer *peer)
{
  g_autofree char *path = g_strdup_printf ("/proc/%u/status", peer->pid);
  g_autofree char *status = NULL;

  if (!g_file_get_contents (path, &status, NULL, NULL))
    return 0;
  const char *line = strstr (status, "\nVmRSS:");
  return line != NULL ? g_ascii_strtoull (line + strlen ("\nVmRSS:"), NULL, 10) : 0;
}

guint64
bench_peer_cpu_time (const BenchPeer *peer)
{
  g_autofree char *folder = g_strdup_printf ("/proc/%u/task", peer->pid);
  g_autoptr (GDir) threads = g_dir_open (folder, 0, NULL);
  guint64 sum = 0;
  const char *thread;

  while (threads != NULL && (thread = g_dir_read_name (threads)) != NULL) {
    /* The first number; finer than the ticks in stat. */
    g_autofree char *path = g_build_filename (folder, thread, "schedstat", NULL);
    g_autofree char *text = NULL;
    if (g_file_get_contents (path, &text, NULL, NULL))
      sum += g_ascii_strtoull (text, NULL, 10);
  }
  return sum;
}

GDBusMessage *
bench_peer_message (const BenchPeer *peer, BenchCall call, guint i)
{
  const char *object = call == BENCH_LIST ? peer->root : peer->objects[i];
  const char *interface = call == BENCH_LIST ? peer->root_interface : PROPERTIES;
  const char *method = call == BENCH_LIST  ? peer->list_method
                       : call == BENCH_GET ? "Get"
                                           : "GetAll";
  GVariant *arguments = NULL;

  if (call == BENCH_LIST)
    arguments = list_arguments (peer);
  else if (call == BENCH_GET)
    arguments = g_variant_new ("(ss)", peer->object_interface, peer->name_property);
  else
    arguments = g_variant_new ("(s)", peer->object_interface);

  GDBusMessage *message =
      g_dbus_message_new_method_call (peer->bus_name, object, interface, method);
  if (arguments != NULL)
    g_dbus_message_set_body (message, arguments);
  return message;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * echo-service [--getters] BUS_NAME XML_FILE: GDBus services that do nothing else.
 *
 * Serves the object / with Add (one object more) and List, and the objects with
 * the properties of the interface in XML_FILE. All answers are constants. The
 * answers to Get and GetAll are made once and echoed; with --getters GDBus asks
 * a getter for each property, as it does for an ordinary service.
 */
#include <gio/gio.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdlib.h>

static const char own_xml[] =
    "<node>"
    "<interface name='org.xenmgr_xl.Bench'>"
    "<method name='Add'/><method name='List'><arg type='ao' direction='out'/></method>"
    "</interface>"
    "<interface name='org.freedesktop.DBus.Properties'>"
    "<method name='Get'><arg type='s' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='v' direction='out'/></method>"
    "<method name='GetAll'><arg type='s' direction='in'/>"
    "<arg type='a{sv}' direction='out'/></method>"
    "</interface>"
    "</node>";

typedef struct {
  GMainLoop *loop;
  GDBusConnection *connection;
  GDBusInterfaceInfo *root_interface;
  GDBusInterfaceInfo *properties_interface;
  GDBusInterfaceInfo *object_interface;
  gboolean with_getters;
  GVariant *one; /* the answers to Get and GetAll */
  GVariant *all;
  GPtrArray *paths;
} Service;

static GVariant *
constant_of (const GDBusPropertyInfo *property)
{
  switch (*property->signature) {
  case 'b':
    return g_variant_new_boolean (TRUE);
  case 'i':
    return g_variant_new_int32 (1024);
  case 's':
    return g_variant_new_string ("constant");
  default: /* an empty array */
    return g_variant_new_from_data (G_VARIANT_TYPE (property->signature), NULL, 0, TRUE, NULL,
                                    NULL);
  }
}

static void
make_answers (Service *service)
{
  g_auto (GVariantBuilder) all = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  for (GDBusPropertyInfo **p = service->object_interface->properties; *p != NULL; p++)
    g_variant_builder_add (&all, "{sv}", (*p)->name, constant_of (*p));
  service->all = g_variant_ref_sink (g_variant_new ("(a{sv})", &all));
  service->one = g_variant_ref_sink (g_variant_new ("(v)", g_variant_new_string ("constant")));
}

static GVariant *
get_constant (GDBusConnection *connection,
              const char *sender,
              const char *path,
              const char *interface,
              const char *property,
              GError **error,
              gpointer user_data)
{
  Service *service = user_data;

  return constant_of (g_dbus_interface_info_lookup_property (service->object_interface, property));
}

static void
echo_properties (GDBusConnection *connection,
                 const char *sender,
                 const char *path,
                 const char *interface,
                 const char *method,
                 GVariant *arguments,
                 GDBusMethodInvocation *invocation,
                 gpointer user_data)
{
  Service *service = user_data;

  g_dbus_method_invocation_return_value (invocation,
                                         g_str_equal (method, "Get") ? service->one : service->all);
}

static void
add_object (Service *service)
{
  static const GDBusInterfaceVTable getters = { .get_property = get_constant };
  static const GDBusInterfaceVTable echo = { .method_call = echo_properties };
  char *path = g_strdup_printf ("/vm/00000000_0000_0000_0000_%012u", service->paths->len);

  g_dbus_connection_register_object (service->connection, path,
                                     service->with_getters ? service->object_interface
                                                           : service->properties_interface,
                                     service->with_getters ? &getters : &echo, service, NULL, NULL);
  g_ptr_array_add (service->paths, path);
}

static void
call_root (GDBusConnection *connection,
           const char *sender,
           const char *path,
           const char *interface,
           const char *method,
           GVariant *arguments,
           GDBusMethodInvocation *invocation,
           gpointer user_data)
{
  Service *service = user_data;

  if (g_str_equal (method, "Add")) {
    add_object (service);
    g_dbus_method_invocation_return_value (invocation, NULL);
    return;
  }
  GVariant *paths =
      g_variant_new_objv ((const char *const *)service->paths->pdata, service->paths->len);
  g_dbus_method_invocation_return_value (invocation, g_variant_new_tuple (&paths, 1));
}

static GDBusInterfaceInfo *
parse_interface (const char *xml, guint n)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (xml, &error);

  if (node == NULL)
    g_error ("%s", error->message);
  GDBusInterfaceInfo *interface = g_dbus_interface_info_ref (node->interfaces[n]);
  g_dbus_interface_info_cache_build (interface);
  return interface;
}

static void
free_interface (GDBusInterfaceInfo *interface)
{
  g_dbus_interface_info_cache_release (interface);
  g_dbus_interface_info_unref (interface);
}

static void
on_bus (GDBusConnection *connection, const char *name, gpointer user_data)
{
  static const GDBusInterfaceVTable root = { .method_call = call_root };
  Service *service = user_data;
  g_autoptr (GError) error = NULL;

  service->connection = g_object_ref (connection);
  if (!g_dbus_connection_register_object (connection, "/", service->root_interface, &root, service,
                                          NULL, &error))
    g_error ("%s", error->message);
}

static void
on_name_lost (GDBusConnection *connection, const char *name, gpointer user_data)
{
  g_error ("cannot have the name %s", name);
}

static gboolean
quit (gpointer user_data)
{
  g_main_loop_quit (((Service *)user_data)->loop);
  return G_SOURCE_CONTINUE;
}

static void
serve (Service *service, const char *name)
{
  guint owner = g_bus_own_name (G_BUS_TYPE_SYSTEM, name, G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE,
                                on_bus, NULL, on_name_lost, service, NULL);

  g_unix_signal_add (SIGTERM, quit, service);
  g_main_loop_run (service->loop);
  g_bus_unown_name (owner);
  g_clear_object (&service->connection);
}

int
main (int argc, char **argv)
{
  gboolean with_getters = argc > 1 && g_str_equal (argv[1], "--getters");
  char **words = argv + (with_getters ? 2 : 1);
  g_autofree char *xml = NULL;
  g_autoptr (GError) error = NULL;

  if (g_strv_length (words) != 2 || !g_file_get_contents (words[1], &xml, NULL, &error)) {
    g_printerr ("usage: %s [--getters] BUS_NAME XML_FILE\n", argv[0]);
    return EXIT_FAILURE;
  }
  Service service = {
    .loop = g_main_loop_new (NULL, FALSE),
    .root_interface = parse_interface (own_xml, 0),
    .properties_interface = parse_interface (own_xml, 1),
    .object_interface = parse_interface (xml, 0),
    .with_getters = with_getters,
    .paths = g_ptr_array_new_with_free_func (g_free),
  };
  make_answers (&service);
  serve (&service, words[0]);

  free_interface (service.object_interface);
  free_interface (service.properties_interface);
  free_interface (service.root_interface);
  g_variant_unref (service.one);
  g_variant_unref (service.all);
  g_ptr_array_unref (service.paths);
  g_main_loop_unref (service.loop);
  return EXIT_SUCCESS;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/introspect.h"

#include <string.h>

static const char header[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n"
    " \"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n"
    "<node>\n";

static const char properties_interface[] =
    "  <interface name=\"org.freedesktop.DBus.Properties\">\n"
    "    <method name=\"Get\">\n"
    "      <arg name=\"interface_name\" type=\"s\" direction=\"in\"/>\n"
    "      <arg name=\"property_name\" type=\"s\" direction=\"in\"/>\n"
    "      <arg name=\"value\" type=\"v\" direction=\"out\"/>\n"
    "    </method>\n"
    "    <method name=\"Set\">\n"
    "      <arg name=\"interface_name\" type=\"s\" direction=\"in\"/>\n"
    "      <arg name=\"property_name\" type=\"s\" direction=\"in\"/>\n"
    "      <arg name=\"value\" type=\"v\" direction=\"in\"/>\n"
    "    </method>\n"
    "    <method name=\"GetAll\">\n"
    "      <arg name=\"interface_name\" type=\"s\" direction=\"in\"/>\n"
    "      <arg name=\"properties\" type=\"a{sv}\" direction=\"out\"/>\n"
    "    </method>\n"
    "    <signal name=\"PropertiesChanged\">\n"
    "      <arg name=\"interface_name\" type=\"s\"/>\n"
    "      <arg name=\"changed_properties\" type=\"a{sv}\"/>\n"
    "      <arg name=\"invalidated_properties\" type=\"as\"/>\n"
    "    </signal>\n"
    "  </interface>\n";

static void
append_attribute (GString *xml, const char *name, const char *value)
{
  g_autofree char *escaped = g_markup_escape_text (value, -1);

  g_string_append_printf (xml, " %s=\"%s\"", name, escaped);
}

static gboolean
is_made_up_name (const char *name)
{
  const char *prefix = "arg_";

  if (!g_str_has_prefix (name, prefix))
    return FALSE;
  name += strlen (prefix);
  return *name != '\0' && name[strspn (name, "0123456789")] == '\0';
}

static void
append_args (GString *xml, GDBusArgInfo **args, const char *direction)
{
  for (; args && *args; args++) {
    g_string_append (xml, "      <arg");
    if ((*args)->name && !is_made_up_name ((*args)->name))
      append_attribute (xml, "name", (*args)->name);
    append_attribute (xml, "type", (*args)->signature);
    if (direction)
      append_attribute (xml, "direction", direction);
    g_string_append (xml, "/>\n");
  }
}

static void
append_method (GString *xml, const GDBusMethodInfo *method)
{
  g_string_append (xml, "    <method");
  append_attribute (xml, "name", method->name);
  g_string_append (xml, ">\n");
  append_args (xml, method->in_args, "in");
  append_args (xml, method->out_args, "out");
  g_string_append (xml, "    </method>\n");
}

static void
append_signal (GString *xml, const GDBusSignalInfo *signal)
{
  g_string_append (xml, "    <signal");
  append_attribute (xml, "name", signal->name);
  g_string_append (xml, ">\n");
  append_args (xml, signal->args, NULL);
  g_string_append (xml, "    </signal>\n");
}

static const char *
access_text (GDBusPropertyInfoFlags flags)
{
  gboolean readable = (flags & G_DBUS_PROPERTY_INFO_FLAGS_READABLE) != 0;
  gboolean writable = (flags & G_DBUS_PROPERTY_INFO_FLAGS_WRITABLE) != 0;

  return readable && writable ? "readwrite" : writable ? "write" : "read";
}

/* An empty element: the original client takes nothing inside. */
static void
append_annotation (GString *xml, const GDBusAnnotationInfo *annotation)
{
  g_string_append (xml, "      <annotation");
  append_attribute (xml, "name", annotation->key);
  append_attribute (xml, "value", annotation->value);
  g_string_append (xml, "/>\n");
}

static void
append_property (GString *xml, const GDBusPropertyInfo *property)
{
  g_string_append (xml, "    <property");
  append_attribute (xml, "name", property->name);
  append_attribute (xml, "type", property->signature);
  append_attribute (xml, "access", access_text (property->flags));
  if (property->annotations == NULL || *property->annotations == NULL) {
    g_string_append (xml, "/>\n");
    return;
  }
  g_string_append (xml, ">\n");
  for (GDBusAnnotationInfo **a = property->annotations; *a != NULL; a++)
    append_annotation (xml, *a);
  g_string_append (xml, "    </property>\n");
}

static void
append_interface (GString *xml, const GDBusInterfaceInfo *interface)
{
  g_string_append (xml, "  <interface");
  append_attribute (xml, "name", interface->name);
  g_string_append (xml, ">\n");
  for (GDBusMethodInfo **m = interface->methods; m && *m; m++)
    append_method (xml, *m);
  for (GDBusSignalInfo **s = interface->signals; s && *s; s++)
    append_signal (xml, *s);
  for (GDBusPropertyInfo **p = interface->properties; p && *p; p++)
    append_property (xml, *p);
  g_string_append (xml, "  </interface>\n");
}

char *
xm_introspect_to_xml (GDBusInterfaceInfo *const *interfaces,
                      gsize n,
                      gboolean has_properties,
                      const char *const *children)
{
  GString *xml = g_string_new (header);

  for (gsize i = 0; i < n; i++)
    append_interface (xml, interfaces[i]);
  if (has_properties)
    g_string_append (xml, properties_interface);
  for (; children && *children; children++) {
    g_string_append (xml, "  <node");
    append_attribute (xml, "name", *children);
    g_string_append (xml, "/>\n");
  }
  g_string_append (xml, "</node>\n");
  return g_string_free (xml, FALSE);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The introspection text of every kind of object is readable by the original client, which refuses
 * GLib's. */
#include "client-parser.h"
#include "surface.h"
#include "dbus-xml-resources.h"
#include "shim/introspect.h"
#include "test/unit/run-suite.h"

#include <check.h>
#include <string.h>

#define PREFIX     "/com/citrix/xenclient/xenmgr/"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define X          "com.citrix.xenclient."

static const struct {
  const char *path;
  gboolean has_properties;
  const char *interfaces[9];
  const char *children[3];
} objects[] = {
  { "/",
    TRUE,
    { X "policy", X "xenmgr", X "xenmgr.config", X "xenmgr.config.ui", X "xenmgr.diag",
      X "xenmgr.guestreq", X "xenmgr.testing", X "xenmgr.unrestricted" },
    { "host", "vm" } },
  { "/host", TRUE, { X "xenmgr.host", X "xenmgr.installer", X "xenmgr.powersettings" }, { NULL } },
  { "/vm/<uuid>",
    TRUE,
    { X "xenmgr.vm", X "xenmgr.vm.auth", X "xenmgr.vm.pci", X "xenmgr.vm.product",
      X "xenmgr.vm.unrestricted" },
    { "disk", "nic" } },
  { "/vm/<uuid>/disk/<id>", TRUE, { X "vmdisk" }, { NULL } },
  { "/vm/<uuid>/nic/<id>", TRUE, { X "vmnic" }, { NULL } },
  { "/", FALSE, { X "db" }, { NULL } },
};

static GDBusNodeInfo *
load_interface (const char *name)
{
  g_autofree char *path = g_strconcat (PREFIX, name, ".xml", NULL);
  g_autoptr (GBytes) xml =
      g_resource_lookup_data (dbus_xml_get_resource (), path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  GDBusNodeInfo *node;

  ck_assert_ptr_nonnull (xml);
  node = g_dbus_node_info_new_for_xml (g_bytes_get_data (xml, NULL), NULL);
  ck_assert_ptr_nonnull (node);
  return node;
}

static char *
introspect_object (int object)
{
  const char *const *names = objects[object].interfaces;
  g_autoptr (GPtrArray) nodes =
      g_ptr_array_new_with_free_func ((GDestroyNotify)g_dbus_node_info_unref);
  g_autoptr (GPtrArray) interfaces = g_ptr_array_new ();

  for (guint i = 0; names[i]; i++) {
    GDBusNodeInfo *node = load_interface (names[i]);

    g_ptr_array_add (nodes, node);
    g_ptr_array_add (interfaces, node->interfaces[0]);
  }
  return xm_introspect_to_xml ((GDBusInterfaceInfo *const *)interfaces->pdata, interfaces->len,
                               objects[object].has_properties, objects[object].children);
}

static const SurfaceInterface *
find_surface (const GPtrArray *surface, const char *name)
{
  for (guint i = 0; i < surface->len; i++) {
    const SurfaceInterface *interface = surface->pdata[i];

    if (strcmp (interface->name, name) == 0)
      return interface;
  }
  ck_abort_msg ("%s is not in the surface", name);
  return NULL;
}

START_TEST (object_is_readable_and_complete)
{
  const char *const *names = objects[_i].interfaces;
  guint n_names = g_strv_length ((char **)names);
  g_autoptr (GPtrArray) surface = surface_load ();
  g_autofree char *xml = introspect_object (_i);
  g_autoptr (GError) error = NULL;
  g_autoptr (ClientNode) node = client_node_parse (xml, strlen (xml), &error);
  guint next = 0;

  if (!node)
    ck_abort_msg ("%s: %s\n%s", objects[_i].path, error->message, xml);
  ck_assert_uint_eq (node->interfaces->len, n_names + objects[_i].has_properties);
  for (guint i = 0; i < n_names; i++) {
    const SurfaceInterface *expected = find_surface (surface, names[i]);

    ck_assert_str_eq (node->interfaces->pdata[i], names[i]);
    ck_assert_str_eq (expected->path, objects[_i].path);
    for (guint j = 0; j < expected->members->len; j++, next++) {
      ck_assert_uint_lt (next, node->members->len);
      ck_assert_str_eq (node->members->pdata[next], expected->members->pdata[j]);
    }
  }
  if (objects[_i].has_properties) {
    ck_assert_str_eq (node->interfaces->pdata[n_names], PROPERTIES);
    next += 4;
  }
  ck_assert_uint_eq (node->members->len, next);
  for (guint i = 0; objects[_i].children[i]; i++)
    ck_assert_str_eq (node->children->pdata[i], objects[_i].children[i]);
  ck_assert_uint_eq (node->children->len, g_strv_length ((char **)objects[_i].children));
}
END_TEST

/* Every product interface of the surface is on one of the objects above. */
START_TEST (no_interface_is_forgotten)
{
  g_autoptr (GPtrArray) surface = surface_load ();
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (objects); i++)
    n += g_strv_length ((char **)objects[i].interfaces);
  /* com.citrix.xenclient.guest is served by agents in guests. */
  ck_assert_uint_eq (n, surface->len - 1);
}
END_TEST

START_TEST (nothing_but_members_is_printed)
{
  static const char signalled[] =
      "<annotation name=\"org.freedesktop.DBus.Property.EmitsChangedSignal\" value=\"";
  g_autofree char *xml = introspect_object (_i);

  for (const char *at = xml; (at = strstr (at, "<annotation")) != NULL; at++)
    ck_assert_msg (strncmp (at, signalled, strlen (signalled)) == 0, "%.80s", at);

  ck_assert_ptr_null (strstr (xml, "<!--"));
  ck_assert_ptr_null (strstr (xml, "</arg>"));
  ck_assert_ptr_null (strstr (xml, "\"arg_"));
  ck_assert_ptr_null (strstr (xml, "org.freedesktop.DBus.Introspectable"));
  ck_assert_ptr_null (strstr (xml, "org.freedesktop.DBus.Peer"));
  ck_assert_ptr_nonnull (strstr (xml, "<!DOCTYPE node PUBLIC"));
}
END_TEST

START_TEST (names_are_escaped)
{
  const char *children[] = { "a&b<c>\"d", NULL };
  g_autofree char *xml = xm_introspect_to_xml (NULL, 0, FALSE, children);
  g_autoptr (ClientNode) node = client_node_parse (xml, strlen (xml), NULL);

  ck_assert_ptr_nonnull (node);
  ck_assert_uint_eq (node->interfaces->len, 0);
  ck_assert_uint_eq (node->children->len, 1);
  ck_assert_str_eq (node->children->pdata[0], children[0]);
}
END_TEST

/* Only made-up names are dropped. */
START_TEST (argument_names_are_kept)
{
  static const char source[] = "<node><interface name='a.b'><method name='m'>"
                               "<arg name='arg_x' type='s'/><arg type='i'/>"
                               "<arg name='arg_' type='b' direction='out'/>"
                               "<annotation name='a.b.c' value='d'/>"
                               "</method><property name='w' type='s' access='write'/>"
                               "</interface></node>";
  g_autoptr (GDBusNodeInfo) info = g_dbus_node_info_new_for_xml (source, NULL);
  g_autofree char *xml = xm_introspect_to_xml (info->interfaces, 1, TRUE, NULL);
  g_autoptr (ClientNode) node = client_node_parse (xml, strlen (xml), NULL);

  ck_assert_ptr_nonnull (node);
  ck_assert_str_eq (node->members->pdata[0], "a.b\tmethod\tm\targ_x:s,:i\targ_:b\t\t");
  ck_assert_str_eq (node->members->pdata[1], "a.b\tproperty\tw\t\t\ts\twrite");
  ck_assert_str_eq (node->interfaces->pdata[1], PROPERTIES);
}
END_TEST

/* Why the service writes its own text: the client cannot read GLib's. */
START_TEST (glib_text_is_refused)
{
  g_autoptr (GDBusNodeInfo) info = load_interface (X "policy");
  g_autoptr (GString) xml = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (ClientNode) node = NULL;

  g_dbus_node_info_generate_xml (info, 0, xml);
  node = client_node_parse (xml->str, xml->len, &error);
  ck_assert_ptr_null (node);
  ck_assert_ptr_nonnull (strstr (error->message, "content inside <arg>"));
}
END_TEST

#define IN_INTERFACE(text) "<node><interface name='i.f'>" text "</interface></node>"
#define IN_METHOD(text)    IN_INTERFACE ("<method name='m'>" text "</method>")

static const char *const accepted[] = {
  "<node/>",
  "<node></node>",
  "<?xml version='1.0'?>\n<node/>\n",
  "<!DOCTYPE node><node/>",
  "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD\" 'x.dtd'>\n<node/>",
  "<!DOCTYPE node [ <!ELEMENT node (interface)*> ]><node/>",
  "<!-- a --><node><!-- <b> --></node><!-- c -->",
  "<?pi a > b?><node><?pi?></node>",
  "<node name='/'></node >",
  "<node><node/><node name='a'><interface name='b.c'/></node></node>",
  IN_INTERFACE (""),
  "<node><interface name=\"a.b\" version='1'/></node>",
  IN_METHOD (""),
  IN_INTERFACE ("<method name='m'/>"),
  IN_METHOD ("<arg type='s'/>"),
  IN_METHOD ("<arg type='s'></arg>"),
  IN_METHOD ("<arg direction='in' type='a{sv}' name='n' other='o'/>"),
  IN_METHOD ("<arg\n\ttype = 's'\n/>"),
  IN_METHOD ("<arg name='&amp;&lt;&gt;&quot;&apos;&#65;&#x42;' type='s'/>"),
  IN_METHOD ("<annotation name='a' value='b'/>"),
  IN_INTERFACE ("<annotation name='a' value='b'></annotation>"),
  IN_INTERFACE ("<signal name='s'><arg type='(ii)'/><annotation name='a' value='b'/></signal>"),
  IN_INTERFACE ("<property name='p' type='ay' access='read'><annotation name='a'/></property>"),
  IN_INTERFACE ("<property access='readwrite' type='o' name='p'/>"),
};

START_TEST (accepted_text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClientNode) node = client_node_parse (accepted[_i], strlen (accepted[_i]), &error);

  if (!node)
    ck_abort_msg ("%s\n%s", error->message, accepted[_i]);
}
END_TEST

static const struct {
  const char *reason;
  const char *text;
} refused[] = {
  { "content inside <arg>", IN_METHOD ("<arg type='s'> </arg>") },
  { "content inside <arg>", IN_METHOD ("<arg type='s'>\n</arg>") },
  { "content inside <arg>", IN_METHOD ("<arg type='s'><!-- c --></arg>") },
  { "content inside <arg>", IN_METHOD ("<arg type='s'><annotation name='a' value='b'/></arg>") },
  { "content inside <annotation>", IN_METHOD ("<annotation name='a' value='b'> </annotation>") },
  { "content inside <annotation>",
    IN_METHOD ("<annotation name='a' value='b'><annotation name='a' value='b'/></annotation>") },
  { "<annotation> is not allowed here", "<node><annotation name='a' value='b'/></node>" },
  { "unknown element <tp:docstring>", IN_METHOD ("<tp:docstring>x</tp:docstring>") },
  { "unknown element <doc:doc>", IN_INTERFACE ("<doc:doc/>") },
  { "unknown element <x>", "<node><x/></node>" },
  { "unknown element <html>", "<html/>" },
  { "text or CDATA", IN_METHOD ("text") },
  { "text or CDATA", "<node>&amp;</node>" },
  { "text or CDATA", "<node><![CDATA[ ]]></node>" },
  { "<method> without `name`", IN_INTERFACE ("<method/>") },
  { "<signal> without `name`", IN_INTERFACE ("<signal/>") },
  { "<interface> without `name`", "<node><interface/></node>" },
  { "<arg> without `type`", IN_METHOD ("<arg name='a'/>") },
  { "<property> without `access`", IN_INTERFACE ("<property name='p' type='s'/>") },
  { "<property> without `type`", IN_INTERFACE ("<property name='p' access='read'/>") },
  { "<property> without `name`", IN_INTERFACE ("<property type='s' access='read'/>") },
  { "`z` is not a type", IN_METHOD ("<arg type='z'/>") },
  { "`ss` is not a type", IN_METHOD ("<arg type='ss'/>") },
  { "`a` is not a type", IN_INTERFACE ("<property name='p' type='a' access='read'/>") },
  { "`` is not a type", IN_METHOD ("<arg type=''/>") },
  { "not a kind of access", IN_INTERFACE ("<property name='p' type='s' access='rw'/>") },
  { "not a direction", IN_METHOD ("<arg type='s' direction='inout'/>") },
  { "<method> is not allowed here", "<node><method name='m'/></node>" },
  { "<arg> is not allowed here", IN_INTERFACE ("<arg type='s'/>") },
  { "<arg> is not allowed here",
    IN_INTERFACE ("<property name='p' type='s' access='read'><arg type='s'/></property>") },
  { "<interface> is not allowed here", "<interface name='a.b'/>" },
  { "<node> is not allowed here", IN_INTERFACE ("<node/>") },
  { "a second root element", "<node/><node/>" },
  { "no element", "" },
  { "no element", "<!-- only a comment -->" },
  { "<node> has no end", "<node>" },
  { "unexpected </node>", "<node><interface name='a.b'></node></interface>" },
  { "unexpected </node>", "</node>" },
  { "`-->` is missing", "<node><!-- </node>" },
  { "`?>` is missing", "<?xml <node/>" },
  { "has no end", "<!DOCTYPE node" },
  { "misplaced document type", "<node/><!DOCTYPE node>" },
  { "not quoted", "<node name=a/>" },
  { "has no value", "<node name/>" },
  { "has no end", "<node name='a/>" },
  { "a blank is missing", "<node name='a'other='b'/>" },
  { "occurs twice", "<node name='a' name='b'/>" },
  { "`<` in an attribute", "<node name='<'/>" },
  { "unknown entity", "<node name='&nbsp;'/>" },
  { "unknown entity", "<node name='a & b'/>" },
  { "bad character reference", "<node name='&#0;'/>" },
  { "bad character reference", "<node name='&#xd800;'/>" },
  { "bad character reference", "<node name='&#;'/>" },
  { "a name is missing", "< node/>" },
  { "a name is missing", "<1/>" },
  { "`>` is missing", "<node></node x>" },
  { "not UTF-8", "<node name='\xff'/>" },
};

START_TEST (refused_text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClientNode) node =
      client_node_parse (refused[_i].text, strlen (refused[_i].text), &error);

  ck_assert_msg (node == NULL, "not refused: %s", refused[_i].text);
  ck_assert_msg (strstr (error->message, refused[_i].reason) != NULL, "%s: %s", refused[_i].text,
                 error->message);
}
END_TEST

START_TEST (errors_name_the_line)
{
  const char *text = "<node>\n<interface name='a.b'>\n<bad/>";
  g_autoptr (GError) error = NULL;
  g_autoptr (ClientNode) node = client_node_parse (text, strlen (text), &error);

  ck_assert_ptr_null (node);
  ck_assert_str_eq (error->message, "line 3: unknown element <bad>");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("introspect");
  TCase *text = tcase_create ("text");
  TCase *client = tcase_create ("client");

  tcase_add_loop_test (text, object_is_readable_and_complete, 0, G_N_ELEMENTS (objects));
  tcase_add_loop_test (text, nothing_but_members_is_printed, 0, G_N_ELEMENTS (objects));
  tcase_add_test (text, no_interface_is_forgotten);
  tcase_add_test (text, names_are_escaped);
  tcase_add_test (text, argument_names_are_kept);
  tcase_add_test (text, glib_text_is_refused);
  tcase_add_loop_test (client, accepted_text, 0, G_N_ELEMENTS (accepted));
  tcase_add_loop_test (client, refused_text, 0, G_N_ELEMENTS (refused));
  tcase_add_test (client, errors_name_the_line);
  suite_add_tcase (suite, text);
  suite_add_tcase (suite, client);
  return run_suite (suite);
}

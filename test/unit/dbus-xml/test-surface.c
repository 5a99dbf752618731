/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The XML holds what the recorded surface holds, the same members in the same order, and one
 * interface of the project's own. */
#include "client-parser.h"
#include "surface.h"
#include "dbus-xml-resources.h"
#include "test/unit/run-suite.h"

#include <check.h>
#include <string.h>

#define PREFIX "/com/citrix/xenclient/xenmgr/"
#define OWN    "com.citrix.xenclient.xenmgr_xl" /* what the original does not have */

static GBytes *
resource_lookup (const char *interface)
{
  g_autofree char *path = g_strconcat (PREFIX, interface, ".xml", NULL);
  g_autoptr (GError) error = NULL;
  GBytes *bytes =
      g_resource_lookup_data (dbus_xml_get_resource (), path, G_RESOURCE_LOOKUP_FLAGS_NONE, &error);

  if (!bytes)
    ck_abort_msg ("%s: %s", interface, error->message);
  return bytes;
}

static void
check_interface (const SurfaceInterface *expected)
{
  g_autoptr (GBytes) xml = resource_lookup (expected->name);
  g_autoptr (GError) error = NULL;
  g_autoptr (ClientNode) node = NULL;
  gsize length;
  const char *text = g_bytes_get_data (xml, &length);

  node = client_node_parse (text, length, &error);
  if (!node)
    ck_abort_msg ("%s: %s", expected->name, error->message);
  ck_assert_uint_eq (node->interfaces->len, 1);
  ck_assert_str_eq (node->interfaces->pdata[0], expected->name);
  ck_assert_uint_eq (node->children->len, 0);
  for (guint i = 0; i < MIN (node->members->len, expected->members->len); i++)
    ck_assert_str_eq (node->members->pdata[i], expected->members->pdata[i]);
  ck_assert_uint_eq (node->members->len, expected->members->len);
}

START_TEST (members_are_those_recorded)
{
  g_autoptr (GPtrArray) surface = surface_load ();
  guint members = 0;

  for (guint i = 0; i < surface->len; i++) {
    const SurfaceInterface *interface = surface->pdata[i];

    check_interface (interface);
    members += interface->members->len;
  }
  ck_assert_uint_eq (surface->len, 20);
  ck_assert_uint_eq (members, 532);
}
END_TEST

START_TEST (no_other_interface_is_there)
{
  g_autoptr (GPtrArray) surface = surface_load ();
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_auto (GStrv) files = g_resource_enumerate_children (dbus_xml_get_resource (), PREFIX,
                                                        G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

  for (guint i = 0; i < surface->len; i++) {
    const SurfaceInterface *interface = surface->pdata[i];

    g_hash_table_add (names, g_strconcat (interface->name, ".xml", NULL));
  }
  g_hash_table_add (names, g_strdup (OWN ".xml"));
  ck_assert_ptr_nonnull (files);
  for (char **file = files; *file; file++)
    ck_assert_msg (g_hash_table_contains (names, *file), "%s is not in the surface", *file);
  ck_assert_uint_eq (g_strv_length (files), g_hash_table_size (names));
}
END_TEST

/* GLib, whose structures the service works with, sees the same number of members. */
START_TEST (glib_reads_every_file)
{
  g_autoptr (GPtrArray) surface = surface_load ();

  for (guint i = 0; i < surface->len; i++) {
    const SurfaceInterface *expected = surface->pdata[i];
    g_autoptr (GBytes) xml = resource_lookup (expected->name);
    g_autoptr (GError) error = NULL;
    g_autoptr (GDBusNodeInfo) info =
        g_dbus_node_info_new_for_xml (g_bytes_get_data (xml, NULL), &error);
    GDBusInterfaceInfo *interface;
    guint n = 0;

    if (!info)
      ck_abort_msg ("%s: %s", expected->name, error->message);
    interface = g_dbus_node_info_lookup_interface (info, expected->name);
    ck_assert_ptr_nonnull (interface);
    for (GDBusMethodInfo **m = interface->methods; m && *m; m++)
      n++;
    for (GDBusSignalInfo **s = interface->signals; s && *s; s++)
      n++;
    for (GDBusPropertyInfo **p = interface->properties; p && *p; p++)
      n++;
    ck_assert_uint_eq (n, expected->members->len);
  }
}
END_TEST

/* The line before an interface or a member ends a comment. */
static guint
count_undocumented (const char *text, GString *names)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  guint n = 0;

  for (guint i = 1; lines[i]; i++) {
    const char *line = g_strchug (lines[i]);

    if (!g_str_has_prefix (line, "<interface ") && !g_str_has_prefix (line, "<method ") &&
        !g_str_has_prefix (line, "<signal ") && !g_str_has_prefix (line, "<property "))
      continue;
    if (!g_str_has_suffix (lines[i - 1], "-->")) {
      g_string_append_printf (names, "\n%s", line);
      n++;
    }
  }
  return n;
}

/* It is no part of what is compared with the original; the client must be able to read it. */
START_TEST (own_interface_is_readable_and_documented)
{
  g_autoptr (GBytes) xml = resource_lookup (OWN);
  g_autoptr (GString) names = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  gsize length;
  const char *text = g_bytes_get_data (xml, &length);
  g_autoptr (ClientNode) node = client_node_parse (text, length, &error);

  ck_assert_msg (node != NULL, "%s", error != NULL ? error->message : "");
  ck_assert_str_eq (node->interfaces->pdata[0], OWN);
  ck_assert_uint_eq (node->members->len, 2);
  ck_assert_msg (count_undocumented (text, names) == 0, "no comment before%s", names->str);
}
END_TEST

START_TEST (everything_is_documented)
{
  g_autoptr (GPtrArray) surface = surface_load ();

  for (guint i = 0; i < surface->len; i++) {
    const SurfaceInterface *interface = surface->pdata[i];
    g_autoptr (GBytes) xml = resource_lookup (interface->name);
    g_autoptr (GString) names = g_string_new (NULL);
    guint n = count_undocumented (g_bytes_get_data (xml, NULL), names);

    /* What it shares with `vm` is documented there. */
    if (g_str_has_suffix (interface->name, ".vm.unrestricted"))
      ck_assert_msg (n == 145, "%u members undocumented, not the 145 shared with vm", n);
    else
      ck_assert_msg (n == 0, "%s: no comment before%s", interface->name, names->str);
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("surface");
  TCase *tests = tcase_create ("surface");

  tcase_add_test (tests, members_are_those_recorded);
  tcase_add_test (tests, no_other_interface_is_there);
  tcase_add_test (tests, glib_reads_every_file);
  tcase_add_test (tests, own_interface_is_readable_and_documented);
  tcase_add_test (tests, everything_is_documented);
  suite_add_tcase (suite, tests);
  return run_suite (suite);
}

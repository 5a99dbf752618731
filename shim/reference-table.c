/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/reference-table.h"

#include "dbus-xml-resources.h"

/* -- the XML ----------------------------------------------------------------------- */

GDBusInterfaceInfo *
xm_reference_interface (const char *name)
{
  g_autofree char *path = g_strconcat ("/com/citrix/xenclient/xenmgr/", name, ".xml", NULL);
  g_autoptr (GBytes) xml =
      g_resource_lookup_data (dbus_xml_get_resource (), path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  g_assert (xml != NULL);
  g_autoptr (GDBusNodeInfo) node =
      g_dbus_node_info_new_for_xml (g_bytes_get_data (xml, NULL), NULL);
  g_assert (node != NULL);
  return g_dbus_interface_info_ref (g_dbus_node_info_lookup_interface (node, name));
}

static int
compare_infos (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 ((*(GDBusPropertyInfo *const *)a)->name, (*(GDBusPropertyInfo *const *)b)->name);
}

GPtrArray *
xm_reference_properties (GDBusInterfaceInfo *interface)
{
  GPtrArray *infos = g_ptr_array_new ();
  for (GDBusPropertyInfo **info = interface->properties; *info != NULL; info++)
    g_ptr_array_add (infos, *info);
  g_ptr_array_sort (infos, compare_infos);
  return infos;
}

/* -- cells ------------------------------------------------------------------------- */

const char *
xm_reference_type (const GDBusPropertyInfo *info)
{
  static const struct {
    const char *signature, *name;
  } types[] = {
    { "b", "boolean" },        { "i", "integer" },       { "s", "text" },
    { "x", "64-bit integer" }, { "ao", "object paths" }, { "as", "texts" },
    { "a{ss}", "dictionary" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (types); i++) {
    if (g_str_equal (types[i].signature, info->signature))
      return types[i].name;
  }
  return info->signature;
}

const char *
xm_reference_access (const GDBusPropertyInfo *info)
{
  return (info->flags & G_DBUS_PROPERTY_INFO_FLAGS_WRITABLE) != 0 ? "rw" : "r";
}

void
xm_reference_add_code (GString *text, const char *code)
{
  g_string_append (text, " | ");
  if (code != NULL)
    g_string_append_printf (text, "`%s`", *code != '\0' ? code : "\"\"");
}

void
xm_reference_add_text (GString *text, const char *cell)
{
  g_string_append (text, " | ");
  for (const char *c = cell != NULL ? cell : ""; *c != '\0'; c++) {
    if (*c == '|')
      g_string_append_c (text, '\\');
    g_string_append_c (text, *c);
  }
}

void
xm_reference_add_words (GString *text, const char *const *words)
{
  g_string_append (text, " | ");
  for (gsize i = 0; words != NULL && words[i] != NULL; i++)
    g_string_append_printf (text, "%s`%s`", i > 0 ? ", " : "",
                            *words[i] != '\0' ? words[i] : "\"\"");
}

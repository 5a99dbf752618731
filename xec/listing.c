/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xec/listing.h"

#include "xec/format.h"

#define MEMBER_WIDTH 28

typedef void (*ListOne) (GString *out, GDBusInterfaceInfo *interface);

/* Only @interface, when the object has it; else all. */
static char *
list_each (GDBusNodeInfo *node, const char *interface, ListOne list_one)
{
  GString *out = g_string_new (NULL);
  GDBusInterfaceInfo *only = NULL;

  if (interface != NULL)
    only = g_dbus_node_info_lookup_interface (node, interface);
  for (GDBusInterfaceInfo **i = node->interfaces; i != NULL && *i != NULL; i++)
    if (only == NULL || *i == only)
      list_one (out, *i);
  return g_string_free (out, FALSE);
}

static char *
displayed_method (const GDBusMethodInfo *method)
{
  return g_strdelimit (g_strdup (method->name), "_", '-');
}

static void
list_interface (GString *out, GDBusInterfaceInfo *interface)
{
  g_string_append_printf (out, "%s\n", interface->name);
}

static void
list_methods (GString *out, GDBusInterfaceInfo *interface)
{
  for (GDBusMethodInfo **m = interface->methods; m != NULL && *m != NULL; m++) {
    g_autofree char *name = displayed_method (*m);
    g_string_append_printf (out, "%s\n", name);
  }
}

static void
list_properties (GString *out, GDBusInterfaceInfo *interface)
{
  for (GDBusPropertyInfo **p = interface->properties; p != NULL && *p != NULL; p++)
    g_string_append_printf (out, "%s\n", (*p)->name);
}

static const char *
access_word (GDBusPropertyInfoFlags flags)
{
  gboolean readable = (flags & G_DBUS_PROPERTY_INFO_FLAGS_READABLE) != 0;
  gboolean writable = (flags & G_DBUS_PROPERTY_INFO_FLAGS_WRITABLE) != 0;

  return readable && writable ? "readwrite" : writable ? "write" : "read";
}

static void
append_arguments (GString *out, GDBusArgInfo **arguments, const char *direction, gboolean *first)
{
  for (GDBusArgInfo **a = arguments; a != NULL && *a != NULL; a++) {
    const char *name = (*a)->name != NULL ? (*a)->name : "";
    g_string_append_printf (out, "%s%s%s:%s", *first ? "" : ", ", direction, name, (*a)->signature);
    *first = FALSE;
  }
}

static void
describe_members (GString *out, GDBusInterfaceInfo *interface)
{
  g_string_append_printf (out, "/------- %s\n", interface->name);
  for (GDBusPropertyInfo **p = interface->properties; p != NULL && *p != NULL; p++) {
    g_string_append (out, "|     -  ");
    xec_format_padded (out, (*p)->name, MEMBER_WIDTH);
    g_string_append_printf (out, " %s:%s\n", access_word ((*p)->flags), (*p)->signature);
  }
  for (GDBusMethodInfo **m = interface->methods; m != NULL && *m != NULL; m++) {
    g_autofree char *name = displayed_method (*m);
    gboolean first = TRUE;
    g_string_append (out, "|     +  ");
    xec_format_padded (out, name, MEMBER_WIDTH);
    g_string_append (out, " ( ");
    append_arguments (out, (*m)->in_args, "", &first);
    append_arguments (out, (*m)->out_args, "OUT ", &first);
    g_string_append (out, " )\n");
  }
  g_string_append_c (out, '\n');
}

char *
xec_list_interfaces (GDBusNodeInfo *node)
{
  return list_each (node, NULL, list_interface);
}

char *
xec_list_methods (GDBusNodeInfo *node, const char *interface)
{
  return list_each (node, interface, list_methods);
}

char *
xec_list_properties (GDBusNodeInfo *node, const char *interface)
{
  return list_each (node, interface, list_properties);
}

char *
xec_list_members (GDBusNodeInfo *node, const char *interface)
{
  return list_each (node, interface, describe_members);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xec/introspection.h"

#include "xec/bus.h"
#include "xec/error.h"

GDBusNodeInfo *
xec_introspect (GDBusConnection *connection,
                const char *service,
                const char *object,
                GError **error)
{
  g_autoptr (GVariant) results =
      xec_bus_call (connection, service, object, XEC_INTROSPECTABLE, "Introspect", NULL, error);
  g_autoptr (GError) reason = NULL;
  const char *text;

  if (results == NULL)
    return NULL;
  if (!g_variant_is_of_type (results, G_VARIANT_TYPE ("(s)"))) {
    g_set_error_literal (error, XEC_ERROR, XEC_ERROR_LOCAL, "bad introspection reply");
    return NULL;
  }
  g_variant_get (results, "(&s)", &text);
  GDBusNodeInfo *node = g_dbus_node_info_new_for_xml (text, &reason);
  if (node == NULL)
    g_set_error (error, XEC_ERROR, XEC_ERROR_LOCAL, "bad introspection text of %s: %s", object,
                 reason->message);
  return node;
}

/* Both kinds of member are looked up alike: by name in one interface. */
typedef gpointer (*LookUp) (GDBusInterfaceInfo *interface, const char *name);

static gpointer
look_up_method (GDBusInterfaceInfo *interface, const char *name)
{
  return g_dbus_interface_info_lookup_method (interface, name);
}

static gpointer
look_up_property (GDBusInterfaceInfo *interface, const char *name)
{
  return g_dbus_interface_info_lookup_property (interface, name);
}

static gpointer
find_member (GDBusNodeInfo *node,
             const char *interface,
             const char *kind,
             LookUp look_up,
             const char *name,
             GDBusInterfaceInfo **found,
             GError **error)
{
  gboolean interface_seen = FALSE;

  for (GDBusInterfaceInfo **i = node->interfaces; i != NULL && *i != NULL; i++) {
    if (interface != NULL && !g_str_equal ((*i)->name, interface))
      continue;
    interface_seen = TRUE;
    gpointer member = look_up (*i, name);
    if (member != NULL) {
      if (found != NULL)
        *found = *i;
      return member;
    }
  }

  if (interface == NULL)
    g_set_error (error, XEC_ERROR, XEC_ERROR_LOCAL, "%s %s not found in any of the interfaces",
                 kind, name);
  else if (interface_seen)
    g_set_error (error, XEC_ERROR, XEC_ERROR_LOCAL, "%s %s.%s not found", kind, interface, name);
  else
    g_set_error (error, XEC_ERROR, XEC_ERROR_LOCAL, "interface %s not found", interface);
  return NULL;
}

GDBusMethodInfo *
xec_find_method (GDBusNodeInfo *node,
                 const char *interface,
                 const char *method,
                 GDBusInterfaceInfo **found,
                 GError **error)
{
  return find_member (node, interface, "method", look_up_method, method, found, error);
}

GDBusPropertyInfo *
xec_find_property (GDBusNodeInfo *node,
                   const char *interface,
                   const char *property,
                   GDBusInterfaceInfo **found,
                   GError **error)
{
  return find_member (node, interface, "property", look_up_property, property, found, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xec/action.h"

#include <stdio.h>

#include "xec/bus.h"
#include "xec/error.h"
#include "xec/format.h"
#include "xec/introspection.h"
#include "xec/listing.h"
#include "xec/parse.h"
#include "xec/progress.h"

XecAction
xec_action_from_options (XecOptions *options, const char *object)
{
  static const struct {
    XecOption option;
    int kind;
  } by_option[] = {
    { XEC_OPTION_LIST_INTERFACES, XEC_ACTION_LIST_INTERFACES },
    { XEC_OPTION_LIST_METHODS, XEC_ACTION_LIST_METHODS },
    { XEC_OPTION_LIST_PROPERTIES, XEC_ACTION_LIST_PROPERTIES },
    { XEC_OPTION_GET, XEC_ACTION_GET },
    { XEC_OPTION_SET, XEC_ACTION_SET },
  };
  static const struct {
    const char *word;
    guint n_arguments;
    int kind;
  } by_word[] = {
    { "getall", 0, XEC_ACTION_GET_ALL },
    { "get", 1, XEC_ACTION_GET },
    { "set", 2, XEC_ACTION_SET },
  };
  XecAction action = {
    .service = xec_options_argument (options, XEC_OPTION_SERVICE, XEC_DEFAULT_SERVICE),
    .object = object,
    .interface = xec_options_argument (options, XEC_OPTION_INTERFACE, NULL),
    .kind = XEC_ACTION_DESCRIBE,
    .words = options->words,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (by_option); i++) {
    if (options->given[by_option[i].option]) {
      action.kind = by_option[i].kind;
      action.words = options->arguments[by_option[i].option];
      return action;
    }
  }
  if (options->words[0] == NULL)
    return action;
  for (gsize i = 0; i < G_N_ELEMENTS (by_word); i++) {
    if (g_str_equal (options->words[0], by_word[i].word) &&
        g_strv_length (options->words + 1) >= by_word[i].n_arguments) {
      action.kind = by_word[i].kind;
      action.words = options->words + 1;
      return action;
    }
  }
  action.kind = XEC_ACTION_CALL;
  return action;
}

/* Bytes go out as they came: the locale has no say in what a script reads. */
static void
print_value (GVariant *value)
{
  g_autofree char *text = xec_format_value (value);
  puts (text);
}

/* @number counts from 1. */
static GVariant *
parse_argument (const char *text, const char *signature, guint number, GError **error)
{
  GVariant *value = NULL;

  if (g_variant_type_string_is_valid (signature))
    value = xec_parse_argument (text, G_VARIANT_TYPE (signature));
  if (value == NULL)
    g_set_error (error, XEC_ERROR, XEC_ERROR_LOCAL, "error parsing argument %u: '%s' is no %s",
                 number, text, signature);
  return value;
}

static gboolean
get (const XecAction *action, GDBusConnection *connection, GError **error)
{
  const char *property = action->words[0];
  const char *interface = action->interface;
  g_autoptr (GDBusNodeInfo) node = NULL;

  if (interface == NULL) {
    GDBusInterfaceInfo *found;
    node = xec_introspect (connection, action->service, action->object, error);
    if (node == NULL || xec_find_property (node, NULL, property, &found, error) == NULL)
      return FALSE;
    interface = found->name;
  }
  g_autoptr (GVariant) value =
      xec_bus_get (connection, action->service, action->object, interface, property, error);
  if (value == NULL)
    return FALSE;
  print_value (value);
  return TRUE;
}

/* The type of the value is in the introspection text only, so it is needed even with -i. */
static gboolean
set (const XecAction *action, GDBusConnection *connection, GError **error)
{
  const char *property = action->words[0];
  g_autoptr (GDBusNodeInfo) node =
      xec_introspect (connection, action->service, action->object, error);
  GDBusInterfaceInfo *interface;

  if (node == NULL)
    return FALSE;
  GDBusPropertyInfo *info =
      xec_find_property (node, action->interface, property, &interface, error);
  if (info == NULL)
    return FALSE;
  GVariant *value = parse_argument (action->words[1], info->signature, 1, error);
  if (value == NULL)
    return FALSE;
  g_autoptr (GVariant) results =
      xec_bus_call (connection, action->service, action->object, XEC_PROPERTIES, "Set",
                    g_variant_new ("(ssv)", interface->name, property, value), error);
  return results != NULL;
}

static gboolean
get_all_of_interface (const XecAction *action,
                      GDBusConnection *connection,
                      const char *interface,
                      GError **error)
{
  /* Its members are how the others are read; asking it for its own is refused by some services. */
  if (g_str_equal (interface, XEC_PROPERTIES))
    return TRUE;
  if (!g_dbus_is_interface_name (interface)) {
    g_set_error (error, XEC_ERROR, XEC_ERROR_LOCAL, "'%s' is not a valid interface name",
                 interface);
    return FALSE;
  }
  g_autoptr (GVariant) results =
      xec_bus_call (connection, action->service, action->object, XEC_PROPERTIES, "GetAll",
                    g_variant_new ("(s)", interface), error);
  if (results == NULL)
    return FALSE;
  if (!g_variant_is_of_type (results, G_VARIANT_TYPE ("(a{sv})"))) {
    g_set_error_literal (error, XEC_ERROR, XEC_ERROR_LOCAL,
                         "GetAll did not answer with a dictionary of properties");
    return FALSE;
  }

  g_autoptr (GVariant) properties = g_variant_get_child_value (results, 0);
  gsize n = g_variant_n_children (properties);
  if (n == 0)
    return TRUE;
  printf ("%s\n{\n", interface);
  for (gsize i = 0; i < n; i++) {
    g_autoptr (GVariant) value = NULL;
    const char *name;
    g_variant_get_child (properties, i, "{&sv}", &name, &value);
    g_autofree char *row = xec_format_property (name, value);
    puts (row);
  }
  puts ("}");
  return TRUE;
}

static gboolean
get_all (const XecAction *action, GDBusConnection *connection, GError **error)
{
  if (action->interface != NULL)
    return get_all_of_interface (action, connection, action->interface, error);

  g_autoptr (GDBusNodeInfo) node =
      xec_introspect (connection, action->service, action->object, error);
  if (node == NULL)
    return FALSE;
  for (GDBusInterfaceInfo **i = node->interfaces; i != NULL && *i != NULL; i++)
    if (!get_all_of_interface (action, connection, (*i)->name, error))
      return FALSE;
  return TRUE;
}

static GVariant *
parse_arguments (const GDBusMethodInfo *method, char **words, GError **error)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_TUPLE);
  GDBusArgInfo **expected = method->in_args;
  guint n_expected = 0;
  guint n_given = g_strv_length (words);

  while (expected != NULL && expected[n_expected] != NULL)
    n_expected++;
  if (n_given != n_expected) {
    g_set_error (error, XEC_ERROR, XEC_ERROR_LOCAL, "method %s expects %u args, but %u were given",
                 method->name, n_expected, n_given);
    return NULL;
  }
  for (guint i = 0; i < n_given; i++) {
    GVariant *value = parse_argument (words[i], expected[i]->signature, i + 1, error);
    if (value == NULL)
      return NULL;
    g_variant_builder_add_value (&builder, value);
  }
  return g_variant_builder_end (&builder);
}

static gboolean
call (const XecAction *action, GDBusConnection *connection, GError **error)
{
  g_autofree char *name = g_strdelimit (g_strdup (action->words[0]), "-", '_');
  g_autoptr (GDBusNodeInfo) node =
      xec_introspect (connection, action->service, action->object, error);
  GDBusInterfaceInfo *interface;

  if (node == NULL)
    return FALSE;
  GDBusMethodInfo *method = xec_find_method (node, action->interface, name, &interface, error);
  if (method == NULL)
    return FALSE;
  GVariant *arguments = parse_arguments (method, action->words + 1, error);
  if (arguments == NULL)
    return FALSE;
  XecProgress *progress = action->shows_progress
                              ? xec_progress_begin (connection, action->service, action->object)
                              : NULL;
  g_autoptr (GVariant) results = xec_bus_call (connection, action->service, action->object,
                                               interface->name, name, arguments, error);
  xec_progress_end (progress);
  if (results == NULL)
    return FALSE;
  for (gsize i = 0; i < g_variant_n_children (results); i++) {
    g_autoptr (GVariant) value = g_variant_get_child_value (results, i);
    print_value (value);
  }
  return TRUE;
}

static gboolean
list (const XecAction *action, GDBusConnection *connection, GError **error)
{
  g_autoptr (GDBusNodeInfo) node =
      xec_introspect (connection, action->service, action->object, error);
  g_autofree char *text = NULL;

  if (node == NULL)
    return FALSE;
  if (action->kind == XEC_ACTION_LIST_INTERFACES)
    text = xec_list_interfaces (node);
  else if (action->kind == XEC_ACTION_LIST_METHODS)
    text = xec_list_methods (node, action->interface);
  else if (action->kind == XEC_ACTION_LIST_PROPERTIES)
    text = xec_list_properties (node, action->interface);
  else
    text = xec_list_members (node, action->interface);
  fputs (text, stdout);
  return TRUE;
}

gboolean
xec_action_perform (const XecAction *action, GDBusConnection *connection, GError **error)
{
  switch (action->kind) {
  case XEC_ACTION_GET:
    return get (action, connection, error);
  case XEC_ACTION_SET:
    return set (action, connection, error);
  case XEC_ACTION_GET_ALL:
    return get_all (action, connection, error);
  case XEC_ACTION_CALL:
    return call (action, connection, error);
  default:
    return list (action, connection, error);
  }
}

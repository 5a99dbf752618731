/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-product.h"

#include "shim/error.h"
#include "shim/ovf-env.h"
#include "shim/product-value.h"
#include "shim/text.h"

#define NODE "productproperty"

/* -- the store --------------------------------------------------------------------- */

char **
xm_vm_product_ids (const XmVm *vm)
{
  g_autofree char *base = g_strjoin ("/", vm->db_path, NODE, NULL);
  g_autofree const char **names = xm_store_list (vm->service->store, base);
  return g_strdupv ((char **)names);
}

const char *
xm_vm_product_read (const XmVm *vm, const char *id, const char *key, const char *fallback)
{
  g_autofree char *path = g_strjoin ("/", NODE, id, key, NULL);
  const char *text = xm_vm_read (vm, path);
  return text != NULL ? text : fallback;
}

/* An id with a slash in it would name something else in the store. */
static gboolean
exists (const XmVm *vm, const char *id)
{
  g_auto (GStrv) ids = xm_vm_product_ids (vm);
  return g_strv_contains ((const char *const *)ids, id);
}

/* -- methods ----------------------------------------------------------------------- */

/* What list_product_properties tells of each, besides its id. */
static const struct {
  const char *name;
  const char *key; /* NULL: nothing is stored */
  const char *fallback;
  gboolean is_boolean;
} fields[] = {
  { "type", "type", "String", FALSE },
  { "key", "key", "", FALSE },
  { "class", "class", "", FALSE },
  { "instance", "instance", "", FALSE },
  { "label", NULL, "", FALSE },
  { "description", "description", "", FALSE },
  { "user-configurable", "userconfigurable", "false", TRUE },
  { "password", "password", "false", TRUE },
};

static void
list_product_properties (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const XmVm *vm = owner;
  g_auto (GStrv) ids = xm_vm_product_ids (vm);
  g_auto (GVariantBuilder) list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{ss}"));
  for (char **id = ids; *id != NULL; id++) {
    g_variant_builder_open (&list, G_VARIANT_TYPE ("a{ss}"));
    g_variant_builder_add (&list, "{ss}", "id", *id);
    for (gsize i = 0; i < G_N_ELEMENTS (fields); i++) {
      const char *text = fields[i].fallback;
      if (fields[i].key != NULL)
        text = xm_vm_product_read (vm, *id, fields[i].key, text);
      if (fields[i].is_boolean)
        text = xm_text_is_true (text) ? "true" : "false";
      g_variant_builder_add (&list, "{ss}", fields[i].name, text);
    }
    g_variant_builder_close (&list);
  }
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(aa{ss})", &list));
}

static void
get_product_property (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const XmVm *vm = owner;
  const char *id;
  g_variant_get (parameters, "(&s)", &id);
  const char *value = exists (vm, id) ? xm_vm_product_read (vm, id, "value", "") : "";
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(s)", value));
}

static gboolean
set_value (XmVm *vm, const char *id, const char *value, GError **error)
{
  if (!exists (vm, id)) {
    xm_error_set_plain (error, "no product property with id %s", id);
    return FALSE;
  }
  if (!xm_product_value_fits (xm_vm_product_read (vm, id, "type", "String"), value)) {
    xm_error_set_plain (error, "value '%s' is invalid for product property %s", value, id);
    return FALSE;
  }
  const char *old_value = xm_vm_product_read (vm, id, "value", NULL);
  if (g_strcmp0 (old_value, value) == 0)
    return TRUE;
  g_autofree char *key = g_strjoin ("/", NODE, id, "value", NULL);
  if (!xm_vm_write (vm, key, value, error))
    return FALSE;
  xm_vm_config_changed (vm);
  return TRUE;
}

static void
set_product_property (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  XmVm *vm = owner;
  const char *id, *value;
  g_variant_get (parameters, "(&s&s)", &id, &value);
  GError *error = NULL;
  if (set_value (vm, id, value, &error))
    xm_service_answer_when_durable (vm->service, invocation, NULL);
  else
    xm_error_return (invocation, error);
}

static void
get_ovf_env_xml (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  g_dbus_method_invocation_return_value (
      invocation, g_variant_new ("(@s)", g_variant_new_take_string (xm_ovf_env_xml (owner))));
}

const XmMethod xm_vm_product_methods[] = {
  { "get_ovf_env_xml", get_ovf_env_xml },
  { "get_product_property", get_product_property },
  { "list_product_properties", list_product_properties },
  { "set_product_property", set_product_property },
  { NULL, NULL },
};

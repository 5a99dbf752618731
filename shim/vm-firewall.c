/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-firewall.h"

#include "shim/error.h"
#include "shim/firewall-rule.h"
#include "shim/vm.h"

#define ARGO_RULES "argo-firewall-rules"
#define NET_RULES  "firewall-rule"

/* -- argo -------------------------------------------------------------------------- */

/* Two texts are the same rule when their one form is the same. A stored text that is no rule is
 * like no other. */
static gboolean
is_rule (const char *stored, const char *canonical)
{
  g_autofree char *own = xm_firewall_rule_canonical (stored, NULL);
  return g_strcmp0 (own, canonical) == 0;
}

static void
change_argo (XmVm *vm, GVariant *parameters, gboolean add, GDBusMethodInvocation *invocation)
{
  const char *text;
  g_variant_get (parameters, "(&s)", &text);
  GError *error = NULL;
  g_autofree char *rule = xm_firewall_rule_canonical (text, &error);
  if (rule == NULL) {
    xm_error_return (invocation, error);
    return;
  }

  g_auto (GStrv) stored = xm_vm_read_list (vm, ARGO_RULES);
  g_autoptr (GPtrArray) kept = g_ptr_array_new ();
  gboolean found = FALSE;
  for (char **item = stored; *item != NULL; item++) {
    gboolean same = is_rule (*item, rule);
    found = found || same;
    if (add || !same)
      g_ptr_array_add (kept, *item);
  }
  if (add != found) { /* it is not what it shall be */
    if (add)
      g_ptr_array_add (kept, rule);
    g_ptr_array_add (kept, NULL);
    if (!xm_vm_write_list (vm, ARGO_RULES, (const char *const *)kept->pdata, &error)) {
      xm_error_return (invocation, error);
      return;
    }
    xm_vm_config_changed (vm);
  }
  xm_service_answer_when_durable (vm->service, invocation, NULL);
}

void
xm_vm_add_argo_firewall_rule (gpointer vm, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  change_argo (vm, parameters, TRUE, invocation);
}

void
xm_vm_delete_argo_firewall_rule (gpointer vm,
                                 GVariant *parameters,
                                 GDBusMethodInvocation *invocation)
{
  change_argo (vm, parameters, FALSE, invocation);
}

void
xm_vm_list_argo_firewall_rules (gpointer owner,
                                GVariant *parameters,
                                GDBusMethodInvocation *invocation)
{
  const XmVm *vm = owner;
  g_auto (GStrv) stored = xm_vm_read_list (vm, ARGO_RULES);
  g_auto (GVariantBuilder) rules = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);
  for (char **item = stored; *item != NULL; item++) {
    g_autofree char *rule = xm_firewall_rule_canonical (*item, NULL);
    if (rule != NULL)
      g_variant_builder_add (&rules, "s", rule);
    else
      g_warning ("%s: %s: not a rule: %s", vm->uuid, ARGO_RULES, *item);
  }
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(as)", &rules));
}

/* -- network ----------------------------------------------------------------------- */

static gboolean
may_modify (const XmVm *vm, GError **error)
{
  if (xm_vm_read_boolean (vm, "policies/modify-vm-settings", TRUE))
    return TRUE;
  xm_error_set (error, XM_ERROR_POLICY_MODIFY);
  return FALSE;
}

static gboolean
write_net (XmVm *vm, gint32 id, const char *key, const char *value, GError **error)
{
  g_autofree char *path = g_strdup_printf ("%s/%d/%s", NET_RULES, id, key);
  return xm_vm_write (vm, path, value, error);
}

void
xm_vm_add_net_firewall_rule (gpointer owner,
                             GVariant *parameters,
                             GDBusMethodInvocation *invocation)
{
  XmVm *vm = owner;
  gint32 id;
  const char *direction, *remote_ip, *extra;
  g_variant_get (parameters, "(i&s&s&s)", &id, &direction, &remote_ip, &extra);
  GError *error = NULL;
  if (may_modify (vm, &error) && !g_str_equal (direction, "in") && !g_str_equal (direction, "out"))
    xm_error_set_plain (&error, "bad direction - needs to be 'in' or 'out'");
  if (error == NULL && write_net (vm, id, "direction", direction, &error) &&
      write_net (vm, id, "remote-ip", remote_ip, &error) &&
      write_net (vm, id, "extra", extra, &error))
    xm_service_answer_when_durable (vm->service, invocation, NULL);
  else
    xm_error_return (invocation, error);
}

void
xm_vm_delete_net_firewall_rule (gpointer owner,
                                GVariant *parameters,
                                GDBusMethodInvocation *invocation)
{
  XmVm *vm = owner;
  gint32 id;
  g_variant_get (parameters, "(i)", &id);
  g_autofree char *key = g_strdup_printf ("%s/%d", NET_RULES, id);
  GError *error = NULL;
  if (may_modify (vm, &error) && xm_vm_write (vm, key, NULL, &error))
    xm_service_answer_when_durable (vm->service, invocation, NULL);
  else
    xm_error_return (invocation, error);
}

void
xm_vm_list_net_firewall_rules (gpointer owner,
                               GVariant *parameters,
                               GDBusMethodInvocation *invocation)
{
  static const char *const keys[] = { "direction", "remote-ip", "extra" };
  const XmVm *vm = owner;
  XmStore *store = vm->service->store;
  g_autofree char *base = g_strjoin ("/", vm->db_path, NET_RULES, NULL);
  g_autofree const char **ids = xm_store_list (store, base);
  g_auto (GVariantBuilder) rules = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{ss}"));
  for (const char **id = ids; *id != NULL; id++) {
    g_variant_builder_open (&rules, G_VARIANT_TYPE ("a{ss}"));
    g_variant_builder_add (&rules, "{ss}", "id", *id);
    for (gsize i = 0; i < G_N_ELEMENTS (keys); i++) {
      g_autofree char *path = g_strjoin ("/", base, *id, keys[i], NULL);
      const char *value = xm_store_read (store, path);
      g_variant_builder_add (&rules, "{ss}", keys[i], value != NULL ? value : "");
    }
    g_variant_builder_close (&rules);
  }
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(aa{ss})", &rules));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/policy.h"

#include "shim/error.h"
#include "shim/text.h"
#include "shim/vm.h"

/* In the order in which `retrieve` tells them. */
static const struct {
  const char *word, *key;
} policies[] = {
  { "block-cd-access", "policies/cd-access" },
  { "block-cd-rec", "policies/cd-rec" },
  { "block-audio-access", "policies/audio-access" },
  { "block-audio-rec", "policies/audio-rec" },
  { "block-wired-networking", "policies/wired-networking" },
  { "block-wireless-networking", "policies/wireless-networking" },
  { "block-modify-vm-settings", "policies/modify-vm-settings" },
};

static gboolean
is_blocked (const XmVm *vm, const char *key, gboolean *blocked, GError **error)
{
  const char *text = xm_vm_read (vm, key);
  gboolean allowed = TRUE;
  if (text != NULL && !xm_text_to_boolean (text, &allowed)) {
    xm_error_set_plain (error, "unexpected boolean text representation: %s while reading %s/%s",
                        text, vm->db_path, key);
    return FALSE;
  }
  *blocked = !allowed;
  return TRUE;
}

static void
retrieve (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const char *uuid;
  g_variant_get (parameters, "(&s)", &uuid);
  const XmVm *vm = xm_vm_lookup (owner, uuid);
  g_autoptr (GString) words = g_string_new (NULL);
  for (gsize i = 0; vm != NULL && i < G_N_ELEMENTS (policies); i++) {
    GError *error = NULL;
    gboolean blocked;
    if (!is_blocked (vm, policies[i].key, &blocked, &error)) {
      xm_error_return (invocation, error);
      return;
    }
    if (blocked)
      g_string_append_printf (words, "%s%s", words->len > 0 ? ";" : "", policies[i].word);
  }
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(s)", words->str));
}

static void
enforce (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const char *uuid, *value;
  g_variant_get (parameters, "(&s&s)", &uuid, &value);
  XmVm *vm = xm_vm_lookup (owner, uuid);
  GError *error = NULL;
  if (vm == NULL) {
    xm_error_set_plain (&error, "no vm with uuid %s", uuid);
    xm_error_return (invocation, error);
    return;
  }
  g_auto (GStrv) words = g_strsplit (value, ";", -1);
  for (char **word = words; *word != NULL; word++)
    g_strstrip (*word);
  for (gsize i = 0; i < G_N_ELEMENTS (policies); i++) {
    gboolean blocked = g_strv_contains ((const char *const *)words, policies[i].word);
    if (!xm_vm_write (vm, policies[i].key, blocked ? "false" : "true", &error)) {
      xm_error_return (invocation, error);
      return;
    }
  }
  xm_vm_config_changed (vm);
  xm_service_answer_when_durable (owner, invocation, NULL);
}

const XmMethod xm_policy_methods[] = {
  { "enforce", enforce },
  { "retrieve", retrieve },
  { NULL, NULL },
};

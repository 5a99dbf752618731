/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The small languages of properties: firewall rules, PCI rules, hooks, files in disks. */
#include "shim/extract-spec.h"
#include "shim/firewall-rule.h"
#include "shim/hook-rpc.h"
#include "shim/pci-rule.h"
#include "shim/text.h"

#include <string.h>

#include "fuzz-shim.h"

static void
check_firewall_rule (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *rule = xm_firewall_rule_canonical (text, &error);
  if (rule == NULL) {
    check_refusal (error);
    return;
  }
  g_autofree char *again = xm_firewall_rule_canonical (rule, &error);
  g_assert_cmpstr (again, ==, rule);
}

static void
check_pci_rule (const char *text)
{
  g_autoptr (GError) error = NULL;
  XmPciRule rule, again;
  if (!xm_pci_rule_parse_address (&rule, text, &error)) {
    check_refusal (error);
  } else {
    g_autofree char *shown = xm_pci_rule_to_text (&rule);
    g_assert_true (g_utf8_validate (shown, -1, NULL));
    g_assert_true (xm_pci_rule_equal (&rule, &rule));
  }
  g_clear_error (&error);
  if (!xm_pci_rule_parse (&again, text, "0x8086", "any", &error))
    check_refusal (error);
}

static void
check_hook (const char *text)
{
  g_autoptr (XmHookRpc) rpc = xm_hook_rpc_parse (text);
  if (rpc != NULL)
    g_assert_true (rpc->destination != NULL && rpc->interface != NULL && rpc->member != NULL &&
                   rpc->objpath != NULL);
}

static void
check_extract (const char *text)
{
  g_autoptr (GError) error = NULL;
  XmExtractSpec spec;
  if (!xm_extract_spec_parse (text, &spec, &error))
    check_refusal (error);
  else
    g_assert_true (spec.path >= text && spec.path <= text + strlen (text));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  gboolean value;
  /* D-Bus and the store let nothing else through. */
  if (!g_utf8_validate (text, -1, NULL))
    return 0;
  check_firewall_rule (text);
  check_pci_rule (text);
  check_hook (text);
  check_extract (text);
  g_assert_true (xm_text_to_boolean (text, &value) || !xm_text_is_true (text));
  return 0;
}

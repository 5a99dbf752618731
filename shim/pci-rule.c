/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/pci-rule.h"

#include <string.h>

#include "shim/error.h"

#define RULES      "config/pci"
#define MAX_SLOT   0x1f
#define MAX_NUMBER 0xffff

/* The three things that a rule without an address can ask for. */
static const struct {
  const char *key; /* in the store and in the text */
  gsize offset;
} criteria[] = {
  { "class", G_STRUCT_OFFSET (XmPciRule, class) },
  { "vendor", G_STRUCT_OFFSET (XmPciRule, vendor) },
  { "device", G_STRUCT_OFFSET (XmPciRule, device) },
};

static int
criterion (const XmPciRule *rule, gsize i)
{
  return *(const int *)G_STRUCT_MEMBER_P (rule, criteria[i].offset);
}

static gboolean
asks_for_nothing (const XmPciRule *rule)
{
  return !rule->by_address && rule->class == XM_PCI_ANY && rule->vendor == XM_PCI_ANY &&
         rule->device == XM_PCI_ANY;
}

/* -- parsing ----------------------------------------------------------------------- */

static gboolean
parse_number (const char *text, int *number, GError **error)
{
  g_autofree char *stripped = g_strstrip (g_strdup (text));
  gboolean hex = g_ascii_strncasecmp (stripped, "0x", 2) == 0;
  guint64 value;
  if (!g_ascii_string_to_unsigned (stripped + (hex ? 2 : 0), hex ? 16 : 10, 0, MAX_NUMBER, &value,
                                   NULL)) {
    xm_error_set_plain (error, "Prelude.read: no parse");
    return FALSE;
  }
  *number = (int)value;
  return TRUE;
}

gboolean
xm_pci_rule_parse (XmPciRule *rule,
                   const char *class_text,
                   const char *vendor_text,
                   const char *device_text,
                   GError **error)
{
  const char *const texts[G_N_ELEMENTS (criteria)] = { class_text, vendor_text, device_text };
  *rule = (XmPciRule){
    .class = XM_PCI_ANY, .vendor = XM_PCI_ANY, .device = XM_PCI_ANY, .slot = XM_PCI_ANY
  };
  for (gsize i = 0; i < G_N_ELEMENTS (criteria); i++) {
    int *number = G_STRUCT_MEMBER_P (rule, criteria[i].offset);
    if (*texts[i] != '\0' && !g_str_equal (texts[i], "any") &&
        !parse_number (texts[i], number, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
parse_address (XmPciRule *rule, const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, "@", 3);
  guint n = g_strv_length (parts);
  guint64 slot;
  *rule = (XmPciRule){ .by_address = TRUE,
                       .class = XM_PCI_ANY,
                       .vendor = XM_PCI_ANY,
                       .device = XM_PCI_ANY,
                       .slot = XM_PCI_ANY };
  if (n < 1 || n > 2 || !xm_pci_address_parse (parts[0], &rule->address))
    return FALSE;
  if (n == 1)
    return TRUE;
  if (!g_ascii_string_to_unsigned (parts[1], 16, 0, MAX_SLOT, &slot, NULL))
    return FALSE;
  rule->slot = (int)slot;
  return TRUE;
}

gboolean
xm_pci_rule_parse_address (XmPciRule *rule, const char *text, GError **error)
{
  if (parse_address (rule, text))
    return TRUE;
  xm_error_set_plain (error, "error parsing rule");
  return FALSE;
}

/* -- what it says ------------------------------------------------------------------ */

char *
xm_pci_rule_to_text (const XmPciRule *rule)
{
  g_autoptr (GString) text = g_string_new (rule->by_address ? "bdf=" : "match");
  if (rule->by_address) {
    g_autofree char *address = xm_pci_address_to_text (&rule->address);
    g_string_append (text, address);
    if (rule->slot != XM_PCI_ANY)
      g_string_append_printf (text, " @ %d", rule->slot);
    return g_string_free (g_steal_pointer (&text), FALSE);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (criteria); i++) {
    g_string_append_c (text, ' ');
    if (criterion (rule, i) != XM_PCI_ANY)
      g_string_append_printf (text, "%s=0x%04X", criteria[i].key, (guint)criterion (rule, i));
  }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

gboolean
xm_pci_rule_equal (const XmPciRule *a, const XmPciRule *b)
{
  if (a->by_address != b->by_address)
    return FALSE;
  if (a->by_address)
    return xm_pci_address_compare (&a->address, &b->address) == 0 && a->slot == b->slot;
  return a->class == b->class && a->vendor == b->vendor && a->device == b->device;
}

static gboolean
fits (int wanted, guint actual)
{
  return wanted == XM_PCI_ANY || (guint)wanted == actual;
}

gboolean
xm_pci_rule_matches (const XmPciRule *rule, const XmPciDevice *device)
{
  if (rule->by_address)
    return xm_pci_address_compare (&rule->address, &device->address) == 0;
  gboolean display = rule->class == 0x0300 && device->class >> 8 == 0x03;
  return !asks_for_nothing (rule) && (display || fits (rule->class, device->class)) &&
         fits (rule->vendor, device->vendor) && fits (rule->device, device->device);
}

int
xm_pci_rule_guest_slot (const XmPciRule *rule, const XmPciDevice *device)
{
  return rule->host_slot ? (int)device->address.slot : rule->slot;
}

/* -- in the store ------------------------------------------------------------------ */

static const char *
read_key (const XmVm *vm, guint id, const char *key)
{
  g_autofree char *path = g_strdup_printf (RULES "/%u/%s", id, key);
  return xm_vm_read (vm, path);
}

static gboolean
write_key (XmVm *vm, guint id, const char *key, const char *text, GError **error)
{
  g_autofree char *path = g_strdup_printf (RULES "/%u/%s", id, key);
  return xm_vm_write (vm, path, text, error);
}

gboolean
xm_pci_rule_read (const XmVm *vm, guint id, XmPciRule *rule, GError **error)
{
  const char *address = read_key (vm, id, "bdf");
  if (address != NULL) {
    if (parse_address (rule, address))
      return TRUE;
    xm_error_set_plain (error, "error in PCI BDF address: %s/" RULES "/%u: %s", vm->db_path, id,
                        address);
    return FALSE;
  }
  const char *texts[G_N_ELEMENTS (criteria)];
  for (gsize i = 0; i < G_N_ELEMENTS (criteria); i++) {
    texts[i] = read_key (vm, id, criteria[i].key);
    if (texts[i] == NULL)
      texts[i] = "";
  }
  g_autofree char *force_slot = g_strdup_printf (RULES "/%u/force-slot", id);
  if (!xm_pci_rule_parse (rule, texts[0], texts[1], texts[2], error))
    return FALSE;
  rule->host_slot = xm_vm_read_boolean (vm, force_slot, FALSE);
  return TRUE;
}

static gboolean
write_rule (XmVm *vm, guint id, const XmPciRule *rule, GError **error)
{
  if (rule->by_address) {
    g_autoptr (GString) text = g_string_new (NULL);
    g_autofree char *address = xm_pci_address_to_text (&rule->address);
    g_string_append (text, address);
    if (rule->slot != XM_PCI_ANY)
      g_string_append_printf (text, "@%x", (guint)rule->slot);
    return write_key (vm, id, "bdf", text->str, error);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (criteria); i++) {
    g_autofree char *text = g_strdup_printf ("0x%04x", (guint)criterion (rule, i));
    if (criterion (rule, i) != XM_PCI_ANY && !write_key (vm, id, criteria[i].key, text, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
xm_vm_add_pci_rule (XmVm *vm, const XmPciRule *rule, GError **error)
{
  if (asks_for_nothing (rule)) {
    g_warning ("%s: a PCI rule for any class, vendor and device is ignored", vm->uuid);
    return TRUE;
  }
  g_autoptr (GArray) ids = xm_vm_list_ids (vm, RULES);
  guint highest = ids->len > 0 ? g_array_index (ids, guint, ids->len - 1) : 0;
  if (highest >= G_MAXINT32) {
    xm_error_set_plain (error, "there is no number left for a rule in %s/" RULES, vm->db_path);
    return FALSE;
  }
  if (!write_rule (vm, highest + 1, rule, error))
    return FALSE;
  xm_vm_config_changed (vm);
  return TRUE;
}

/* Those that cannot be read are equal to none. */
static gboolean
is_equal_to_stored (const XmVm *vm, guint id, const XmPciRule *rule)
{
  XmPciRule stored;
  return xm_pci_rule_read (vm, id, &stored, NULL) && xm_pci_rule_equal (&stored, rule);
}

gboolean
xm_vm_remove_pci_rules (XmVm *vm, const XmPciRule *rule, GError **error)
{
  g_autoptr (GArray) ids = xm_vm_list_ids (vm, RULES);
  for (guint i = 0; i < ids->len; i++) {
    guint id = g_array_index (ids, guint, i);
    g_autofree char *key = g_strdup_printf (RULES "/%u", id);
    if (!is_equal_to_stored (vm, id, rule))
      continue;
    if (!xm_vm_write (vm, key, NULL, error))
      return FALSE;
    xm_vm_config_changed (vm);
  }
  return TRUE;
}

gboolean
xm_vm_has_pci_rule (const XmVm *vm, const XmPciRule *rule)
{
  g_autoptr (GArray) ids = xm_vm_list_ids (vm, RULES);
  for (guint i = 0; i < ids->len; i++) {
    if (is_equal_to_stored (vm, g_array_index (ids, guint, i), rule))
      return TRUE;
  }
  return FALSE;
}

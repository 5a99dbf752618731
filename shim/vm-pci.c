/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-pci.h"

#include <errno.h>

#include "shim/error.h"
#include "shim/text.h"

#define INTEL 0x8086

/* The management engine's interface, at the place where its drivers look, and its serial port. */
static const XmPciRule amt_rules[] = {
  { .class = 0x0780, .vendor = INTEL, .device = XM_PCI_ANY, .slot = XM_PCI_ANY, .host_slot = TRUE },
  { .class = 0x0700, .vendor = INTEL, .device = XM_PCI_ANY, .slot = XM_PCI_ANY },
};

/* -- selecting --------------------------------------------------------------------- */

static gboolean
has_amt (const XmVm *vm)
{
  const char *active = xm_store_read (vm->service->store, "/system-amt-pt-active");
  return active != NULL && xm_text_is_true (active) && xm_vm_read_boolean (vm, "amt-pt", FALSE);
}

static gboolean
gpu_address (const XmVm *vm, XmPciAddress *address)
{
  const char *gpu = xm_vm_read (vm, "gpu");
  return gpu != NULL && xm_pci_address_parse (gpu, address);
}

gboolean
xm_vm_wants_pci (const XmVm *vm)
{
  XmPciAddress address;
  g_autoptr (GArray) ids = xm_vm_list_ids (vm, "config/pci");
  return ids->len > 0 || has_amt (vm) || gpu_address (vm, &address);
}

static void
passed_device_free (gpointer data)
{
  XmPassedDevice *passed = data;
  xm_pci_device_free (passed->device);
  g_free (passed);
}

static void
pass (GPtrArray *passed, const XmPciDevice *device, int slot, const char *sysfs)
{
  XmPassedDevice *entry = g_new (XmPassedDevice, 1);
  *entry =
      (XmPassedDevice){ xm_pci_device_copy (device), slot, xm_pci_device_memory (sysfs, device) };
  g_ptr_array_add (passed, entry);
}

/* The words are those of a read that failed, as the original reads the device's files here. */
static gboolean
check_present (GPtrArray *host, const XmPciAddress *address, const char *sysfs, GError **error)
{
  if (xm_pci_devices_find (host, address) != NULL)
    return TRUE;
  g_autofree char *directory = xm_pci_device_path (sysfs, address);
  g_autofree char *file = g_build_filename (directory, "vendor", NULL);
  xm_error_set_file (error, file, "openFile", ENOENT);
  return FALSE;
}

/* Rules in force, AMT's before the VM's own; NULL when one is wrong and @error is given. */
static GArray *
read_rules (const XmVm *vm, GPtrArray *host, const char *sysfs, GError **error)
{
  g_autoptr (GArray) rules = g_array_new (FALSE, FALSE, sizeof (XmPciRule));
  g_autoptr (GArray) ids = xm_vm_list_ids (vm, "config/pci");
  if (has_amt (vm))
    g_array_append_vals (rules, amt_rules, G_N_ELEMENTS (amt_rules));
  for (guint i = 0; i < ids->len; i++) {
    XmPciRule rule;
    if (xm_pci_rule_read (vm, g_array_index (ids, guint, i), &rule, error) &&
        (!rule.by_address || check_present (host, &rule.address, sysfs, error)))
      g_array_append_val (rules, rule);
    else if (error != NULL)
      return NULL;
  }
  return g_steal_pointer (&rules);
}

GPtrArray *
xm_vm_select_pci (const XmVm *vm, GPtrArray *host, const char *sysfs, GError **error)
{
  g_autoptr (GPtrArray) passed = g_ptr_array_new_with_free_func (passed_device_free);
  g_autoptr (GArray) rules = read_rules (vm, host, sysfs, error);
  if (rules == NULL)
    return NULL;

  XmPciAddress address;
  XmPciDevice *gpu = NULL;
  if (gpu_address (vm, &address)) {
    if (!check_present (host, &address, sysfs, error) && error != NULL)
      return NULL;
    gpu = xm_pci_devices_find (host, &address);
  }
  if (gpu != NULL)
    pass (passed, gpu, XM_PCI_ANY, sysfs);
  for (guint i = 0; i < host->len; i++) {
    const XmPciDevice *device = host->pdata[i];
    for (guint k = 0; k < rules->len && device != gpu; k++) {
      const XmPciRule *rule = &g_array_index (rules, XmPciRule, k);
      if (xm_pci_rule_matches (rule, device)) {
        pass (passed, device, xm_pci_rule_guest_slot (rule, device), sysfs);
        break;
      }
    }
  }
  return g_steal_pointer (&passed);
}

/* -- methods ----------------------------------------------------------------------- */

typedef gboolean (*RuleChange) (XmVm *vm, const XmPciRule *rule, GError **error);

static void
change_by_match (XmVm *vm, GVariant *parameters, GDBusMethodInvocation *invocation, RuleChange func)
{
  const char *class, *vendor, *device;
  XmPciRule rule;
  GError *error = NULL;
  g_variant_get (parameters, "(&s&s&s)", &class, &vendor, &device);
  if (xm_pci_rule_parse (&rule, class, vendor, device, &error) && func (vm, &rule, &error))
    xm_service_answer_when_durable (vm->service, invocation, NULL);
  else
    xm_error_return (invocation, error);
}

static void
change_by_address (XmVm *vm,
                   GVariant *parameters,
                   GDBusMethodInvocation *invocation,
                   RuleChange func)
{
  const char *text;
  XmPciRule rule;
  GError *error = NULL;
  g_variant_get (parameters, "(&s)", &text);
  if (xm_pci_rule_parse_address (&rule, text, &error) && func (vm, &rule, &error))
    xm_service_answer_when_durable (vm->service, invocation, NULL);
  else
    xm_error_return (invocation, error);
}

static void
add_pt_rule (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  change_by_match (owner, parameters, invocation, xm_vm_add_pci_rule);
}

static void
add_pt_rule_bdf (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  change_by_address (owner, parameters, invocation, xm_vm_add_pci_rule);
}

static void
delete_pt_rule (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  change_by_match (owner, parameters, invocation, xm_vm_remove_pci_rules);
}

static void
delete_pt_rule_bdf (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  change_by_address (owner, parameters, invocation, xm_vm_remove_pci_rules);
}

static void
list_pt_rules (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  XmVm *vm = owner;
  g_autoptr (GArray) ids = xm_vm_list_ids (vm, "config/pci");
  g_auto (GVariantBuilder) rules = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{ss}"));
  for (guint i = 0; i < ids->len; i++) {
    guint number = g_array_index (ids, guint, i);
    XmPciRule rule;
    GError *error = NULL;
    if (!xm_pci_rule_read (vm, number, &rule, &error)) {
      xm_error_return (invocation, error);
      return;
    }
    g_autofree char *id = g_strdup_printf ("%u", number);
    g_autofree char *text = xm_pci_rule_to_text (&rule);
    g_variant_builder_open (&rules, G_VARIANT_TYPE ("a{ss}"));
    g_variant_builder_add (&rules, "{ss}", "id", id);
    g_variant_builder_add (&rules, "{ss}", "rule", text);
    g_variant_builder_close (&rules);
  }
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(aa{ss})", &rules));
}

static void
list_pt_pci_devices (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  XmVm *vm = owner;
  GError *error = NULL;
  g_autofree char *sysfs = xm_settings_host_path (vm->service->settings, "/sys");
  g_autoptr (GPtrArray) host = xm_pci_devices_read (sysfs);
  g_autoptr (GPtrArray) passed = xm_vm_select_pci (vm, host, sysfs, &error);
  if (passed == NULL) {
    xm_error_return (invocation, error);
    return;
  }
  g_autoptr (GPtrArray) devices =
      g_ptr_array_new_with_free_func ((GDestroyNotify)xm_pci_device_free);
  for (guint i = 0; i < passed->len; i++)
    g_ptr_array_add (devices, xm_pci_device_copy (((XmPassedDevice *)passed->pdata[i])->device));
  xm_pci_describe (devices);

  g_auto (GVariantBuilder) list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{ss}"));
  for (guint i = 0; i < devices->len; i++)
    g_variant_builder_add_value (&list, xm_pci_device_to_variant (devices->pdata[i]));
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(aa{ss})", &list));
}

const XmMethod xm_vm_pci_methods[] = {
  { "add_pt_rule", add_pt_rule },
  { "add_pt_rule_bdf", add_pt_rule_bdf },
  { "delete_pt_rule", delete_pt_rule },
  { "delete_pt_rule_bdf", delete_pt_rule_bdf },
  { "list_pt_pci_devices", list_pt_pci_devices },
  { "list_pt_rules", list_pt_rules },
  { NULL, NULL },
};

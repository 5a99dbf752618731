/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/pci-device.h"
#include "shim/vm.h"

G_BEGIN_DECLS

#define XM_PCI_ANY -1

/**
 * XmPciRule: which of the host's devices a VM gets: the one at an address, or all that are of a
 * class, vendor and device id. In the store each is a node config/pci/<id>.
 */
typedef struct {
  gboolean by_address;
  XmPciAddress address;
  int class, vendor, device; /* XM_PCI_ANY: does not matter */
  int slot;                  /* in the guest; XM_PCI_ANY: xl chooses */
  gboolean host_slot;        /* in the guest as on the host */
} XmPciRule;

/** xm_pci_rule_parse: from what add_pt_rule is given: numbers, decimal or with `0x`, or "" or
 * `any`. Else `Prelude.read: no parse`. */
gboolean xm_pci_rule_parse (XmPciRule *rule,
                            const char *class_text,
                            const char *vendor_text,
                            const char *device_text,
                            GError **error);

/** xm_pci_rule_parse_address: from `dddd:bb:ss.f`, with `@slot` perhaps. Else
 * `error parsing rule`. */
gboolean xm_pci_rule_parse_address (XmPciRule *rule, const char *text, GError **error);

/** xm_pci_rule_to_text: (transfer full): as list_pt_rules shows it. */
char *xm_pci_rule_to_text (const XmPciRule *rule);

/** xm_pci_rule_equal: whether both select the same by the same means. */
gboolean xm_pci_rule_equal (const XmPciRule *a, const XmPciRule *b);

/** xm_pci_rule_matches: class 0x0300 stands for all of display. A rule that asks for nothing
 * matches nothing: it would take every device from the host. */
gboolean xm_pci_rule_matches (const XmPciRule *rule, const XmPciDevice *device);

/** xm_pci_rule_guest_slot: the device's slot in the guest, XM_PCI_ANY for any. */
int xm_pci_rule_guest_slot (const XmPciRule *rule, const XmPciDevice *device);

/** xm_pci_rule_read: the rule with this @id in the store; an error when its text is no rule. */
gboolean xm_pci_rule_read (const XmVm *vm, guint id, XmPciRule *rule, GError **error);

/** xm_vm_add_pci_rule: stores @rule with the next free id and schedules `vm_config_changed`. One
 * that asks for nothing cannot be stored, and is not. */
gboolean xm_vm_add_pci_rule (XmVm *vm, const XmPciRule *rule, GError **error);

/** xm_vm_remove_pci_rules: removes all that are equal to @rule. */
gboolean xm_vm_remove_pci_rules (XmVm *vm, const XmPciRule *rule, GError **error);

/** xm_vm_has_pci_rule: whether one is equal to @rule. */
gboolean xm_vm_has_pci_rule (const XmVm *vm, const XmPciRule *rule);

G_END_DECLS

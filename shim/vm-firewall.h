/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * Firewall methods of a VM. Rules are only kept: Argo rules for whoever applies
 * them when the VM starts, network rules for the VM's network backend.
 */

void
xm_vm_add_argo_firewall_rule (gpointer vm, GVariant *parameters, GDBusMethodInvocation *invocation);
void xm_vm_delete_argo_firewall_rule (gpointer vm,
                                      GVariant *parameters,
                                      GDBusMethodInvocation *invocation);
void xm_vm_list_argo_firewall_rules (gpointer vm,
                                     GVariant *parameters,
                                     GDBusMethodInvocation *invocation);
void
xm_vm_add_net_firewall_rule (gpointer vm, GVariant *parameters, GDBusMethodInvocation *invocation);
void xm_vm_delete_net_firewall_rule (gpointer vm,
                                     GVariant *parameters,
                                     GDBusMethodInvocation *invocation);
void xm_vm_list_net_firewall_rules (gpointer vm,
                                    GVariant *parameters,
                                    GDBusMethodInvocation *invocation);

G_END_DECLS

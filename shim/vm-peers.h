/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * What OpenXT's other services are told of a VM's domain, where they are on the bus:
 *
 *   surfman        set_pv_display, set_visible: of a guest with a PV display, before it runs;
 *                  notify_death: with the ACPI state, when a guest sleeps, hibernates or ends
 *   input          attach_vkbd, detach_vkbd: of a guest with both PV keyboard and pointer;
 *                  set_slot: of one that has a slot; switch_focus: to the UI VM when a guest sleeps
 *   usbdaemon      new_vm, vm_stopped
 *   networkdaemon  ndvm_status: of a VM that provides networks
 *
 * and the lines of service VMs in /etc/hosts (hosts-file.h).
 */

/** xm_vm_peers_follow: tells what there is to tell of the VM's domain and state; called when these
 * change. */
void xm_vm_peers_follow (XmVm *vm);

/** xm_vm_peers_connect_async: for a domain that is about to run for the first time: tells of its
 * display and keyboard. Takes 2 s at most. */
void xm_vm_peers_connect_async (XmVm *vm, GAsyncReadyCallback callback, gpointer user_data);

/** xm_vm_peers_connect_finish: never fails. */
void xm_vm_peers_connect_finish (GAsyncResult *result);

/** xm_vm_peers_slot_changed: property `slot` was set. */
void xm_vm_peers_slot_changed (XmVm *vm);

/** xm_vm_peers_asleep: the guest sleeps (3) or hibernates (4), and shows nothing any more. */
void xm_vm_peers_asleep (XmVm *vm, int acpi_state);

void xm_vm_peers_free (XmVmPeers *peers);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** XmVmState: the states that the original distinguishes inside; several share a public word. */
typedef enum {
  XM_VM_SHUTDOWN,
  XM_VM_CREATING_DEVICES, /* the domain exists, xl builds it */
  XM_VM_CREATED,          /* built, still paused */
  XM_VM_RUNNING,
  XM_VM_PAUSED,
  XM_VM_SUSPENDING,
  XM_VM_SUSPENDED,
  XM_VM_SHUTTING_DOWN, /* asked to shut down, or shut down with reason poweroff */
  XM_VM_REBOOTING,     /* asked to reboot, or shut down with reason reboot */
} XmVmState;

/** xm_vm_state_internal: the word in `notify` messages, such as "creating-devices". */
const char *xm_vm_state_internal (XmVmState state);

/** xm_vm_state_public: the word of property `state` and of `vm_state_changed`, such as "creating".
 */
const char *xm_vm_state_public (XmVmState state);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-state.h"

static const struct {
  const char *internal;
  const char *public;
} words[] = {
  [XM_VM_SHUTDOWN] = { "shutdown", "stopped" },
  [XM_VM_CREATING_DEVICES] = { "creating-devices", "creating" },
  [XM_VM_CREATED] = { "created", "creating" },
  [XM_VM_RUNNING] = { "running", "running" },
  [XM_VM_PAUSED] = { "paused", "paused" },
  [XM_VM_SUSPENDING] = { "suspending", "suspending" },
  [XM_VM_SUSPENDED] = { "suspended", "suspended" },
  [XM_VM_SHUTTING_DOWN] = { "shutdowning", "stopping" },
  [XM_VM_REBOOTING] = { "rebooting", "rebooting" },
};

const char *
xm_vm_state_internal (XmVmState state)
{
  return words[state].internal;
}

const char *
xm_vm_state_public (XmVmState state)
{
  return words[state].public;
}

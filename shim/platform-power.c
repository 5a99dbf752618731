/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/platform-power.h"

#include "shim/shutdown-all.h"

#define UPDATE_STATE "/updatemgr/update-state"

typedef enum { HOST_SLEEP, HOST_HIBERNATE, HOST_SHUTDOWN } HostPower;

/* The only place from which a VM acts on the host. */
static void
act (const XmVm *vm, HostPower what)
{
  static const char *const words[] = { "sleep", "hibernate", "shut down" };
  g_message ("%s controls the host's power: the host would %s now", vm->uuid, words[what]);
}

static gboolean
controls (const XmVm *vm)
{
  return vm->object != NULL &&
         (xm_vm_read_boolean (vm, "control-platform-power-state", FALSE) ||
          xm_vm_read_boolean (vm, "native-experience", FALSE)) &&
         !xm_shutdown_all_is_on (vm->service) &&
         !xm_store_exists (vm->service->store, UPDATE_STATE);
}

void
xm_platform_power_asleep (XmVm *vm)
{
  if (controls (vm))
    act (vm, HOST_SLEEP);
}

void
xm_platform_power_domain_gone (XmVm *vm, XmVmState last)
{
  if (!controls (vm) || last == XM_VM_CREATING_DEVICES || last == XM_VM_REBOOTING ||
      last == XM_VM_SUSPENDED)
    return;
  act (vm, xm_vm_read_boolean (vm, "hibernated", FALSE) ? HOST_HIBERNATE : HOST_SHUTDOWN);
}

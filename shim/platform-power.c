/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/platform-power.h"

#include "shim/host-power.h"

#define UPDATE_STATE "/updatemgr/update-state"

/* The only place from which a VM acts on the host. @word: what the host does */
static gboolean
act (XmVm *vm, XmHostAction action, const char *word)
{
  g_autoptr (GError) error = NULL;
  if (!xm_host_power_check (vm->service, action, &error)) {
    g_message ("%s controls the host's power: the host would %s now, but %s", vm->uuid, word,
               error->message);
    return FALSE;
  }
  g_autofree char *why = g_strconcat (vm->uuid, " controls its power", NULL);
  xm_host_power_act (vm->service, action, action == XM_HOST_SLEEP ? vm : NULL, why);
  return action == XM_HOST_SLEEP && !xm_host_power_is_idle (vm->service);
}

static gboolean
controls (const XmVm *vm)
{
  return vm->object != NULL &&
         (xm_vm_read_boolean (vm, "control-platform-power-state", FALSE) ||
          xm_vm_read_boolean (vm, "native-experience", FALSE)) &&
         xm_host_power_is_idle (vm->service) && !xm_store_exists (vm->service->store, UPDATE_STATE);
}

gboolean
xm_platform_power_asleep (XmVm *vm)
{
  return controls (vm) && act (vm, XM_HOST_SLEEP, "sleep");
}

void
xm_platform_power_domain_gone (XmVm *vm, XmVmState last)
{
  if (!controls (vm) || last == XM_VM_CREATING_DEVICES || last == XM_VM_REBOOTING ||
      last == XM_VM_SUSPENDED)
    return;
  if (xm_vm_read_boolean (vm, "hibernated", FALSE))
    act (vm, XM_HOST_HIBERNATE, "hibernate");
  else
    act (vm, XM_HOST_SHUTDOWN, "shut down");
}

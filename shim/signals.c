/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/signals.h"

#define XENMGR "com.citrix.xenclient.xenmgr"

static void
emit (XmService *service, const char *member, GVariant *parameters)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (parameters);
  g_autoptr (GError) error = NULL;
  if (service->connection == NULL)
    return; /* on the way up: nobody listens yet */
  if (!g_dbus_connection_emit_signal (service->connection, NULL, "/", XENMGR, member, owned,
                                      &error))
    g_warning ("cannot emit %s: %s", member, error->message);
}

void
xm_signal_vm (XmVm *vm, const char *member)
{
  emit (vm->service, member, g_variant_new ("(so)", vm->uuid, vm->path));
}

void
xm_signal_vm_state (XmVm *vm)
{
  g_autofree char *message = g_strconcat ("vm:state:", xm_vm_state_internal (vm->state), NULL);
  emit (vm->service, "notify", g_variant_new ("(ss)", vm->uuid, message));
  emit (vm->service, "vm_state_changed",
        g_variant_new ("(sosi)", vm->uuid, vm->path, xm_vm_state_public (vm->state),
                       xm_vm_acpi_state (vm)));
}

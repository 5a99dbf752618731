/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/signals.h"

#define XENMGR "com.citrix.xenclient.xenmgr"
#define HOST   XENMGR ".host"
#define GUEST  XENMGR ".guestreq"
#define DIAG   XENMGR ".diag"
#define OWN    XENMGR "_xl"

/* No signal leaves that is not in here. */
static const struct {
  const char *interface, *member;
} emitted[] = {
  { XENMGR, "language_changed" },
  { GUEST, "requested_attention" },
  { DIAG, "gather_request" },
  { XENMGR, "config_changed" },
  { XENMGR, "notify" },
  { XENMGR, "vm_config_changed" },
  { XENMGR, "cd_assignment_changed" },
  { XENMGR, "vm_created" },
  { XENMGR, "vm_deleted" },
  { XENMGR, "vm_name_changed" },
  { HOST, "displayhandler_gpu_changed" },
  { HOST, "license_changed" },
  { HOST, "state_changed" },
  { HOST, "storage_space_low" },
  { XENMGR, "vm_state_changed" },
  { XENMGR, "vm_transfer_changed" },
  { OWN, "progress" },
};

/* What the original declares and never sends. */
static const struct {
  const char *interface, *member;
} never_emitted[] = {
  { XENMGR, "network_state_changed" },
};

gboolean
xm_signal_is_never_emitted (const char *interface, const char *member)
{
  for (gsize i = 0; i < G_N_ELEMENTS (never_emitted); i++) {
    if (g_str_equal (never_emitted[i].interface, interface) &&
        g_str_equal (never_emitted[i].member, member))
      return TRUE;
  }
  return FALSE;
}

gboolean
xm_signal_is_emitted (const char *interface, const char *member)
{
  for (gsize i = 0; i < G_N_ELEMENTS (emitted); i++) {
    if (g_str_equal (emitted[i].interface, interface) && g_str_equal (emitted[i].member, member))
      return TRUE;
  }
  return FALSE;
}

static void
emit_from (XmService *service,
           const char *path,
           const char *interface,
           const char *member,
           GVariant *parameters)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (parameters);
  g_autoptr (GError) error = NULL;
  g_assert (xm_signal_is_emitted (interface, member));
  if (service->connection == NULL)
    return; /* on the way up: nobody listens yet */
  if (!g_dbus_connection_emit_signal (service->connection, NULL, path, interface, member, owned,
                                      &error))
    g_warning ("cannot emit %s: %s", member, error->message);
}

static void
emit (XmService *service, const char *member, GVariant *parameters)
{
  emit_from (service, "/", XENMGR, member, parameters);
}

void
xm_signal_host (XmService *service, const char *member, GVariant *parameters)
{
  emit_from (service, "/host", HOST, member, parameters);
}

void
xm_signal_vm (XmVm *vm, const char *member)
{
  emit (vm->service, member, g_variant_new ("(so)", vm->uuid, vm->path));
}

void
xm_signal_config_changed (XmService *service)
{
  emit (service, "config_changed", g_variant_new ("()"));
}

void
xm_signal_language_changed (XmService *service)
{
  emit (service, "language_changed", g_variant_new ("()"));
}

void
xm_signal_cd_assignment_changed (XmService *service,
                                 const char *device,
                                 const char *uuid,
                                 const char *path)
{
  emit (service, "cd_assignment_changed", g_variant_new ("(sso)", device, uuid, path));
}

void
xm_signal_requested_attention (XmVm *vm)
{
  emit_from (vm->service, "/", GUEST, "requested_attention",
             g_variant_new ("(so)", vm->uuid, vm->path));
}

void
xm_signal_gather_request (XmService *service, const char *mode)
{
  emit_from (service, "/", DIAG, "gather_request", g_variant_new ("(s)", mode));
}

void
xm_signal_progress (XmService *service,
                    const char *path,
                    const char *operation,
                    guint64 done,
                    guint64 total,
                    gboolean ended)
{
  emit_from (service, "/", OWN, "progress",
             g_variant_new ("(osttb)", path, operation, done, total, ended));
}

void
xm_signal_vm_notify (XmVm *vm, const char *message)
{
  emit (vm->service, "notify", g_variant_new ("(ss)", vm->uuid, message));
}

void
xm_signal_vm_state_changed (XmVm *vm, XmVmState state, int acpi_state)
{
  emit (vm->service, "vm_state_changed",
        g_variant_new ("(sosi)", vm->uuid, vm->path, xm_vm_state_public (state), acpi_state));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-nic-specs.h"

#include "shim/error.h"
#include "shim/text.h"
#include "shim/vm-device.h"
#include "xlwrap/xl-config.h"

char *
xm_nic_generate_mac (guint nic_id, const char *uuid)
{
  static const guint8 order[] = { 0, 2, 1, 7, 6, 4 };
  g_autofree char *base = g_strdup_printf ("%u %s", nic_id, uuid);
  g_autofree char *digits = g_compute_checksum_for_string (G_CHECKSUM_MD5, base, -1);
  GString *mac = g_string_new (NULL);
  for (gsize k = 0; k < G_N_ELEMENTS (order); k++) {
    int high = g_ascii_xdigit_value (digits[order[k]]);
    int low = g_ascii_xdigit_value (digits[order[k] + 12]);
    int octet = (high << 4) | low;
    if (k == 0)
      octet = (octet & 0xfe) | 0x02; /* unicast, locally administered */
    g_string_append_printf (mac, k == 0 ? "%02x" : ":%02x", (guint)octet);
  }
  return g_string_free (mac, FALSE);
}

static gboolean
is_wireless (const char *network)
{
  return g_str_has_prefix (network, "/wifi/") || g_str_has_prefix (network, "/modem/");
}

static XmVm *
find_by_name (XmService *service, const char *name)
{
  GHashTableIter iter;
  gpointer vm;
  g_hash_table_iter_init (&iter, service->vms);
  while (g_hash_table_iter_next (&iter, NULL, &vm)) {
    if (g_strcmp0 (xm_vm_read (vm, "name"), name) == 0)
      return vm;
  }
  return NULL;
}

/* The domain that a NIC is explicitly connected to; -1 when it names none. */
static gboolean
nic_backend (XmVm *vm, guint id, int *domid, GError **error)
{
  const char *uuid = xm_vm_device_read (vm, "nic", id, "backend-uuid");
  const char *name = xm_vm_device_read (vm, "nic", id, "backend-name");
  *domid = -1;
  XmVm *backend;
  if (uuid != NULL && *uuid != '\0')
    backend = xm_vm_lookup (vm->service, uuid);
  else if (name != NULL && *name != '\0')
    backend = find_by_name (vm->service, name);
  else
    return TRUE;

  if (backend == NULL || backend->domid < 0) {
    xm_error_set (error, XM_ERROR_NO_BACKEND);
    return FALSE;
  }
  *domid = backend->domid;
  return TRUE;
}

static char *
nic_spec (XmVm *vm, guint id, const char *network, gboolean hvm, GError **error)
{
  int domid;
  if (!nic_backend (vm, id, &domid, error))
    return NULL;
  g_autofree char *backend = g_strdup_printf ("%d", domid);
  g_autofree char *generated = xm_nic_generate_mac (id, vm->uuid);
  g_autofree char *bridge = xm_settings_bridge (vm->service->settings, network);

  XlKeyValue pairs[4];
  gsize n = 0;
  pairs[n++] =
      (XlKeyValue){ "mac", xm_text_or (xm_vm_device_read (vm, "nic", id, "mac"), generated) };
  if (bridge != NULL)
    pairs[n++] = (XlKeyValue){ "bridge", bridge };
  if (domid >= 0)
    pairs[n++] = (XlKeyValue){ "backend", backend };
  if (hvm)
    pairs[n++] =
        (XlKeyValue){ "model", xm_text_or (xm_vm_device_read (vm, "nic", id, "model"), "e1000") };
  char *spec = xl_config_format_device (pairs, n, error);
  if (spec == NULL)
    xm_vm_device_blame (error, vm, "nic", id);
  return spec;
}

char **
xm_vm_nic_specs (XmVm *vm, const XmStart *start, gboolean hvm, GError **error)
{
  g_autoptr (GStrvBuilder) specs = g_strv_builder_new ();
  g_autoptr (GArray) ids = xm_vm_list_ids (vm, "config/nic");
  for (guint i = 0; i < ids->len; i++) {
    guint id = g_array_index (ids, guint, i);
    const char *network =
        xm_text_or (xm_vm_device_read (vm, "nic", id, "network"), "/wired/0/bridged");
    const char *policy =
        is_wireless (network) ? "policies/wireless-networking" : "policies/wired-networking";
    if (!xm_vm_device_read_boolean (vm, "nic", id, "enable", TRUE) ||
        !xm_vm_read_boolean (vm, policy, TRUE))
      continue;
    g_autofree char *spec = nic_spec (vm, id, network, hvm, error);
    if (spec == NULL)
      return NULL;
    g_strv_builder_add (specs, spec);
  }
  return g_strv_builder_end (specs);
}

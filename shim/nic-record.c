/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/nic-record.h"

#include <string.h>

#include "shim/error.h"
#include "shim/text.h"
#include "shim/vm-device.h"

/* Names that networks had before they were objects; stores of that age still hold them. */
static const char *
from_old_name (const char *text)
{
  static const struct {
    const char *old, *path;
  } names[] = {
    { "brbridged", "/wired/0/bridged" },
    { "brshared", "/wired/0/shared" },
    { "brwireless", "/wifi/0/shared" },
    { "brinternal", "/internal" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    if (g_str_equal (names[i].old, text))
      return names[i].path;
  }
  return text;
}

const char *
xm_nic_network (const XmVm *vm, guint id)
{
  const char *text = xm_vm_device_read (vm, "nic", id, "network");
  return from_old_name (xm_text_or (text, XM_NIC_DEFAULT_NETWORK));
}

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

char *
xm_nic_mac (const XmVm *vm, guint id)
{
  const char *mac = xm_vm_device_read (vm, "nic", id, "mac");
  if (mac == NULL || *mac == '\0' || g_str_equal (mac, "auto"))
    return xm_nic_generate_mac (id, vm->uuid);
  return g_strdup (mac);
}

gboolean
xm_nic_find (const XmVm *vm, gboolean wireless, guint *id)
{
  g_autoptr (GArray) ids = xm_vm_list_ids (vm, "config/nic");
  for (guint i = 0; i < ids->len; i++) {
    *id = g_array_index (ids, guint, i);
    if (xm_vm_device_read_boolean (vm, "nic", *id, "wireless-driver", FALSE) == wireless)
      return TRUE;
  }
  return FALSE;
}

char *
xm_network_normalise (const char *text, GError **error)
{
  const char *path = from_old_name (text);
  if (*path == '/' && path[strspn (path, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_/")] == '\0')
    return g_strdup (path);
  xm_error_set_plain (error, "invalid object path: %s", text);
  return NULL;
}

gboolean
xm_network_is_wireless (const char *network)
{
  return g_str_has_prefix (network, "/wifi/") || g_str_has_prefix (network, "/modem/");
}

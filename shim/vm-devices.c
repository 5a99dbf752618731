/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-devices.h"

#include <string.h>

#include "shim/error.h"
#include "shim/text.h"
#include "xlwrap/xl-config.h"

static const char *
read_device (const XmVm *vm, const char *sort, guint id, const char *key)
{
  g_autofree char *path = g_strdup_printf ("config/%s/%u/%s", sort, id, key);
  return xm_vm_read (vm, path);
}

static gboolean
read_device_boolean (const XmVm *vm, const char *sort, guint id, const char *key, gboolean fallback)
{
  const char *text = read_device (vm, sort, id, key);
  gboolean value;
  return text != NULL && xm_text_to_boolean (text, &value) ? value : fallback;
}

static const char *
or_default (const char *text, const char *fallback)
{
  return text != NULL && *text != '\0' ? text : fallback;
}

/* xlwrap's errors begin with a key of xl.cfg; users know the property that it came from. */
static void
name_property (GError **error, const XmVm *vm, const char *sort, guint id)
{
  static const struct {
    const char *key, *property;
  } names[] = {
    { "vdev", "virt-path" },
    { "target", "phys-path" },
    { "bridge", "network" },
  };
  if (error == NULL || *error == NULL)
    return;
  g_autofree char *key = g_strndup ((*error)->message, strcspn ((*error)->message, ":"));
  const char *property = key;
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    if (g_str_equal (names[i].key, key))
      property = names[i].property;
  }
  g_prefix_error (error, "property %s of %s %u of vm %s: ", property, sort, id, vm->uuid);
}

/* -- disks --------------------------------------------------------------------------- */

/* How each type of image is named to stock xl; no backend leaves the choice to xl. */
static const struct {
  const char *type, *format, *backend;
} disk_formats[] = {
  { "vhd", "vhd", "qdisk" }, { "phy", "raw", "phy" }, { "file", "raw", NULL },
  { "raw", "raw", NULL },    { "aio", "raw", NULL },  { "qcow", "qcow2", "qdisk" },
};

static char *
disk_spec (XmVm *vm, guint id, gboolean hvm, GError **error)
{
  const char *path = or_default (read_device (vm, "disk", id, "path"), "");
  const char *type = or_default (read_device (vm, "disk", id, "type"), "vhd");
  const char *vdev = or_default (read_device (vm, "disk", id, "device"), "");
  const char *devtype = or_default (read_device (vm, "disk", id, "devtype"), "disk");
  gboolean cdrom = g_str_equal (devtype, "cdrom");
  gboolean read_only = cdrom || g_strcmp0 (read_device (vm, "disk", id, "mode"), "r") == 0;

  /* Stock libxl gives HVM guests no CD backed by phy, and phy itself is for block devices. */
  if (g_str_equal (type, "phy") && ((cdrom && hvm) || !g_str_has_prefix (path, "/dev/")))
    type = "file";
  const char *format = NULL, *backend = NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (disk_formats); i++) {
    if (g_str_equal (disk_formats[i].type, type)) {
      format = disk_formats[i].format;
      backend = disk_formats[i].backend;
    }
  }
  if (format == NULL) {
    xm_error_set_plain (
        error, "property phys-type of disk %u of vm %s: %s cannot be used with this toolstack", id,
        vm->uuid, type);
    return NULL;
  }

  XlKeyValue pairs[5];
  gsize n = 0;
  pairs[n++] = (XlKeyValue){ "format", format };
  if (backend != NULL)
    pairs[n++] = (XlKeyValue){ "backendtype", backend };
  pairs[n++] = (XlKeyValue){ "vdev", vdev };
  pairs[n++] = (XlKeyValue){ "access", read_only ? "r" : "w" };
  pairs[n++] = (XlKeyValue){ "devtype", devtype };
  char *spec = xl_config_format_disk (pairs, n, path, error);
  if (spec == NULL)
    name_property (error, vm, "disk", id);
  return spec;
}

/* A drive without a disc. */
static gboolean
is_empty_drive (const XmVm *vm, guint id)
{
  const char *path = or_default (read_device (vm, "disk", id, "path"), "");
  return g_strcmp0 (read_device (vm, "disk", id, "devtype"), "cdrom") == 0 &&
         (*path == '\0' || g_str_has_suffix (path, "/null.iso"));
}

static char *
empty_drive_spec (const XmVm *vm, guint id, GError **error)
{
  const XlKeyValue pairs[] = {
    { "vdev", or_default (read_device (vm, "disk", id, "device"), "hdc") },
    { "devtype", "cdrom" },
    { "access", "r" },
  };
  char *spec = xl_config_format_disk (pairs, G_N_ELEMENTS (pairs), "", error);
  if (spec == NULL)
    name_property (error, vm, "disk", id);
  return spec;
}

char **
xm_vm_disk_specs (XmVm *vm, XmVmConfig *config, gboolean hvm, GError **error)
{
  g_autoptr (GStrvBuilder) specs = g_strv_builder_new ();
  g_autoptr (GArray) ids = xm_vm_list_ids (vm, "config/disk");
  for (guint i = 0; i < ids->len; i++) {
    guint id = g_array_index (ids, guint, i);
    gboolean empty = is_empty_drive (vm, id);
    if (!empty)
      xm_vm_config_need (config, or_default (read_device (vm, "disk", id, "path"), ""), (int)id);
    if (!read_device_boolean (vm, "disk", id, "enable", TRUE))
      continue;
    g_autofree char *spec =
        empty ? empty_drive_spec (vm, id, error) : disk_spec (vm, id, hvm, error);
    if (spec == NULL)
      return NULL;
    g_strv_builder_add (specs, spec);
  }
  return g_strv_builder_end (specs);
}

/* -- NICs ------------------------------------------------------------------------------ */

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
  const char *uuid = read_device (vm, "nic", id, "backend-uuid");
  const char *name = read_device (vm, "nic", id, "backend-name");
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
  pairs[n++] = (XlKeyValue){ "mac", or_default (read_device (vm, "nic", id, "mac"), generated) };
  if (bridge != NULL)
    pairs[n++] = (XlKeyValue){ "bridge", bridge };
  if (domid >= 0)
    pairs[n++] = (XlKeyValue){ "backend", backend };
  if (hvm)
    pairs[n++] =
        (XlKeyValue){ "model", or_default (read_device (vm, "nic", id, "model"), "e1000") };
  char *spec = xl_config_format_device (pairs, n, error);
  if (spec == NULL)
    name_property (error, vm, "nic", id);
  return spec;
}

char **
xm_vm_nic_specs (XmVm *vm, gboolean hvm, GError **error)
{
  g_autoptr (GStrvBuilder) specs = g_strv_builder_new ();
  g_autoptr (GArray) ids = xm_vm_list_ids (vm, "config/nic");
  for (guint i = 0; i < ids->len; i++) {
    guint id = g_array_index (ids, guint, i);
    const char *network = or_default (read_device (vm, "nic", id, "network"), "/wired/0/bridged");
    const char *policy =
        is_wireless (network) ? "policies/wireless-networking" : "policies/wired-networking";
    if (!read_device_boolean (vm, "nic", id, "enable", TRUE) ||
        !xm_vm_read_boolean (vm, policy, TRUE))
      continue;
    g_autofree char *spec = nic_spec (vm, id, network, hvm, error);
    if (spec == NULL)
      return NULL;
    g_strv_builder_add (specs, spec);
  }
  return g_strv_builder_end (specs);
}

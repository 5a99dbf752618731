/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-properties.h"

#include <string.h>

#include "shim/error.h"
#include "shim/signals.h"
#include "shim/text.h"

#define UNRESTRICTED "com.citrix.xenclient.xenmgr.vm.unrestricted"

/* -- values that are not simply what is stored ------------------------------ */

static GVariant *
get_acpi_state (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  return g_variant_new_int32 (xm_vm_acpi_state (vm));
}

static GVariant *
get_domid (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  return g_variant_new_int32 (vm->domid);
}

static GVariant *
get_memory_target (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  return g_variant_new_int32 ((gint32) CLAMP (vm->memory_target, 0, G_MAXINT32));
}

/* A stopped VM whose user's encrypted storage is not mounted cannot be started: "locked". */
static gboolean
is_locked (const XmVm *vm)
{
  const char *user = xm_vm_read (vm, "crypto-user");
  if (user == NULL || *user == '\0')
    return FALSE;
  g_autofree char *mount_point = g_strconcat ("/config/sec/s-", user, NULL);
  g_autofree char *mounts = NULL;
  return !g_file_get_contents ("/proc/mounts", &mounts, NULL, NULL) || strstr (mounts, mount_point) == NULL;
}

static GVariant *
get_state (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  if (vm->state == XM_VM_SHUTDOWN && is_locked (vm))
    return g_variant_new_string ("locked");
  return g_variant_new_string (xm_vm_state_public (vm->state));
}

static GVariant *
get_uuid (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  return g_variant_new_string (vm->uuid);
}

static GVariant *
get_memory_or (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  gint64 value = xm_vm_read_integer (vm, row->key, 0);
  if (value <= 0)
    value = xm_vm_read_integer (vm, "config/memory", 0);
  return g_variant_new_int32 ((gint32) value);
}

static GVariant *
get_stubdom (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  return g_variant_new_boolean (g_strcmp0 (xm_vm_read (vm, "config/virt-type"), "hvm") == 0
                                && xm_vm_read_boolean (vm, row->key, FALSE));
}

static GVariant *
get_type (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  const char *text = xm_vm_read (vm, row->key);
  if (text == NULL || g_str_equal (text, "pvm"))
    text = row->fallback;
  return g_variant_new_string (text);
}

static GVariant *
get_os (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  const char *text = xm_vm_read (vm, row->key);
  if (text == NULL || !g_strv_contains (row->words, text))
    text = row->fallback;
  return g_variant_new_string (text);
}

static gboolean
is_native (const XmVm *vm)
{
  return xm_vm_read_boolean (vm, "native-experience", FALSE);
}

static GVariant *
get_true_if_native (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  return g_variant_new_boolean (is_native (vm) || xm_vm_read_boolean (vm, row->key, FALSE));
}

static GVariant *
get_false_if_native (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  return g_variant_new_boolean (!is_native (vm) && xm_vm_read_boolean (vm, row->key, TRUE));
}

/* -- what else a new value does ---------------------------------------------- */

static gboolean
name_changed (XmVm *vm, const XmVmProperty *row, const char *old_text, GError **error)
{
  xm_signal_vm (vm, "vm_name_changed");
  return TRUE;
}

static gboolean
transfer_changed (XmVm *vm, const XmVmProperty *row, const char *old_text, GError **error)
{
  xm_signal_vm (vm, "vm_transfer_changed");
  return TRUE;
}

/* No two VMs share a slot: whoever has the new one gets the old one. */
static gboolean
slot_changed (XmVm *vm, const XmVmProperty *row, const char *old_text, GError **error)
{
  gint64 slot = xm_vm_read_integer (vm, row->key, 0);
  gint64 old_slot = old_text != NULL ? g_ascii_strtoll (old_text, NULL, 10) : 0;
  if (slot < 0 || old_slot <= 0 || slot == old_slot)
    return TRUE;

  GHashTableIter iter;
  gpointer other;
  g_hash_table_iter_init (&iter, vm->service->vms);
  while (g_hash_table_iter_next (&iter, NULL, &other)) {
    if (other == vm || xm_vm_read_integer (other, row->key, -1) != slot)
      continue;
    g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, old_slot);
    if (!xm_vm_write (other, row->key, text, error))
      return FALSE;
    xm_vm_config_changed (other);
    break;
  }
  return TRUE;
}

/* -- the table ------------------------------------------------------------------ */

static const char *const virt_types[] = { "pv", "pvh", "hvm", NULL };
static const char *const sleep_modes[] = { "pv", "ignore", "restart", "snapshot", NULL };
static const char *const systems[] = { "linux", "windows", "windows8", "unknown", NULL };

/* clang-format off */
static const XmVmProperty rows[] = {
  { "acpi", 'b', "config/acpi", "false", .config_key = "acpi", .config_line = XM_CONFIG_BOOLEAN },
  { "acpi-state", 'i', .flags = XM_PROPERTY_READ_ONLY, .get = get_acpi_state },
  { "acpi-table", 'b', "config/acpi-table", "false" },
  { "amt-pt", 'b', "amt-pt", "false" },
  { "apic", 'b', "config/apic", "false", .config_key = "apic", .config_line = XM_CONFIG_BOOLEAN },
  { "argo", 'b', "config/argo", "false" },
  { "authenforce", 'b', "config/authenforce", "true" },
  { "auto-s3-wake", 'b', "auto-s3-wake", "false" },
  { "bios", 's', "config/bios", "seabios", .config_key = "bios", .config_line = XM_CONFIG_STRING },
  { "boot", 's', "config/boot", "", .config_key = "boot", .config_line = XM_CONFIG_STRING },
  { "boot-sentinel", 's', "boot-sentinel", "", .flags = XM_PROPERTY_EMPTY_REMOVES },
  { "border_height_vg", 'i', "config/border-height", "0" },
  { "border_width_vg", 'i', "config/border-width", "0" },
  { "cmd-line", 's', "config/cmdline", "" },
  { "control-platform-power-state", 'b', "control-platform-power-state", "false", .get = get_true_if_native },
  { "cores-per-socket", 'i', "config/cores-per-socket", "0" },
  { "cpuid", 's', "cpuid", "" },
  { "crypto-key-dirs", 's', "crypto-key-dirs", "" },
  { "crypto-user", 's', "crypto-user", "", .flags = XM_PROPERTY_EMPTY_REMOVES },
  { "description", 's', "description", "" },
  { "display", 's', "config/display", "" },
  { "display-handler-strict", 'b', "config/display-handler-strict", "false" },
  { "domid", 'i', .flags = XM_PROPERTY_READ_ONLY, .get = get_domid },
  { "domstore-read-access", 'b', "domstore-read-access", "false" },
  { "domstore-write-access", 'b', "domstore-write-access", "false" },
  { "download-progress", 'i', "download-progress", "0", .changed = transfer_changed },
  { "extra-hvm", 's', "config/extra-hvm", "", .flags = XM_PROPERTY_LIST },
  { "extra-xenvm", 's', "config/extra-xenvm", "", .flags = XM_PROPERTY_LIST },
  { "flask-label", 's', "config/flask-label", "", .config_key = "seclabel", .config_line = XM_CONFIG_STRING },
  { "greedy-pciback-bind", 'b', "greedy-pciback-bind", "true" },
  { "hap", 'b', "config/hap", "false", .config_key = "hap", .config_line = XM_CONFIG_BOOLEAN },
  { "hdtype", 's', "config/hdtype", "ide" },
  { "hibernated", 'b', "hibernated", "false", .flags = XM_PROPERTY_READ_ONLY },
  { "hidden-in-switcher", 'b', "hidden", "false" },
  { "hidden-in-ui", 'b', "hidden-in-ui", "false" },
  { "hpet", 'b', "config/hpet", "true" },
  { "icbinn-path", 's', "icbinn-path", "" },
  { "image-path", 's', "image_path", "", .flags = XM_PROPERTY_TRIM },
  { "image_path_vg", 's', "image_path", "", .flags = XM_PROPERTY_TRIM },
  { "init-flask-label", 's', "config/init-flask-label", "", .config_key = "init_seclabel", .config_line = XM_CONFIG_STRING },
  { "initrd", 's', "config/initrd", "" },
  { "initrd-extract", 's', "config/initrd-extract", "" },
  { "keep-alive", 'b', "keep-alive", "false" },
  { "kernel", 's', "config/kernel", "" },
  { "kernel-extract", 's', "config/kernel-extract", "" },
  { "long_form_vg", 's', "config/long-form", "" },
  { "measured", 'b', "measured", "false", .flags = XM_PROPERTY_READ_ONLY },
  { "memory", 'i', "config/memory", "0" },
  { "memory-min", 'i', "config/memory-min", "0", .flags = XM_PROPERTY_EMPTY_REMOVES, .get = get_memory_or },
  { "memory-static-max", 'i', "config/memory-static-max", "0", .flags = XM_PROPERTY_EMPTY_REMOVES, .get = get_memory_or },
  { "memory-target", 'i', .flags = XM_PROPERTY_READ_ONLY, .get = get_memory_target },
  { "mosaic_mode", 'i', "config/mosaic-mode", "0" },
  { "mosaic_vm_enabled", 'b', "config/mosaic-vm-enabled", "false" },
  { "name", 's', "name", "", .flags = XM_PROPERTY_TRIM, .changed = name_changed },
  { "nestedhvm", 'b', "config/nestedhvm", "false" },
  { "notify", 's', "config/notify", "" },
  { "nx", 'b', "config/nx", "false", .config_key = "nx", .config_line = XM_CONFIG_BOOLEAN },
  { "oem-acpi-features", 'b', "oem-acpi-features", "false" },
  { "os", 's', "os", "unknown", .words = systems, .get = get_os },
  { "ovf-transport-iso", 'b', "ovf-transport-iso", "false" },
  { "pae", 'b', "config/pae", "false", .config_key = "pae", .config_line = XM_CONFIG_BOOLEAN },
  { "passthrough-io", 's', "config/passthrough-io", "", .config_key = "ioports", .config_line = XM_CONFIG_LIST },
  { "passthrough-mmio", 's', "config/passthrough-mmio", "", .config_key = "iomem", .config_line = XM_CONFIG_LIST },
  { "policy-audio-access", 'b', "policies/audio-access", "true", .flags = XM_PROPERTY_ALWAYS_SIGNAL },
  { "policy-audio-recording", 'b', "policies/audio-rec", "true", .flags = XM_PROPERTY_ALWAYS_SIGNAL },
  { "policy-cd-access", 'b', "policies/cd-access", "true", .flags = XM_PROPERTY_ALWAYS_SIGNAL },
  { "policy-cd-recording", 'b', "policies/cd-rec", "true", .flags = XM_PROPERTY_ALWAYS_SIGNAL },
  { "policy-modify-vm-settings", 'b', "policies/modify-vm-settings", "true", .flags = XM_PROPERTY_ALWAYS_SIGNAL },
  { "policy-print-screen", 'b', "policies/print-screen-disallowed", "true", .flags = XM_PROPERTY_INVERTED },
  { "policy-wired-networking", 'b', "policies/wired-networking", "true", .flags = XM_PROPERTY_ALWAYS_SIGNAL },
  { "policy-wireless-networking", 'b', "policies/wireless-networking", "true", .flags = XM_PROPERTY_ALWAYS_SIGNAL },
  { "portica-installed", 'b', "portica-installed", "false", .flags = XM_PROPERTY_READ_ONLY },
  { "preserve-on-reboot", 'b', "preserve-on-reboot", "false" },
  { "primary_domain_color", 's', "config/domain-color", "" },
  { "provides-default-network-backend", 'b', "provides-default-network-backend", "false" },
  { "provides-graphics-fallback", 'b', "provides-graphics-fallback", "false" },
  { "provides-network-backend", 'b', "provides-network-backend", "false" },
  { "pv-addons", 'b', "pv-addons-installed", "false" },
  { "pv-addons-version", 's', "pv-addons-version", "" },
  { "qemu-dm-path", 's', "config/qemu-dm-path", "/opt/xensource/libexec/qemu-dm-wrapper" },
  { "qemu-dm-timeout", 'i', "config/qemu-dm-timeout", "30" },
  { "ready", 'b', "ready", "true" },
  { "realm", 's', "realm", "" },
  { "restrict-display-depth", 'b', "restrict-display-depth", "false" },
  { "restrict-display-res", 'b', "restrict-display-res", "false" },
  { "run-insteadof-start", 's', "run-insteadof-start", "", .flags = XM_PROPERTY_EMPTY_REMOVES },
  { "run-on-acpi-state-change", 's', "run-on-acpi-state-change", "", .flags = XM_PROPERTY_EMPTY_REMOVES },
  { "run-on-state-change", 's', "run-on-state-change", "", .flags = XM_PROPERTY_EMPTY_REMOVES },
  { "run-post-create", 's', "run-post-create", "", .flags = XM_PROPERTY_EMPTY_REMOVES },
  { "run-pre-boot", 's', "run-pre-boot", "", .flags = XM_PROPERTY_EMPTY_REMOVES },
  { "run-pre-delete", 's', "run-pre-delete", "", .flags = XM_PROPERTY_EMPTY_REMOVES },
  { "s3-mode", 's', "s3-mode", "pv", .words = sleep_modes },
  { "s4-mode", 's', "s4-mode", "pv", .words = sleep_modes },
  { "seamless-id", 's', "seamless-id", "" },
  { "secondary_domain_color", 's', "config/secondary-domain-color", "" },
  { "secureboot", 'b', "config/secureboot", "false" },
  { "serial", 's', "config/serial", "", .config_key = "serial", .config_line = XM_CONFIG_LIST },
  { "short_form_vg", 's', "config/short-form", "" },
  { "show-switcher", 'b', "show-switcher", "true", .get = get_false_if_native },
  { "shutdown-priority", 'i', "shutdown-priority", "0" },
  { "slot", 'i', "slot", "0", .changed = slot_changed },
  { "sound", 's', "config/sound", "" },
  { "start-from-suspend-image", 's', "start-from-suspend-image", "" },
  { "start-on-boot", 'b', "start_on_boot", "false", .get = get_true_if_native },
  { "start-on-boot-priority", 'i', "start_on_boot_priority", "0" },
  { "state", 's', .flags = XM_PROPERTY_READ_ONLY, .get = get_state },
  { "stubdom", 'b', "stubdom", "false", .get = get_stubdom },
  { "stubdom-cmdline", 's', "config/stubdom-cmdline", "", .config_key = "stubdomain_cmdline", .config_line = XM_CONFIG_STRING },
  { "stubdom-flask-label", 's', "config/stubdom-flask-label", "", .config_key = "device_model_stubdomain_seclabel", .config_line = XM_CONFIG_STRING },
  { "stubdom-memory", 'i', "config/stubdom-memory", "96", .config_key = "stubdomain_memory", .config_line = XM_CONFIG_INTEGER },
  { "sync-uuid", 's', "sync-uuid", "" },
  { "text_color_vg", 's', "config/text-color", "" },
  { "time-offset", 'i', "time-offset", "0", .config_key = "rtc_timeoffset", .config_line = XM_CONFIG_INTEGER },
  { "timer-mode", 's', "config/timer-mode", "no_delay_for_missed_ticks" },
  { "track-dependencies", 'b', "track-dependencies", "false" },
  { "type", 's', "type", "svm", .get = get_type },
  { "usb-auto-passthrough", 'b', "usb-auto-passthrough", "true" },
  { "usb-control", 'b', "usb-control", "false" },
  { "usb-enabled", 'b', "usb-enabled", "true" },
  { "usb-grab-devices", 'b', "usb-grab-devices", "false", .get = get_true_if_native },
  { "uuid", 's', .flags = XM_PROPERTY_READ_ONLY, .get = get_uuid },
  { "vcpus", 'i', "config/vcpus", "0", .config_key = "vcpus", .config_line = XM_CONFIG_INTEGER },
  { "vglass_enabled", 'b', "config/vglass-enabled", "false" },
  { "videoram", 'i', "config/videoram", "0" },
  { "viridian", 'b', "config/viridian", "false", .config_key = "viridian", .config_line = XM_CONFIG_BOOLEAN },
  { "virt-type", 's', "config/virt-type", "pv", .words = virt_types },
  { "vkbd", 'b', "config/vkbd", "false" },
  { "vsnd", 'b', "config/vsnd", "false" },
  { "windowed_h", 'i', "config/windowed-h", "0" },
  { "windowed_w", 'i', "config/windowed-w", "0" },
  { "windowed_x", 'i', "config/windowed-x", "0" },
  { "windowed_y", 'i', "config/windowed-y", "0" },
  { "wireless-control", 'b', "wireless-control", "false", .get = get_true_if_native },
  { "xci-cpuid-signature", 'b', "xci-cpuid-signature", "false" },
};
/* clang-format on */

const XmVmProperty *
xm_vm_properties (gsize *n)
{
  *n = G_N_ELEMENTS (rows);
  return rows;
}

const XmVmProperty *
xm_vm_property_lookup (const char *name)
{
  static GHashTable *index;
  if (G_UNLIKELY (index == NULL)) {
    index = g_hash_table_new (g_str_hash, g_str_equal);
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
      g_hash_table_insert (index, (gpointer) rows[i].name, (gpointer) &rows[i]);
  }
  return g_hash_table_lookup (index, name);
}

/* -- get ------------------------------------------------------------------------- */

static GVariant *
join_list (const XmVm *vm, const XmVmProperty *row)
{
  g_auto (GStrv) items = xm_vm_read_list (vm, row->key);
  return g_variant_new_take_string (g_strjoinv (";", items));
}

GVariant *
xm_vm_property_get (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  if (row->get != NULL)
    return row->get (vm, row, error);
  if (row->flags & XM_PROPERTY_LIST)
    return join_list (vm, row);

  const char *text = xm_vm_read (vm, row->key);
  if (row->flags & XM_PROPERTY_INVERTED)
    return g_variant_new_boolean (text == NULL || !xm_text_is_true (text));
  if (text == NULL)
    text = row->fallback;

  switch (row->type) {
  case 'b': {
    gboolean value;
    if (!xm_text_to_boolean (text, &value)) {
      xm_error_set_plain (error, "unexpected boolean text representation: %s while reading %s/%s", text,
                          vm->db_path, row->key);
      return NULL;
    }
    return g_variant_new_boolean (value);
  }
  case 'i': {
    gint64 value;
    if (!g_ascii_string_to_signed (text, 10, G_MININT32, G_MAXINT32, &value, NULL)) {
      xm_error_set_plain (error, "Prelude.read: no parse");
      return NULL;
    }
    return g_variant_new_int32 ((gint32) value);
  }
  default:
    if (row->words != NULL && !g_strv_contains (row->words, text)) {
      xm_error_set_plain (error, "unexpected enumeration value");
      return NULL;
    }
    return g_variant_new_string (text);
  }
}

/* -- set ------------------------------------------------------------------------- */

static gboolean
set_list (XmVm *vm, const XmVmProperty *row, const char *joined, gboolean *changed, GError **error)
{
  g_auto (GStrv) old_items = xm_vm_read_list (vm, row->key);
  g_auto (GStrv) words = g_strsplit (joined, ";", -1);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  for (char **word = words; *word != NULL; word++) {
    if (*g_strstrip (*word) != '\0')
      g_strv_builder_add (builder, *word);
  }
  g_auto (GStrv) items = g_strv_builder_end (builder);

  *changed = !g_strv_equal ((const char *const *) old_items, (const char *const *) items);
  return !*changed || xm_vm_write_list (vm, row->key, (const char *const *) items, error);
}

/* Text to store for @value; NULL removes the key. */
static char *
value_to_text (const XmVmProperty *row, GVariant *value)
{
  switch (row->type) {
  case 'b': {
    gboolean flag = g_variant_get_boolean (value);
    if (row->flags & XM_PROPERTY_INVERTED)
      return flag ? NULL : g_strdup ("true");
    return g_strdup (flag ? "true" : "false");
  }
  case 'i': {
    gint32 number = g_variant_get_int32 (value);
    if ((row->flags & XM_PROPERTY_EMPTY_REMOVES) && number <= 0)
      return NULL;
    return g_strdup_printf ("%d", number);
  }
  default: {
    g_autofree char *text = g_variant_dup_string (value, NULL);
    if (row->flags & XM_PROPERTY_TRIM)
      g_strstrip (text);
    if ((row->flags & XM_PROPERTY_EMPTY_REMOVES) && *text == '\0')
      return NULL;
    return g_steal_pointer (&text);
  }
  }
}

static gboolean
check_word (const XmVmProperty *row, const char *text, GError **error)
{
  if (row->words == NULL || g_strv_contains (row->words, text))
    return TRUE;
  xm_error_set_plain (error, g_str_equal (row->name, "os") ? "unknown os" : "unexpected enumeration value");
  return FALSE;
}

gboolean
xm_vm_property_set (XmVm *vm, const XmVmProperty *row, GVariant *value, GError **error)
{
  gboolean differs = FALSE;
  if (row->flags & XM_PROPERTY_LIST) {
    if (!set_list (vm, row, g_variant_get_string (value, NULL), &differs, error))
      return FALSE;
    if (differs)
      xm_vm_config_changed (vm);
    return TRUE;
  }

  g_autofree char *text = value_to_text (row, value);
  if (text != NULL && g_str_equal (row->name, "type") && g_str_equal (text, "pvm")) {
    g_free (text);
    text = g_strdup (row->fallback);
  }
  if (text != NULL && !check_word (row, text, error))
    return FALSE;

  g_autofree char *old_text = g_strdup (xm_vm_read (vm, row->key));
  differs = g_strcmp0 (old_text, text) != 0;
  if (differs && !xm_vm_write (vm, row->key, text, error))
    return FALSE;
  /* Name and progress tell their watchers of every Set, a new value or not. */
  if (row->changed != NULL && !row->changed (vm, row, old_text, error))
    return FALSE;

  gboolean quiet = text == NULL || (row->flags & XM_PROPERTY_INVERTED) || row->changed == transfer_changed;
  if ((differs && !quiet) || (row->flags & XM_PROPERTY_ALWAYS_SIGNAL))
    xm_vm_config_changed (vm);
  return TRUE;
}

/* -- the two interfaces ------------------------------------------------------------ */

gboolean
xm_vm_has_property (const char *interface, const char *name)
{
  return xm_vm_property_lookup (name) != NULL;
}

GVariant *
xm_vm_get_property (gpointer owner, const char *interface, const char *name, GError **error)
{
  return xm_vm_property_get (owner, xm_vm_property_lookup (name), error);
}

void
xm_vm_set_property (gpointer owner,
                    const char *interface,
                    const char *name,
                    GVariant *value,
                    GDBusMethodInvocation *invocation)
{
  XmVm *vm = owner;
  GError *error = NULL;
  if (!g_str_equal (interface, UNRESTRICTED) && !xm_vm_read_boolean (vm, "policies/modify-vm-settings", TRUE))
    xm_error_set (&error, XM_ERROR_POLICY_MODIFY);
  else
    xm_vm_property_set (vm, xm_vm_property_lookup (name), value, &error);

  if (error != NULL)
    xm_error_return (invocation, error);
  else
    xm_service_answer_when_durable (vm->service, invocation, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-properties.h"

#include <string.h>

#include "shim/error.h"
#include "shim/gpu.h"
#include "shim/nic-network.h"
#include "shim/signals.h"
#include "shim/text.h"
#include "shim/vm-auth.h"
#include "shim/vm-dependencies.h"
#include "shim/vm-live-rows.h"
#include "shim/vm-nodes.h"
#include "shim/vm-peers.h"
#include "shim/vm-config-check.h"
#include "shim/vm-cd.h"
#include "shim/vm-private-space.h"

#define UNRESTRICTED "com.citrix.xenclient.xenmgr.vm.unrestricted"

/* -- values that are stored -------------------------------------------------------- */

static gboolean
parse_integer (const char *text, gint32 *value, GError **error)
{
  gint64 number;
  if (!g_ascii_string_to_signed (text, 10, G_MININT32, G_MAXINT32, &number, NULL)) {
    xm_error_set_plain (error, "Prelude.read: no parse");
    return FALSE;
  }
  *value = (gint32)number;
  return TRUE;
}

GVariant *
xm_vm_property_get_stored (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  const char *text = xm_vm_read (vm, row->key);
  if (row->flags & XM_PROPERTY_INVERTED)
    return g_variant_new_boolean (text == NULL || !xm_text_is_true (text));
  if (text == NULL)
    text = row->fallback;

  switch (row->type) {
  case 'b': {
    gboolean value;
    if (!xm_text_to_boolean (text, &value)) {
      xm_error_set_plain (error, "unexpected boolean text representation: %s while reading %s/%s",
                          text, vm->db_path, row->key);
      return NULL;
    }
    return g_variant_new_boolean (value);
  }
  case 'i': {
    gint32 value;
    return parse_integer (text, &value, error) ? g_variant_new_int32 (value) : NULL;
  }
  default:
    if (row->words != NULL && !g_strv_contains (row->words, text)) {
      xm_error_set_plain (error, "unexpected enumeration value");
      return NULL;
    }
    return g_variant_new_string (text);
  }
}

/* -- values that are not simply what is stored ------------------------------------- */

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
  gint64 kib = vm->memory_kib != NULL ? xm_watched_number_get (vm->memory_kib) : 0;
  return g_variant_new_int32 ((gint32)MIN (kib / 1024, G_MAXINT32));
}

static GVariant *
get_state (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  /* Without its user's encrypted storage a VM cannot be started. */
  if (vm->state == XM_VM_SHUTDOWN && xm_vm_is_locked (vm))
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
  const char *const keys[] = { row->key, "config/memory" };
  gint32 value = 0;
  for (gsize i = 0; i < G_N_ELEMENTS (keys) && value <= 0; i++) {
    const char *text = xm_vm_read (vm, keys[i]);
    value = 0;
    if (text != NULL && !parse_integer (text, &value, error))
      return NULL;
  }
  return g_variant_new_int32 (value);
}

static GVariant *
get_stubdom (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  return g_variant_new_boolean (g_strcmp0 (xm_vm_read (vm, "config/virt-type"), "hvm") == 0 &&
                                xm_vm_read_boolean (vm, row->key, FALSE));
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

/* One VM can be the user's whole experience of the host; it then has these whatever is stored. */
static GVariant *
get_true_if_native (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  if (xm_vm_read_boolean (vm, "native-experience", FALSE))
    return g_variant_new_boolean (TRUE);
  return xm_vm_property_get_stored (vm, row, error);
}

static GVariant *
get_false_if_native (const XmVm *vm, const XmVmProperty *row, GError **error)
{
  if (xm_vm_read_boolean (vm, "native-experience", FALSE))
    return g_variant_new_boolean (FALSE);
  return xm_vm_property_get_stored (vm, row, error);
}

/* -- what else a new value does ---------------------------------------------------- */

static gboolean
name_changed (XmVm *vm, const XmVmProperty *row, const char *old_text, GError **error)
{
  xm_signal_vm (vm, "vm_name_changed");
  xm_vm_nodes_show (vm);
  return TRUE;
}

static gboolean
transfer_changed (XmVm *vm, const XmVmProperty *row, const char *old_text, GError **error)
{
  xm_signal_vm (vm, "vm_transfer_changed");
  return TRUE;
}

static void
on_proxy_told (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (XlOutput) output = xl_runner_run_finish (XL_RUNNER (source), result, &error);
  if (output == NULL) /* as a rule there is none */
    g_debug ("rpc-proxy has not been told: %s", error->message);
}

/* OpenXT's proxy between guests and the bus rereads who may do what. */
static gboolean
usb_control_changed (XmVm *vm, const XmVmProperty *row, const char *old_text, GError **error)
{
  static const char *const argv[] = { "killall", "-SIGHUP", "rpc-proxy", NULL };
  xl_runner_run_async (vm->service->helpers, argv, NULL, XL_TIMEOUT_QUICK, NULL, on_proxy_told,
                       NULL);
  return TRUE;
}

/* No two VMs share a slot: whoever has the new one gets the old one. */
static gboolean
slot_changed (XmVm *vm, const XmVmProperty *row, const char *old_text, GError **error)
{
  gint64 slot = xm_vm_read_integer (vm, row->key, 0);
  gint64 old_slot = old_text != NULL ? g_ascii_strtoll (old_text, NULL, 10) : 0;
  xm_vm_peers_slot_changed (vm);
  xm_vm_nodes_show (vm);
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
    xm_vm_peers_slot_changed (other);
    xm_vm_nodes_show (other);
    break;
  }
  return TRUE;
}

/* -- the table --------------------------------------------------------------------- */

static const char *const virt_types[] = { "pv", "pvh", "hvm", NULL };
static const char *const sleep_modes[] = { "pv", "ignore", "restart", "snapshot", NULL };
static const char *const systems[] = { "linux", "windows", "windows8", "unknown", NULL };

#define ROW(type_, name_, key_, fallback_, ...)                                                    \
  {                                                                                                \
    .name = name_, .type = type_, .key = key_, .fallback = fallback_, __VA_ARGS__                  \
  }
#define BOOLEAN(...) ROW ('b', __VA_ARGS__, )
#define INTEGER(...) ROW ('i', __VA_ARGS__, )
#define STRING(...)  ROW ('s', __VA_ARGS__, )
#define LIVE(name_, type_, get_)                                                                   \
  ROW (type_, name_, NULL, NULL, .flags = XM_PROPERTY_READ_ONLY, .get = get_)

/* clang-format off */
static const XmVmProperty rows[] = {
  BOOLEAN ("acpi", "config/acpi", "false", .config_key = "acpi", .config_line = XM_CONFIG_BOOLEAN),
  LIVE ("acpi-state", 'i', get_acpi_state),
  BOOLEAN ("acpi-table", "config/acpi-table", "false"),
  BOOLEAN ("amt-pt", "amt-pt", "false"),
  BOOLEAN ("apic", "config/apic", "false", .config_key = "apic", .config_line = XM_CONFIG_BOOLEAN, .config_use = XM_CONFIG_HVM),
  BOOLEAN ("argo", "config/argo", "false"),
  BOOLEAN ("authenforce", "config/authenforce", "true", .config_key = "authenforce", .config_line = XM_CONFIG_BOOLEAN, .config_use = XM_CONFIG_OPENXT),
  LIVE ("autostart-pending", 'b', xm_vm_get_autostart_pending),
  BOOLEAN ("auto-s3-wake", "auto-s3-wake", "false"),
  STRING ("bios", "config/bios", "seabios", .config_key = "bios", .config_line = XM_CONFIG_STRING, .config_use = XM_CONFIG_HVM, .config_check = xm_config_check_bios),
  STRING ("boot", "config/boot", "", .config_key = "boot", .config_line = XM_CONFIG_STRING, .config_use = XM_CONFIG_HVM),
  STRING ("boot-sentinel", "boot-sentinel", "", .flags = XM_PROPERTY_EMPTY_REMOVES),
  INTEGER ("border_height_vg", "config/border-height", "0"),
  INTEGER ("border_width_vg", "config/border-width", "0"),
  STRING ("cd", NULL, "", .get = xm_vm_get_cd, .set = xm_vm_set_cd),
  STRING ("cmd-line", "config/cmdline", "", .config_key = "cmdline", .config_line = XM_CONFIG_STRING, .config_use = XM_CONFIG_PV),
  BOOLEAN ("control-platform-power-state", "control-platform-power-state", "false", .get = get_true_if_native),
  INTEGER ("cores-per-socket", "config/cores-per-socket", "0"),
  STRING ("cpuid", "cpuid", "", .flags = XM_PROPERTY_ONE_LINE),
  STRING ("crypto-key-dirs", "crypto-key-dirs", "", .config_key = "crypto_key_dir", .config_line = XM_CONFIG_STRING, .config_use = XM_CONFIG_OPENXT | XM_CONFIG_ALWAYS),
  STRING ("crypto-user", "crypto-user", "", .flags = XM_PROPERTY_EMPTY_REMOVES),
  LIVE ("dependencies", 'a', xm_vm_get_dependencies),
  STRING ("description", "description", ""),
  STRING ("display", "config/display", ""),
  BOOLEAN ("display-handler-strict", "config/display-handler-strict", "false"),
  LIVE ("domid", 'i', get_domid),
  BOOLEAN ("domstore-read-access", "domstore-read-access", "false"),
  BOOLEAN ("domstore-write-access", "domstore-write-access", "false"),
  INTEGER ("download-progress", "download-progress", "0", .changed = transfer_changed),
  STRING ("extra-hvm", "config/extra-hvm", "", .flags = XM_PROPERTY_LIST | XM_PROPERTY_ONE_LINE),
  STRING ("extra-xenvm", "config/extra-xenvm", "", .flags = XM_PROPERTY_LIST | XM_PROPERTY_ONE_LINE),
  STRING ("flask-label", "config/flask-label", "", .config_key = "seclabel", .config_line = XM_CONFIG_STRING),
  STRING ("gpu", "gpu", "", .set = xm_vm_set_gpu),
  BOOLEAN ("greedy-pciback-bind", "greedy-pciback-bind", "true"),
  BOOLEAN ("hap", "config/hap", "false", .config_key = "hap", .config_line = XM_CONFIG_BOOLEAN),
  STRING ("hdtype", "config/hdtype", "ide", .config_key = "hdtype", .config_line = XM_CONFIG_STRING, .config_use = XM_CONFIG_HVM | XM_CONFIG_ALWAYS, .config_check = xm_config_check_disk_controller),
  BOOLEAN ("hibernated", "hibernated", "false", .flags = XM_PROPERTY_READ_ONLY),
  BOOLEAN ("hidden-in-switcher", "hidden", "false", .changed = xm_vm_nodes_property_changed),
  BOOLEAN ("hidden-in-ui", "hidden-in-ui", "false"),
  BOOLEAN ("hpet", "config/hpet", "true", .config_key = "hpet", .config_line = XM_CONFIG_BOOLEAN, .config_use = XM_CONFIG_HVM | XM_CONFIG_ALWAYS),
  STRING ("icbinn-path", "icbinn-path", ""),
  STRING ("image-path", "image_path", "", .flags = XM_PROPERTY_TRIM, .changed = xm_vm_nodes_property_changed),
  STRING ("image_path_vg", "image_path", "", .flags = XM_PROPERTY_TRIM, .changed = xm_vm_nodes_property_changed),
  STRING ("init-flask-label", "config/init-flask-label", "", .config_key = "init_seclabel", .config_line = XM_CONFIG_STRING),
  STRING ("initrd", "config/initrd", ""),
  STRING ("initrd-extract", "config/initrd-extract", ""),
  BOOLEAN ("keep-alive", "keep-alive", "false"),
  STRING ("kernel", "config/kernel", ""),
  STRING ("kernel-extract", "config/kernel-extract", ""),
  STRING ("long_form_vg", "config/long-form", ""),
  LIVE ("mac", 's', xm_vm_get_mac),
  BOOLEAN ("measured", "measured", "false", .flags = XM_PROPERTY_READ_ONLY),
  INTEGER ("memory", "config/memory", "0"),
  INTEGER ("memory-min", "config/memory-min", "0", .flags = XM_PROPERTY_EMPTY_REMOVES, .get = get_memory_or),
  INTEGER ("memory-static-max", "config/memory-static-max", "0", .flags = XM_PROPERTY_EMPTY_REMOVES, .get = get_memory_or),
  LIVE ("memory-target", 'i', get_memory_target),
  INTEGER ("mosaic_mode", "config/mosaic-mode", "0"),
  BOOLEAN ("mosaic_vm_enabled", "config/mosaic-vm-enabled", "false"),
  STRING ("name", "name", "", .flags = XM_PROPERTY_TRIM, .changed = name_changed),
  BOOLEAN ("native-experience", "native-experience", "false", .set = xm_vm_set_native_experience),
  BOOLEAN ("nestedhvm", "config/nestedhvm", "false", .config_key = "nestedhvm", .config_line = XM_CONFIG_BOOLEAN, .config_use = XM_CONFIG_HVM | XM_CONFIG_IF_TRUE),
  STRING ("notify", "config/notify", ""),
  BOOLEAN ("nx", "config/nx", "false", .config_key = "nx", .config_line = XM_CONFIG_BOOLEAN, .config_use = XM_CONFIG_HVM),
  BOOLEAN ("oem-acpi-features", "oem-acpi-features", "false"),
  STRING ("os", "os", "unknown", .words = systems, .get = get_os),
  BOOLEAN ("ovf-transport-iso", "ovf-transport-iso", "false"),
  BOOLEAN ("pae", "config/pae", "false", .config_key = "pae", .config_line = XM_CONFIG_BOOLEAN, .config_use = XM_CONFIG_HVM),
  STRING ("passthrough-io", "config/passthrough-io", "", .config_key = "ioports", .config_line = XM_CONFIG_LIST, .config_check = xm_config_check_ioports),
  STRING ("passthrough-mmio", "config/passthrough-mmio", "", .config_key = "iomem", .config_line = XM_CONFIG_LIST, .config_check = xm_config_check_iomem),
  BOOLEAN ("policy-audio-access", "policies/audio-access", "true", .flags = XM_PROPERTY_ALWAYS_SIGNAL),
  BOOLEAN ("policy-audio-recording", "policies/audio-rec", "true", .flags = XM_PROPERTY_ALWAYS_SIGNAL),
  BOOLEAN ("policy-cd-access", "policies/cd-access", "true", .flags = XM_PROPERTY_ALWAYS_SIGNAL),
  BOOLEAN ("policy-cd-recording", "policies/cd-rec", "true", .flags = XM_PROPERTY_ALWAYS_SIGNAL),
  BOOLEAN ("policy-modify-vm-settings", "policies/modify-vm-settings", "true", .flags = XM_PROPERTY_ALWAYS_SIGNAL),
  BOOLEAN ("policy-print-screen", "policies/print-screen-disallowed", "true", .flags = XM_PROPERTY_INVERTED),
  BOOLEAN ("policy-wired-networking", "policies/wired-networking", "true", .flags = XM_PROPERTY_ALWAYS_SIGNAL),
  BOOLEAN ("policy-wireless-networking", "policies/wireless-networking", "true", .flags = XM_PROPERTY_ALWAYS_SIGNAL),
  LIVE ("portica-enabled", 'i', xm_vm_get_portica_enabled),
  BOOLEAN ("portica-installed", "portica-installed", "false", .flags = XM_PROPERTY_READ_ONLY),
  BOOLEAN ("preserve-on-reboot", "preserve-on-reboot", "false"),
  STRING ("primary_domain_color", "config/domain-color", ""),
  LIVE ("private-space", 'i', xm_vm_get_private_space),
  BOOLEAN ("provides-default-network-backend", "provides-default-network-backend", "false"),
  BOOLEAN ("provides-graphics-fallback", "provides-graphics-fallback", "false"),
  BOOLEAN ("provides-network-backend", "provides-network-backend", "false"),
  BOOLEAN ("pv-addons", "pv-addons-installed", "false"),
  STRING ("pv-addons-version", "pv-addons-version", ""),
  STRING ("qemu-dm-path", "config/qemu-dm-path", "/opt/xensource/libexec/qemu-dm-wrapper"),
  INTEGER ("qemu-dm-timeout", "config/qemu-dm-timeout", "30"),
  BOOLEAN ("ready", "ready", "true"),
  STRING ("realm", "realm", ""),
  BOOLEAN ("restrict-display-depth", "restrict-display-depth", "false", .config_key = "restrictdisplaydepth", .config_line = XM_CONFIG_BOOLEAN, .config_use = XM_CONFIG_OPENXT | XM_CONFIG_ALWAYS),
  BOOLEAN ("restrict-display-res", "restrict-display-res", "false", .config_key = "restrictdisplayres", .config_line = XM_CONFIG_BOOLEAN, .config_use = XM_CONFIG_OPENXT | XM_CONFIG_ALWAYS),
  STRING ("run-insteadof-start", "run-insteadof-start", "", .flags = XM_PROPERTY_EMPTY_REMOVES),
  STRING ("run-on-acpi-state-change", "run-on-acpi-state-change", "", .flags = XM_PROPERTY_EMPTY_REMOVES),
  STRING ("run-on-state-change", "run-on-state-change", "", .flags = XM_PROPERTY_EMPTY_REMOVES),
  STRING ("run-post-create", "run-post-create", "", .flags = XM_PROPERTY_EMPTY_REMOVES),
  STRING ("run-pre-boot", "run-pre-boot", "", .flags = XM_PROPERTY_EMPTY_REMOVES),
  STRING ("run-pre-delete", "run-pre-delete", "", .flags = XM_PROPERTY_EMPTY_REMOVES),
  STRING ("s3-mode", "s3-mode", "pv", .words = sleep_modes),
  STRING ("s4-mode", "s4-mode", "pv", .words = sleep_modes),
  STRING ("seamless-id", "seamless-id", ""),
  LIVE ("seamless-mouse-left", 'i', xm_vm_get_seamless_mouse),
  LIVE ("seamless-mouse-right", 'i', xm_vm_get_seamless_mouse),
  BOOLEAN ("seamless-traffic", "seamless-traffic", "false", .get = xm_vm_get_seamless_traffic),
  STRING ("secondary_domain_color", "config/secondary-domain-color", ""),
  BOOLEAN ("secureboot", "config/secureboot", "false", .config_key = "secureboot", .config_line = XM_CONFIG_BOOLEAN, .config_use = XM_CONFIG_OPENXT),
  STRING ("serial", "config/serial", "", .config_key = "serial", .config_line = XM_CONFIG_LIST, .config_use = XM_CONFIG_HVM),
  STRING ("short_form_vg", "config/short-form", ""),
  BOOLEAN ("show-switcher", "show-switcher", "true", .get = get_false_if_native),
  INTEGER ("shutdown-priority", "shutdown-priority", "0"),
  INTEGER ("slot", "slot", "0", .changed = slot_changed),
  STRING ("sound", "config/sound", ""),
  STRING ("start-from-suspend-image", "start-from-suspend-image", ""),
  BOOLEAN ("start-on-boot", "start_on_boot", "false", .get = get_true_if_native),
  INTEGER ("start-on-boot-priority", "start_on_boot_priority", "0"),
  LIVE ("state", 's', get_state),
  LIVE ("stub_domid", 'i', xm_vm_get_stub_domid),
  BOOLEAN ("stubdom", "stubdom", "false", .get = get_stubdom),
  STRING ("stubdom-cmdline", "config/stubdom-cmdline", "", .config_key = "stubdomain_cmdline", .config_line = XM_CONFIG_STRING, .config_use = XM_CONFIG_HVM),
  STRING ("stubdom-flask-label", "config/stubdom-flask-label", "", .config_key = "device_model_stubdomain_seclabel", .config_line = XM_CONFIG_STRING, .config_use = XM_CONFIG_HVM),
  INTEGER ("stubdom-memory", "config/stubdom-memory", "96"),
  STRING ("sync-uuid", "sync-uuid", ""),
  STRING ("text_color_vg", "config/text-color", ""),
  INTEGER ("time-offset", "time-offset", "0", .config_key = "rtc_timeoffset", .config_line = XM_CONFIG_INTEGER),
  STRING ("timer-mode", "config/timer-mode", "no_delay_for_missed_ticks", .config_key = "timer_mode", .config_line = XM_CONFIG_STRING, .config_use = XM_CONFIG_HVM | XM_CONFIG_ALWAYS, .config_check = xm_config_check_timer_mode),
  BOOLEAN ("track-dependencies", "track-dependencies", "false"),
  STRING ("type", "type", "svm", .get = get_type),
  BOOLEAN ("usb-auto-passthrough", "usb-auto-passthrough", "true"),
  BOOLEAN ("usb-control", "usb-control", "false", .changed = usb_control_changed),
  BOOLEAN ("usb-enabled", "usb-enabled", "true", .config_key = "usb", .config_line = XM_CONFIG_BOOLEAN, .config_use = XM_CONFIG_HVM | XM_CONFIG_IF_FALSE),
  BOOLEAN ("usb-grab-devices", "usb-grab-devices", "false", .get = get_true_if_native),
  LIVE ("uuid", 's', get_uuid),
  INTEGER ("vcpus", "config/vcpus", "0", .config_key = "vcpus", .config_line = XM_CONFIG_INTEGER, .config_use = XM_CONFIG_IF_POSITIVE),
  BOOLEAN ("vglass_enabled", "config/vglass-enabled", "false"),
  INTEGER ("videoram", "config/videoram", "0"),
  BOOLEAN ("viridian", "config/viridian", "false", .config_key = "viridian", .config_line = XM_CONFIG_BOOLEAN, .config_use = XM_CONFIG_HVM, .config_check = xm_config_check_viridian),
  STRING ("virt-type", "config/virt-type", "pv", .words = virt_types),
  BOOLEAN ("vkbd", "config/vkbd", "false"),
  BOOLEAN ("vsnd", "config/vsnd", "false"),
  INTEGER ("windowed_h", "config/windowed-h", "0"),
  INTEGER ("windowed_w", "config/windowed-w", "0"),
  INTEGER ("windowed_x", "config/windowed-x", "0"),
  INTEGER ("windowed_y", "config/windowed-y", "0"),
  STRING ("wired-network", NULL, "", .flags = XM_PROPERTY_NO_POLICY, .get = xm_vm_get_wired_network, .set = xm_vm_set_wired_network),
  BOOLEAN ("wireless-control", "wireless-control", "false", .get = get_true_if_native),
  STRING ("wireless-network", NULL, "", .flags = XM_PROPERTY_NO_POLICY, .get = xm_vm_get_wireless_network, .set = xm_vm_set_wireless_network),
  BOOLEAN ("xci-cpuid-signature", "xci-cpuid-signature", "false"),
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
      g_hash_table_insert (index, (gpointer)rows[i].name, (gpointer)&rows[i]);
  }
  return g_hash_table_lookup (index, name);
}

/* -- get --------------------------------------------------------------------------- */

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
  return xm_vm_property_get_stored (vm, row, error);
}

/* -- set --------------------------------------------------------------------------- */

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

  *changed = !g_strv_equal ((const char *const *)old_items, (const char *const *)items);
  return !*changed || xm_vm_write_list (vm, row->key, (const char *const *)items, error);
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
  xm_error_set_plain (error, g_str_equal (row->name, "os") ? "unknown os"
                                                           : "unexpected enumeration value");
  return FALSE;
}

gboolean
xm_vm_property_set (XmVm *vm, const XmVmProperty *row, GVariant *value, GError **error)
{
  gboolean differs = FALSE;
  if ((row->flags & XM_PROPERTY_ONE_LINE) &&
      strchr (g_variant_get_string (value, NULL), '\n') != NULL) {
    xm_error_set_plain (error, "property %s of vm %s must not hold a newline", row->name, vm->uuid);
    return FALSE;
  }
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

  gboolean quiet =
      text == NULL || (row->flags & XM_PROPERTY_INVERTED) || row->changed == transfer_changed;
  if ((differs && !quiet) || (row->flags & XM_PROPERTY_ALWAYS_SIGNAL))
    xm_vm_config_changed (vm);
  return TRUE;
}

/* -- the two interfaces ------------------------------------------------------------ */

gconstpointer
xm_vm_lookup_property (const char *name)
{
  return xm_vm_property_lookup (name);
}

GVariant *
xm_vm_get_property (gpointer owner, gconstpointer row, GError **error)
{
  return xm_vm_property_get (owner, row, error);
}

void
xm_vm_set_property (gpointer owner,
                    const char *interface,
                    gconstpointer property,
                    GVariant *value,
                    GDBusMethodInvocation *invocation)
{
  XmVm *vm = owner;
  const XmVmProperty *row = property;
  g_autoptr (GTask) task = xm_service_task (vm->service, invocation);
  GError *error = NULL;
  if (!g_str_equal (interface, UNRESTRICTED) && !(row->flags & XM_PROPERTY_NO_POLICY) &&
      !xm_vm_read_boolean (vm, "policies/modify-vm-settings", TRUE)) {
    xm_error_set (&error, XM_ERROR_POLICY_MODIFY);
    g_task_return_error (task, error);
  } else if (row->set != NULL) {
    row->set (vm, row, value, g_object_ref (task));
  } else if (xm_vm_property_set (vm, row, value, &error)) {
    g_task_return_boolean (task, TRUE);
  } else {
    g_task_return_error (task, error);
  }
}
